package main

import (
	"context"
	"fmt"

	"lesson/answer"
)

func trials() []trial {
	askFor := func(names []string, limit int) func(*laboratory) {
		return func(l *laboratory) {
			l.returned(answer.Cities(context.Background(), names, limit, l.fetch))
		}
	}
	ask := func(n, limit int) func(*laboratory) { return askFor(names(n), limit) }
	five, other := names(5), draw()
	return []trial{
		{"five cities, two at a time", laboratory{takes: lasting(five, 5, 1, 1, 1, 4)}, ask(5, 2)},
		{"64 cities, 8 at a time", laboratory{}, ask(64, 8)},
		{"200 cities, 10 at a time", laboratory{}, ask(200, 10)},
		{"three cities, limit 100", laboratory{}, ask(3, 100)},
		{"no city", laboratory{}, ask(0, 3)},
		{"two fail", laboratory{fails: map[string]bool{five[0]: true, five[2]: true}}, ask(5, 2)},
		{
			fmt.Sprintf("cities that take %v s, %d at a time", other.Seconds, other.Limit),
			laboratory{takes: lasting(other.Names, other.Seconds...)}, askFor(other.Names, other.Limit),
		},
	}
}
