// Bottleneck serves requests with several workers whose steps are regions: decode, price,
// audit, encode. One step holds a lock that all workers share. With -fixed it does not.
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
	trace.WithRegion(ctx, "decode", func() { wait(200) })
	trace.WithRegion(ctx, "price", func() { wait(800) })
	trace.WithRegion(ctx, "audit", audit)
	trace.WithRegion(ctx, "encode", func() { wait(200) })
}

// audit takes half a millisecond, alone or together with others.
func audit() {
	if *fixed {
		wait(500)
		ledger.Lock()
		defer ledger.Unlock()
	} else {
		ledger.Lock()
		defer ledger.Unlock()
		wait(500)
	}
	ledger.entries++
}

// wait stands for a call to another service.
func wait(microseconds int) { time.Sleep(time.Duration(microseconds) * time.Microsecond) }
