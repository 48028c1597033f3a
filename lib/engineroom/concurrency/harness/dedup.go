package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"lesson/answer"
)

// caller asks for a city at some time and perhaps loses patience.
type caller struct {
	at, patience time.Duration
	city         string
}

// visit lets callers come and notes, for each, when it was answered and what it got.
func visit(callers ...caller) func(*laboratory) {
	return func(l *laboratory) {
		service := answer.NewService(l.fetch)
		var all sync.WaitGroup
		for i, c := range callers {
			all.Go(func() {
				time.Sleep(c.at)
				ctx, cancel := context.WithCancel(context.Background())
				if c.patience > 0 {
					ctx, cancel = context.WithTimeout(context.Background(), c.patience)
				}
				defer cancel()
				text, err := service.Weather(ctx, c.city)
				said := text
				if err != nil {
					said = err.Error()
				}
				l.note(fmt.Sprint("caller ", i+1), fmt.Sprintf("%.6g s: %s", l.now(), said))
			})
		}
		all.Wait()
		l.returned(nil, nil)
	}
}

func trials() []trial {
	const ms = time.Millisecond
	var others []caller
	for _, c := range draw().Callers {
		others = append(others, caller{at: c.At * ms, patience: c.Patience * ms, city: c.City})
	}
	six := make([]caller, 6)
	for i := range six {
		six[i] = caller{at: time.Duration(i) * 400 * ms, city: "Oslo"}
	}
	return []trial{
		{"six callers, one every 0.4 s", laboratory{}, visit(six...)},
		{"two cities", laboratory{}, visit(caller{city: "Oslo"}, caller{at: 100 * ms, city: "Lima"})},
		{"the first caller gives up", laboratory{}, visit(
			caller{city: "Oslo", patience: 300 * ms}, caller{at: 100 * ms, city: "Oslo"})},
		{"the second caller gives up", laboratory{}, visit(
			caller{city: "Oslo"}, caller{at: 100 * ms, city: "Oslo", patience: 300 * ms})},
		{"a failure is told to all", laboratory{fails: map[string]bool{"Oslo": true}}, visit(
			caller{city: "Oslo"}, caller{at: 100 * ms, city: "Oslo"})},
		{"callers of three cities, some of them impatient", laboratory{}, visit(others...)},
	}
}
