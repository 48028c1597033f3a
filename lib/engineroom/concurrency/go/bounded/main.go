// Bounded makes calls, a few at a time, with one of three ways to bound them.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"time"

	"engineroom/concurrency/internal/stage"

	"golang.org/x/sync/errgroup"
)

type call struct {
	City string
	MS   int
}

func main() {
	limit := flag.Int("limit", 2, "calls at once")
	permit := flag.String("permit", "SetLimit", "what bounds them")
	text := flag.String("calls", "[]", "the calls, as JSON")
	flag.Parse()
	var calls []call
	if err := json.Unmarshal([]byte(*text), &calls); err != nil {
		panic(err)
	}
	stage.Run(func() any { return makeCalls(calls, *limit, *permit) }, func() {})
}

func makeCalls(calls []call, limit int, permit string) error {
	var g errgroup.Group
	permits := make(chan struct{}, limit)
	if permit == "SetLimit" {
		g.SetLimit(limit)
	}
	for i, c := range calls {
		if permit == "channel, before go" {
			permits <- struct{}{}
		}
		g.Go(func() error {
			stage.Enter(fmt.Sprintf("%d %s", i+1, c.City))
			switch permit {
			case "channel, inside the goroutine":
				permits <- struct{}{}
				defer func() { <-permits }()
			case "channel, before go":
				defer func() { <-permits }()
			}
			return stage.Work(context.Background(), c.City, time.Duration(c.MS)*time.Millisecond)
		})
	}
	return g.Wait()
}
