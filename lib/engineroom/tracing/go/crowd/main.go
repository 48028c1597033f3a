// Crowd computes on more goroutines than there are processors: run it under different GOMAXPROCS.
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
	thousands  = flag.Int("thousands", 1000, "thousands of additions in a turn")
)

func main() {
	traced.Run(func() {
		var all sync.WaitGroup
		all.Add(*goroutines)
		for range *goroutines {
			go compute(&all)
		}
		all.Wait()
	})
}

func compute(all *sync.WaitGroup) {
	defer all.Done()
	sum := 0
	for range *turns {
		for i := range *thousands * 1000 {
			sum += i
		}
		runtime.Gosched()
	}
	runtime.KeepAlive(sum)
}
