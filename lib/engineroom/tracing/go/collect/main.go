// Collect allocates from several goroutines over a live heap, so that the collector runs:
// concurrent marks, stop-the-world pauses, assists and sweeps.
package main

import (
	"flag"
	"sync"

	"engineroom/tracing/traced"
)

var (
	workers  = flag.Int("workers", 2, "goroutines that allocate")
	megas    = flag.Int("mb", 16, "MB to allocate in all")
	live     = flag.Int("live", 4, "MB to keep alive")
	heap     [][]byte
	perPiece = 8 << 10
)

func main() {
	traced.Run(func() {
		for range *live << 20 / perPiece {
			heap = append(heap, make([]byte, perPiece))
		}
		var all sync.WaitGroup
		all.Add(*workers)
		for w := range *workers {
			go allocate(w, &all)
		}
		all.Wait()
	})
}

// allocate replaces its share of the live heap over and over.
func allocate(worker int, all *sync.WaitGroup) {
	defer all.Done()
	for i := range *megas << 20 / perPiece / *workers {
		heap[(i**workers+worker)%len(heap)] = make([]byte, perPiece)
	}
}
