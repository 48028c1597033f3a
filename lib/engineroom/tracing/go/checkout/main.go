// Checkout serves orders with several workers: cart, reserve, pay. An exercise replaces
// reserve.go. It prints how many items were reserved.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"runtime"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"time"

	"engineroom/tracing/traced"
)

var (
	workers = flag.Int("workers", 6, "goroutines that serve")
	orders  = flag.Int("orders", 30, "orders to serve")
)

// shelf counts reservations. Its lock must be held while it is changed.
type shelf struct {
	sync.Mutex
	reserved int
}

var stock shelf

var arrived atomic.Int64

var statistic struct {
	sync.Mutex
	orders int
}

func (s *shelf) add() {
	if s.TryLock() {
		log.Fatal("the shelf was changed without its lock")
	}
	s.reserved++
}

func main() {
	traced.Run(func() {
		queue := make(chan int, *orders)
		for i := range *orders {
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
	fmt.Printf("{\"reserved\": %d}\n", stock.reserved)
}

func worker(queue <-chan int, all *sync.WaitGroup) {
	defer all.Done()
	for range queue {
		ctx, task := trace.NewTask(context.Background(), "order")
		trace.WithRegion(ctx, "order", func() {
			trace.WithRegion(ctx, "cart", count)
			trace.WithRegion(ctx, "reserve", func() { reserve(ctx) })
			trace.WithRegion(ctx, "pay", func() { time.Sleep(5 * time.Millisecond) })
		})
		task.End()
	}
}

// count keeps a statistic under a lock of its own. Its first holder waits for the other workers to
// queue, so that there is a short queue here in every run, beside the long one.
func count() {
	arrived.Add(1)
	statistic.Lock()
	defer statistic.Unlock()
	for arrived.Load() < int64(min(*workers, *orders)) {
		runtime.Gosched()
	}
	for i := range 100_000 {
		statistic.orders += i & 1
	}
}

// askWarehouse stands for a call to another service.
func askWarehouse(ctx context.Context) {
	trace.WithRegion(ctx, "warehouse", func() { time.Sleep(2 * time.Millisecond) })
}
