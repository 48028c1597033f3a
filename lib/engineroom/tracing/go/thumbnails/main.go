// Thumbnails handles pictures concurrently: fetch, shrink, store. An exercise annotates
// handle.go. It prints which picture took longest to shrink.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand"
	"sync"
	"time"

	"engineroom/tracing/traced"
)

var (
	pictures = flag.Int("pictures", 8, "pictures to handle")
	seed     = flag.Int64("seed", 1, "decides which picture is large")
	large    string
)

func main() {
	flag.Parse()
	large = name(rand.New(rand.NewSource(*seed)).Intn(*pictures))
	traced.Run(func() {
		var all sync.WaitGroup
		all.Add(*pictures)
		for i := range *pictures {
			go func() {
				defer all.Done()
				handle(context.Background(), name(i))
			}()
		}
		all.Wait()
	})
	fmt.Printf("{\"large\": %q}\n", large)
}

func name(i int) string { return fmt.Sprintf("picture-%d", i) }

func fetch(id string) { time.Sleep(time.Millisecond) }

func shrink(id string) {
	time.Sleep(time.Millisecond)
	if id == large {
		time.Sleep(20 * time.Millisecond)
	}
}

func store(id string) { time.Sleep(time.Millisecond) }
