// Bulk writes a large trace of a worker pool with tasks, regions, locks and allocation.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"runtime/trace"
	"sync"
)

var (
	items = flag.Int("items", 10_000, "items to work on; about 60 bytes of trace each")
	path  = flag.String("o", "bulk.trace", "file to write")
	kept  [8][]byte
)

func main() {
	flag.Parse()
	file, err := os.Create(*path)
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(file); err != nil {
		log.Fatal(err)
	}
	work := make(chan int)
	var lock sync.Mutex
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for range work {
				ctx, task := trace.NewTask(context.Background(), "item")
				trace.WithRegion(ctx, "work", func() {
					lock.Lock()
					kept[w] = make([]byte, 2000)
					lock.Unlock()
				})
				task.End()
			}
		})
	}
	for i := range *items {
		work <- i
	}
	close(work)
	all.Wait()
	trace.Stop()
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}
