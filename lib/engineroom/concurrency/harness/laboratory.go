// The laboratory in which a learner's Go is tried: calls that take virtual time, and a record of
// what was under way when. One JSON object per trial goes to standard output.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const second = time.Second

// report is what a trial saw. Times are seconds of virtual time since it began.
type report struct {
	Name       string             `json:"name"`
	Ended      string             `json:"ended"` // ok, deadlock (never returned) or leak (left goroutines behind)
	Took       float64            `json:"took"`
	Error      string             `json:"error"`
	Results    []string           `json:"results"`
	Peak       int                `json:"peak"`       // calls under way at once
	PeakCost   int64              `json:"peak_cost"`  // their cost together
	Goroutines int                `json:"goroutines"` // at the peak, beyond those of the trial itself
	Calls      map[string]int     `json:"calls"`
	Starts     map[string]float64 `json:"starts"`
	Running    int                `json:"running"`   // calls under way when the function returned
	Cancelled  int                `json:"cancelled"` // calls that were stopped by their context
	Idle       float64            `json:"idle"`      // when the last call had ended
	Notes      map[string]any     `json:"notes"`
}

// laboratory makes the calls of one trial.
type laboratory struct {
	report
	mu       sync.Mutex
	began    time.Time
	before   int
	active   int
	cost     int64
	takes    map[string]time.Duration
	costs    map[string]int64
	fails    map[string]bool
	deaf     bool // calls do not heed their context
	standard time.Duration
}

func (l *laboratory) now() float64 { return time.Since(l.began).Seconds() }

func (l *laboratory) note(key string, value any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Notes[key] = value
}

func (l *laboratory) enter(name string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Calls[name]++
	if _, again := l.Starts[name]; !again {
		l.Starts[name] = l.now()
	}
	l.active++
	l.cost += l.costs[name]
	l.Peak = max(l.Peak, l.active)
	l.PeakCost = max(l.PeakCost, l.cost)
	if takes, known := l.takes[name]; known {
		return takes
	}
	return l.standard
}

func (l *laboratory) leave(name string, cancelled bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active--
	l.cost -= l.costs[name]
	// By now the virtual clock has moved, so every goroutine that could start has started.
	l.Goroutines = max(l.Goroutines, runtime.NumGoroutine()-l.before)
	l.Idle = l.now()
	if cancelled {
		l.Cancelled++
	}
}

// fetch is the call that learners' code makes.
func (l *laboratory) fetch(ctx context.Context, name string) (string, error) {
	takes := l.enter(name)
	done := ctx.Done()
	if l.deaf {
		done = nil
	}
	select {
	case <-time.After(takes):
	case <-done:
		l.leave(name, true)
		return "", ctx.Err()
	}
	l.leave(name, false)
	if l.fails[name] {
		return "", fmt.Errorf("%s: no such city", name)
	}
	return "weather in " + name, nil
}

func (l *laboratory) returned(results []string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Took, l.Running, l.Results = l.now(), l.active, results
	if err != nil {
		l.Error = err.Error()
		l.Notes["canceled"] = errors.Is(err, context.Canceled)
		l.Notes["deadline"] = errors.Is(err, context.DeadlineExceeded)
	}
	l.Ended = "ok"
}

type trial struct {
	name  string
	setup laboratory
	run   func(l *laboratory)
}

// try runs one trial in a bubble of its own and waits there until all that it started has ended.
func (tr trial) try(t *testing.T) (r *report) {
	l := &tr.setup
	l.Name, l.Calls, l.Starts, l.Notes = tr.name, map[string]int{}, map[string]float64{}, map[string]any{}
	if l.standard == 0 {
		l.standard = second
	}
	defer func() {
		if stuck := recover(); stuck != nil {
			if !strings.Contains(fmt.Sprint(stuck), "deadlock") {
				panic(stuck)
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			l.Ended = map[bool]string{true: "leak", false: "deadlock"}[l.Ended == "ok"]
			r = &l.report
		}
	}()
	synctest.Test(t, func(*testing.T) {
		l.before, l.began = runtime.NumGoroutine(), time.Now()
		tr.run(l)
		time.Sleep(1000 * time.Hour)
	})
	return &l.report
}

func main() {
	debug.SetMaxStack(maxStack)
	out := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr // what learners print must not look like a report
	all := func(_, _ string) (bool, error) { return true, nil }
	run := func(t *testing.T) {
		for _, tr := range trials() {
			if err := out.Encode(tr.try(t)); err != nil {
				t.Fatal(err)
			}
		}
	}
	testing.Main(all, []testing.InternalTest{{Name: "trials", F: run}}, nil, nil)
}

func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("city %03d", i)
	}
	return all
}

func lasting(names []string, seconds ...int) map[string]time.Duration {
	takes := map[string]time.Duration{}
	for i, s := range seconds {
		takes[names[i]] = time.Duration(s) * second
	}
	return takes
}
