package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"lesson/answer"
)

func trials() []trial {
	askFor := func(all []string, limit int, seconds ...int) func(*laboratory) {
		return func(l *laboratory) {
			l.takes = lasting(all, seconds...)
			cities := make([]answer.City, len(seconds))
			for i, name := range all {
				cities[i] = answer.City{Name: name, Estimate: time.Duration(seconds[i]) * second}
			}
			l.returned(answer.Cities(context.Background(), cities, limit, l.fetch))
			var after []string
			for _, city := range cities {
				after = append(after, city.Name)
			}
			l.note("untouched", strings.Join(after, " ") == strings.Join(all, " "))
		}
	}
	ask := func(limit int, seconds ...int) func(*laboratory) {
		return askFor(names(len(seconds)), limit, seconds...)
	}
	other := draw()
	return []trial{
		{"durations 5 1 1 1 4, two at a time", laboratory{}, ask(2, 5, 1, 1, 1, 4)},
		{"durations 2 2 3 3 7 1, three at a time", laboratory{}, ask(3, 2, 2, 3, 3, 7, 1)},
		{"equal durations", laboratory{}, ask(2, 1, 1, 1, 1)},
		{"no city", laboratory{}, ask(2)},
		{
			fmt.Sprintf("durations %v, %d at a time", other.Seconds, other.Limit),
			laboratory{}, askFor(other.Names, other.Limit, other.Seconds...),
		},
	}
}
