// Failfast makes calls of which the first one fails, with and without a context.
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

func main() {
	text := flag.String("cities", "[]", "the cities, as JSON; the first one fails")
	fail := flag.Duration("fail", 20*time.Millisecond, "when it fails")
	call := flag.Duration("call", 200*time.Millisecond, "how long the other calls take")
	limit := flag.Int("limit", 40, "calls at once")
	withContext := flag.Bool("context", true, "use errgroup.WithContext")
	heeds := flag.Bool("heeds", true, "calls stop when the context is done")
	flag.Parse()
	var cities []string
	if err := json.Unmarshal([]byte(*text), &cities); err != nil {
		panic(err)
	}
	stage.Run(func() any {
		g, ctx := new(errgroup.Group), context.Background()
		if *withContext {
			g, ctx = errgroup.WithContext(ctx)
		}
		g.SetLimit(*limit)
		for i, city := range cities {
			g.Go(func() error {
				stage.Enter(city)
				if i == 0 {
					_ = stage.Work(context.Background(), city, *fail)
					return fmt.Errorf("%s: no such city", city)
				}
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if !*heeds {
					return stage.Work(context.Background(), city, *call)
				}
				return stage.Work(ctx, city, *call)
			})
		}
		return g.Wait()
	}, func() {})
}
