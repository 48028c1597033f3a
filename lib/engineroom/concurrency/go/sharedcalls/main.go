// Sharedcalls lets callers ask for the same city, one after the other, with and without singleflight.
package main

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"engineroom/concurrency/internal/stage"

	"golang.org/x/sync/singleflight"
)

func main() {
	callers := flag.Int("callers", 6, "how many come")
	gap := flag.Duration("gap", 40*time.Millisecond, "time between them")
	work := flag.Duration("work", 100*time.Millisecond, "how long an answer takes")
	sharing := flag.Bool("sharing", true, "use one key for all")
	patience := flag.Duration("patience", 0, "give up after this; 0 waits for ever")
	flag.Parse()

	var flights singleflight.Group
	var answered atomic.Int64
	var everybody, underWay sync.WaitGroup
	fetch := func() (any, error) {
		underWay.Add(1)
		defer underWay.Done()
		stage.Enter("do Oslo")
		return "sun", stage.Work(context.Background(), "Oslo", *work)
	}
	caller := func(number int) {
		name := fmt.Sprintf("caller %d", number)
		stage.Enter(name)
		key := "Oslo"
		if !*sharing {
			key = fmt.Sprintf("Oslo for %d", number-1)
		}
		if *patience == 0 {
			_, _, _ = flights.Do(key, fetch)
		} else {
			select {
			case <-flights.DoChan(key, fetch):
			case <-time.After(*patience):
				return
			}
		}
		answered.Add(1)
	}
	stage.Run(func() any {
		began := time.Now()
		for number := range *callers {
			time.Sleep(time.Until(began.Add(time.Duration(number) * *gap)))
			everybody.Go(func() { caller(number + 1) })
		}
		everybody.Wait()
		return answered.Load()
	}, underWay.Wait)
}
