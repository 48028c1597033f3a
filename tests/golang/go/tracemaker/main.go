// Tracemaker writes traces of many kinds, for comparing two readers of them.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"iter"
	"math/rand"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"time"
)

var (
	kept [][]byte
	busy int
)

func main() {
	kind := flag.String("kind", "pool", "what to do")
	seed := flag.Int64("seed", 1, "seed of the random choices")
	path := flag.String("o", "out.trace", "file to write")
	flag.Parse()
	random := rand.New(rand.NewSource(*seed))
	before := make(chan bool)
	go func() { <-before }() // blocked since before the trace
	var buffer bytes.Buffer
	if err := trace.Start(&buffer); err != nil {
		panic(err)
	}
	kinds := map[string]func(*rand.Rand){
		"pool": pool, "pingpong": pingPong, "gc": collect, "tasks": tasks, "syscalls": syscalls,
		"network": network, "profile": profile, "generations": generations, "spawn": spawn,
		"processors": processors, "misnested": misnested, "sequence": sequence,
	}
	kinds[*kind](random)
	close(before)
	trace.Stop()
	if err := os.WriteFile(*path, buffer.Bytes(), 0o600); err != nil {
		panic(err)
	}
}

func spin(n int) {
	for i := range n {
		busy += i
	}
}

func pool(random *rand.Rand) {
	work, done := make(chan int), make(chan int, 4)
	var lock sync.Mutex
	for range 2 + random.Intn(6) {
		go func() {
			for n := range work {
				lock.Lock()
				spin(n)
				lock.Unlock()
				done <- n
			}
		}()
	}
	go func() {
		for range 100 {
			work <- random.Intn(20_000)
		}
		close(work)
	}()
	for range 100 {
		<-done
	}
}

func pingPong(random *rand.Rand) {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for n := range ping {
			pong <- n
		}
		close(pong)
	}()
	for range 50 + random.Intn(50) {
		ping <- 1
		<-pong
	}
	close(ping)
	<-pong
}

func collect(random *rand.Rand) {
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for i := range 60 {
				b := make([]byte, 100_000)
				if i%5 == 0 {
					kept = append([][]byte{b}, kept[:min(len(kept), 20)]...)
				}
			}
		})
		all.Wait()
	}
	runtime.GC()
}

func tasks(random *rand.Rand) {
	root, end := trace.NewTask(context.Background(), "request")
	defer end.End()
	trace.StartRegion(root, "never ended")
	var all sync.WaitGroup
	for i := range 3 + random.Intn(4) {
		all.Go(func() {
			child, end := trace.NewTask(root, fmt.Sprintf("part %d", i%3))
			defer end.End()
			trace.Logf(child, "size", "%d items, \"quoted\"", i)
			trace.WithRegion(child, "outer", func() {
				trace.WithRegion(child, "inner", func() { time.Sleep(50 * time.Microsecond) })
			})
			trace.NewTask(child, "left open")
		})
	}
	all.Wait()
}

func syscalls(random *rand.Rand) {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	go func() {
		for range 30 {
			time.Sleep(time.Duration(random.Intn(200)) * time.Microsecond)
			w.Write([]byte("x"))
		}
		w.Close()
	}()
	io.Copy(io.Discard, r)
	for range 20 {
		os.ReadFile("/proc/self/stat")
	}
}

func network(random *rand.Rand) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go io.Copy(c, c)
		}
	}()
	c, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		panic(err)
	}
	defer c.Close()
	for range 50 {
		c.Write([]byte("hello"))
		io.ReadFull(c, make([]byte, 5))
	}
}

func profile(random *rand.Rand) {
	pprof.StartCPUProfile(io.Discard)
	defer pprof.StopCPUProfile()
	for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); {
		spin(100_000)
	}
}

func generations(random *rand.Rand) {
	_, open := trace.NewTask(context.Background(), "across generations")
	for end := time.Now().Add(2200 * time.Millisecond); time.Now().Before(end); {
		pingPong(random)
		time.Sleep(100 * time.Millisecond)
	}
	open.End()
}

func spawn(random *rand.Rand) {
	var all sync.WaitGroup
	for range 200 {
		all.Add(1)
		go func() {
			defer all.Done()
			if random := time.Now().UnixNano(); random%3 == 0 {
				runtime.Gosched()
			}
		}()
	}
	all.Wait()
	go func() { select {} }()
	runtime.Gosched()
}

func processors(random *rand.Rand) {
	for _, n := range []int{1, 4, 3, 2} {
		runtime.GOMAXPROCS(n)
		pool(random)
	}
}

func misnested(random *rand.Rand) {
	pingPong(random)
	ctx := context.Background()
	outer := trace.StartRegion(ctx, "outer")
	inner := trace.StartRegion(ctx, "inner")
	outer.End()
	inner.End()
	pingPong(random)
}

func sequence(random *rand.Rand) {
	next := func(yield func(int) bool) {
		for i := range 20 {
			if !yield(i) {
				return
			}
		}
	}
	pull, stop := iter.Pull(next)
	defer stop()
	for _, ok := pull(); ok; _, ok = pull() {
		spin(100)
	}
}
