// Exactness interprets programs that are written down as JSON, in real Go on virtual time.
// engineroom/concurrency/interpreter.py gives the same language its meaning in the model.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
)

type program struct {
	Limit    int
	Context  bool
	Capacity int64
	Channels []int
	Stop     struct {
		Kind  string
		After time.Duration
	}
	Spawns []step
	Tasks  []struct {
		Counted bool
		Steps   []step
	}
}

type step struct {
	Op             string
	NS             time.Duration
	N              int64
	Key            string
	Fails, Panics  bool
	Patience       time.Duration
	Task           int
	After          time.Duration
	How            string
	Weight         int64
	Channel, Value int
}

type event struct {
	Time int64  `json:"time"`
	Text string `json:"text"`
}

type outcome struct {
	Ended    string  `json:"ended"`
	Makespan int64   `json:"makespan"`
	Error    string  `json:"error"`
	Cause    string  `json:"cause"`
	Events   []event `json:"events"`
}

type machine struct {
	program
	start     time.Time
	group     *errgroup.Group
	ctx       context.Context
	semaphore *semaphore.Weighted
	flights   singleflight.Group
	channels  []chan int
	counted   sync.WaitGroup

	mu    sync.Mutex
	out   outcome
	calls map[string]int
}

func (m *machine) now() int64 { return int64(time.Since(m.start)) }

func (m *machine) note(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.out.Events = append(m.out.Events, event{m.now(), fmt.Sprintf(format, args...)})
}

func text(err error) string {
	if err == nil {
		return "None"
	}
	return err.Error()
}

func newMachine(p program) *machine {
	m := &machine{program: p, start: time.Now(), calls: map[string]int{}}
	m.out.Events = []event{}
	parent := m.stopping()
	m.group, m.ctx = new(errgroup.Group), parent
	if p.Context {
		m.group, m.ctx = errgroup.WithContext(parent)
	}
	m.group.SetLimit(p.Limit)
	m.semaphore = semaphore.NewWeighted(p.Capacity)
	for _, capacity := range p.Channels {
		m.channels = append(m.channels, make(chan int, capacity))
	}
	for _, task := range p.Tasks {
		if task.Counted {
			m.counted.Add(1)
		}
	}
	return m
}

func (m *machine) stopping() context.Context {
	switch m.Stop.Kind {
	case "timeout":
		ctx, cancel := context.WithTimeout(context.Background(), m.Stop.After)
		context.AfterFunc(ctx, cancel)
		return ctx
	case "cancel":
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(m.Stop.After, func() { cancel(errors.New("stopped")) })
		return ctx
	}
	return context.Background()
}

func (m *machine) main() {
	for _, s := range m.Spawns {
		time.Sleep(s.After)
		if err := m.spawn(s); err != nil {
			break
		}
	}
	err := m.group.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.out.Error, m.out.Cause, m.out.Makespan = text(err), text(context.Cause(m.ctx)), m.now()
	m.out.Ended = "ok"
}

func (m *machine) spawn(s step) error {
	t := &task{machine: m, number: s.Task}
	if s.Weight > 0 {
		if err := m.semaphore.Acquire(m.ctx, s.Weight); err != nil {
			return err
		}
		t.held = append(t.held, s.Weight)
	}
	switch s.How {
	case "go":
		m.group.Go(t.body)
	case "alone":
		go t.body()
	case "try":
		if !m.group.TryGo(t.body) {
			m.note("task %d not started", t.number)
			t.releaseAll()
		}
	}
	return nil
}

func (m *machine) call(key string, ns time.Duration, fails, panics bool) (any, error) {
	m.mu.Lock()
	m.calls[key]++
	name := fmt.Sprintf("%s#%d", key, m.calls[key])
	m.mu.Unlock()
	m.note("call %s starts", name)
	time.Sleep(ns)
	m.note("call %s ends", name)
	if panics {
		panic(panicked(name + " panicked"))
	}
	if fails {
		return name, fmt.Errorf("%s failed", name)
	}
	return name, nil
}

type task struct {
	*machine
	number int
	held   []int64
	step   int
}

func (t *task) noteStep(format string, args ...any) {
	t.note("task %d step %d %s", t.number, t.step, fmt.Sprintf(format, args...))
}

func (t *task) releaseAll() {
	for len(t.held) > 0 {
		t.releaseLast()
	}
}

func (t *task) releaseLast() {
	if last := len(t.held) - 1; last >= 0 {
		n := t.held[last]
		t.held = t.held[:last]
		t.semaphore.Release(n)
	}
}

func (t *task) body() error {
	t.note("task %d starts", t.number)
	err := t.steps()
	t.releaseAll()
	if t.Tasks[t.number].Counted {
		t.counted.Done()
	}
	t.note("task %d ends: %s", t.number, text(err))
	return err
}

func (t *task) steps() error {
	for i, s := range t.Tasks[t.number].Steps {
		t.step = i
		if err := t.do(s); err != nil {
			return err
		}
	}
	return nil
}

func (t *task) do(s step) error {
	switch s.Op {
	case "sleep":
		time.Sleep(s.NS)
	case "work":
		return t.work(s.NS)
	case "fail":
		return fmt.Errorf("task %d failed", t.number)
	case "acquire":
		err := t.semaphore.Acquire(t.ctx, s.N)
		t.noteStep("acquire %d: %s", s.N, strings.Replace(text(err), "<nil>", "None", 1))
		if err != nil {
			return context.Cause(t.ctx)
		}
		t.held = append(t.held, s.N)
	case "tryacquire":
		granted := t.semaphore.TryAcquire(s.N)
		t.noteStep("tryacquire %d: %v", s.N, granted)
		if granted {
			t.held = append(t.held, s.N)
		}
	case "release":
		t.releaseLast()
	case "spawn":
		return t.spawn(s)
	case "do":
		return t.share(s)
	case "dochan":
		return t.doChan(s)
	case "forget":
		t.flights.Forget(s.Key)
	case "send", "recv":
		return t.exchange(s)
	case "drain":
		t.drain(s)
	case "close":
		t.counted.Wait()
		close(t.channels[s.Channel])
		t.noteStep("closed")
	default:
		panic("unknown op " + s.Op)
	}
	return nil
}

// panicked is what calls panic with.
type panicked string

// share recovers a panic of the shared call and makes it the task's error. The published singleflight hands
// it on inside an error of its own, whose text goes on with a stack.
func (t *task) share(s step) (err error) {
	defer func() {
		if r := recover(); r != nil {
			text, _, _ := strings.Cut(fmt.Sprint(r), "\n")
			t.noteStep("do panicked: %s", text)
			err = errors.New(text)
		}
	}()
	value, err, shared := t.flights.Do(s.Key, func() (any, error) { return t.call(s.Key, s.NS, s.Fails, s.Panics) })
	t.noteStep("do: %v %s %v", value, lower(err), shared)
	return err
}

func lower(err error) string { return strings.ToLower(text(err)) }

func (t *task) work(ns time.Duration) error {
	if t.ctx.Err() != nil {
		return context.Cause(t.ctx)
	}
	select {
	case <-time.After(ns):
		return nil
	case <-t.ctx.Done():
		return context.Cause(t.ctx)
	}
}

func (t *task) doChan(s step) error {
	if t.ctx.Err() != nil {
		return context.Cause(t.ctx)
	}
	ch := t.flights.DoChan(s.Key, func() (any, error) { return t.call(s.Key, s.NS, s.Fails, s.Panics) })
	select {
	case r := <-ch:
		t.noteStep("dochan: %v %s %v", r.Val, lower(r.Err), r.Shared)
	case <-time.After(s.Patience):
		t.noteStep("dochan: timeout")
	case <-t.ctx.Done():
		return context.Cause(t.ctx)
	}
	return nil
}

func (t *task) exchange(s step) error {
	if t.ctx.Err() != nil {
		return context.Cause(t.ctx)
	}
	ch := t.channels[s.Channel]
	if s.Op == "send" {
		select {
		case ch <- s.Value:
			t.noteStep("sent")
			return nil
		case <-t.ctx.Done():
			return context.Cause(t.ctx)
		}
	}
	select {
	case value, ok := <-ch:
		t.noteStep("received %d %v", value, ok)
		return nil
	case <-t.ctx.Done():
		return context.Cause(t.ctx)
	}
}

func (t *task) drain(s step) {
	for pause := s.NS; ; pause += s.NS {
		value, ok := <-t.channels[s.Channel]
		t.noteStep("received %d %v", value, ok)
		if !ok {
			return
		}
		time.Sleep(pause)
	}
}

// interpret runs one program in a bubble. Main stays for a (virtual) year after its work is done,
// so that what runs on after it can end; whatever has not ended then never will.
func interpret(t *testing.T, p program) (out outcome) {
	var m *machine
	defer func() {
		if r := recover(); r != nil {
			if !strings.Contains(fmt.Sprint(r), "deadlock") {
				panic(r)
			}
			m.mu.Lock()
			out = m.out
			m.mu.Unlock()
			out.Ended = map[bool]string{true: "leak", false: "deadlock"}[out.Ended == "ok"]
		}
	}()
	synctest.Test(t, func(*testing.T) {
		m = newMachine(p)
		m.main()
		time.Sleep(365 * 24 * time.Hour)
	})
	return m.out
}

// answer interprets every program of a file, one a line, and prints one outcome a line.
func answer(t *testing.T) {
	programs, err := os.Open(os.Getenv("ENGINEROOM_PROGRAMS"))
	if err != nil {
		t.Fatal(err)
	}
	in, out := json.NewDecoder(programs), json.NewEncoder(os.Stdout)
	for in.More() {
		var p program
		if err := in.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if err := out.Encode(interpret(t, p)); err != nil {
			t.Fatal(err)
		}
	}
}

// Bubbles exist for tests only, so this program is one; it needs no test runner to build it.
func main() {
	all := func(_, _ string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "answer", F: answer}}, nil, nil)
}
