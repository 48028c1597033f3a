// Steady records events at a steady rate from goroutines that are locked to threads of their
// own, so that a file's batches can be counted and compared with what was expected.
package main

import (
	"context"
	"flag"
	"runtime"
	"runtime/trace"
	"sync"
	"time"

	"engineroom/tracing/traced"
)

var (
	threads = flag.Int("threads", 2, "threads that record events")
	rate    = flag.Int("rate", 50_000, "events a second on each thread")
	run     = flag.Duration("run", 1500*time.Millisecond, "how long")
)

func main() {
	flag.Parse()
	traced.Run(func() {
		var all sync.WaitGroup
		all.Add(*threads)
		for range *threads {
			go record(&all)
		}
		all.Wait()
	})
}

// record makes a burst of regions every five milliseconds; a region is two events.
func record(all *sync.WaitGroup) {
	defer all.Done()
	runtime.LockOSThread()
	ctx := context.Background()
	start := time.Now()
	for made := 0; ; {
		elapsed := time.Since(start)
		if elapsed >= *run {
			return
		}
		for due := int(elapsed.Seconds() * float64(*rate)); made < due; made += 2 {
			trace.StartRegion(ctx, "tick").End()
		}
		time.Sleep(5 * time.Millisecond)
	}
}
