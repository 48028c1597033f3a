// Crowd computes on more goroutines than there are processors: run it under different GOMAXPROCS.
//
// With -cut the goroutines begin before the trace does, and the trace ends when the first is done.
package main

import (
	"flag"
	"runtime"
	"sync"

	"engineroom/tracing/traced"
)

var (
	goroutines = flag.Int("goroutines", 8, "goroutines that compute")
	turns      = flag.Int("turns", 5, "how often each steps aside for the others")
	cut        = flag.Bool("cut", false, "trace only a part from the middle")
	thousands  = flag.Int("thousands", 1000, "thousands of additions in a turn")
)

func main() {
	flag.Parse()
	var all sync.WaitGroup
	first := make(chan bool, *goroutines)
	start := func() {
		all.Add(*goroutines)
		for range *goroutines {
			go compute(&all, first)
		}
	}
	if *cut {
		start()
		traced.Run(func() { <-first })
	} else {
		traced.Run(func() {
			start()
			all.Wait()
		})
	}
	all.Wait()
}

func compute(all *sync.WaitGroup, done chan<- bool) {
	defer all.Done()
	sum := 0
	for range *turns {
		for i := range *thousands * 1000 {
			sum += i
		}
		runtime.Gosched()
	}
	runtime.KeepAlive(sum)
	done <- true
}
