// Weighted lets cities of unequal cost ask for a share of one capacity.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"sync/atomic"
	"time"

	"engineroom/concurrency/internal/stage"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

type city struct {
	Name string
	Cost int64
}

func main() {
	capacity := flag.Int64("capacity", 10, "units in use at once")
	ask := flag.String("ask", "Acquire", "Acquire or TryAcquire")
	hold := flag.Duration("hold", 50*time.Millisecond, "how long a call takes")
	patience := flag.Duration("patience", time.Second, "when the context ends")
	text := flag.String("cities", "[]", "the cities, as JSON")
	flag.Parse()
	var cities []city
	if err := json.Unmarshal([]byte(*text), &cities); err != nil {
		panic(err)
	}
	stage.Run(func() any {
		ctx, cancel := context.WithTimeout(context.Background(), *patience)
		defer cancel()
		return askAll(ctx, cities, semaphore.NewWeighted(*capacity), *ask, *hold)
	}, func() {})
}

func askAll(ctx context.Context, cities []city, pool *semaphore.Weighted, ask string, hold time.Duration) int64 {
	var g errgroup.Group
	var answered atomic.Int64
	asking := make(chan struct{})
	for _, c := range cities {
		g.Go(func() error {
			stage.Enter(fmt.Sprintf("%s, cost %d", c.Name, c.Cost))
			asking <- struct{}{}
			if ask == "TryAcquire" {
				if !pool.TryAcquire(c.Cost) {
					return nil
				}
			} else if err := pool.Acquire(ctx, c.Cost); err != nil {
				return nil
			}
			defer pool.Release(c.Cost)
			answered.Add(1)
			return stage.Work(context.Background(), c.Name, hold)
		})
		// Goroutines started together would ask in any order.
		<-asking
		time.Sleep(time.Millisecond / 2)
	}
	_ = g.Wait()
	return answered.Load()
}
