// Bottleneck serves requests with several workers whose steps are regions: decode, price,
// audit, encode. One step holds a lock that all workers share; -lock names it. With -fixed it does not.
package main

import (
	"context"
	"flag"
	"fmt"
	"runtime/trace"
	"sync"
	"time"

	"engineroom/tracing/traced"
)

var (
	workers  = flag.Int("workers", 8, "goroutines that serve")
	requests = flag.Int("requests", 40, "requests to serve")
	lock     = flag.String("lock", "audit", "the step that holds the shared lock")
	fixed    = flag.Bool("fixed", false, "audit without the shared lock")
)

var ledger struct {
	sync.Mutex
	entries int
}

func main() {
	traced.Run(func() {
		queue := make(chan int, *requests)
		for i := range *requests {
			queue <- i
		}
		close(queue)
		var all sync.WaitGroup
		all.Add(*workers)
		for range *workers {
			go worker(queue, &all)
		}
		all.Wait()
	})
}

func worker(queue <-chan int, all *sync.WaitGroup) {
	defer all.Done()
	for request := range queue {
		serve(request)
	}
}

func serve(request int) {
	ctx, task := trace.NewTask(context.Background(), "request")
	defer task.End()
	trace.Log(ctx, "request", fmt.Sprint(request))
	step(ctx, "decode", 200)
	step(ctx, "price", 800)
	step(ctx, "audit", 500)
	step(ctx, "encode", 200)
}

func step(ctx context.Context, name string, microseconds int) {
	trace.WithRegion(ctx, name, func() {
		if name == *lock {
			audit(microseconds)
		} else {
			wait(microseconds)
		}
	})
}

// audit enters the ledger, and waits with its lock held or, when fixed, before taking it.
func audit(microseconds int) {
	if *fixed {
		wait(microseconds)
		ledger.Lock()
		defer ledger.Unlock()
	} else {
		ledger.Lock()
		defer ledger.Unlock()
		wait(microseconds)
	}
	ledger.entries++
}

// wait stands for a call to another service.
func wait(microseconds int) { time.Sleep(time.Duration(microseconds) * time.Microsecond) }
