package main

import (
	"context"
	"fmt"
	"time"

	"lesson/answer"
)

func trials() []trial {
	askFor := func(ctx context.Context, l *laboratory, capacity int64, names []string, costs []int64) {
		cities := make([]answer.City, len(costs))
		l.costs = map[string]int64{}
		for i, name := range names {
			cities[i] = answer.City{Name: name, Cost: costs[i]}
			l.costs[name] = costs[i]
		}
		l.returned(answer.Cities(ctx, cities, capacity, l.fetch))
	}
	ask := func(ctx context.Context, l *laboratory, capacity int64, costs ...int64) {
		askFor(ctx, l, capacity, names(len(costs)), costs)
	}
	other := draw()
	with := func(capacity int64, costs ...int64) func(*laboratory) {
		return func(l *laboratory) { ask(context.Background(), l, capacity, costs...) }
	}
	return []trial{
		{"costs 6 8 1 1 1, capacity 10", laboratory{}, with(10, 6, 8, 1, 1, 1)},
		{"costs 5 5 5 5, capacity 10", laboratory{}, with(10, 5, 5, 5, 5)},
		{"one costs more than the capacity", laboratory{}, with(10, 3, 25, 3)},
		{"one fails", laboratory{fails: map[string]bool{names(1)[0]: true}}, with(10, 10, 10, 10)},
		{"the caller gives up while some wait", laboratory{standard: 4 * second, deaf: true}, func(l *laboratory) {
			ctx, cancel := context.WithTimeout(context.Background(), 6*time.Second)
			defer cancel()
			ask(ctx, l, 10, 10, 10, 10)
		}},
		{
			fmt.Sprintf("costs %v, capacity %d", other.Costs, other.Capacity),
			laboratory{takes: lasting(other.Names, other.Seconds...)},
			func(l *laboratory) { askFor(context.Background(), l, other.Capacity, other.Names, other.Costs) },
		},
	}
}
