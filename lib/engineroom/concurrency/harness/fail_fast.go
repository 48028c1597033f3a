package main

import (
	"context"
	"fmt"
	"time"

	"lesson/answer"
)

func trials() []trial {
	five, other := names(5), draw()
	ask := func(ctx context.Context, l *laboratory) {
		l.returned(answer.Cities(ctx, five, l.fetch))
	}
	ten := lasting(five, 10, 10, 1, 10, 10)
	fails := map[string]bool{five[2]: true}
	late := map[string]bool{five[2]: true, five[4]: true}
	return []trial{
		{"one fails early", laboratory{takes: ten, fails: fails}, func(l *laboratory) { ask(context.Background(), l) }},
		{"all answer", laboratory{takes: ten}, func(l *laboratory) { ask(context.Background(), l) }},
		{"two fail", laboratory{takes: lasting(five, 10, 10, 1, 10, 2), fails: late}, func(l *laboratory) {
			ask(context.Background(), l)
		}},
		{"calls that do not heed their context", laboratory{takes: ten, fails: fails, deaf: true}, func(l *laboratory) {
			ask(context.Background(), l)
		}},
		{"the caller gives up", laboratory{takes: ten}, func(l *laboratory) {
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			defer cancel()
			ask(ctx, l)
		}},
		{
			fmt.Sprintf("cities that take %v s; %s fails", other.Seconds, other.Fails[0]),
			laboratory{takes: lasting(other.Names, other.Seconds...), fails: other.failing()},
			func(l *laboratory) { l.returned(answer.Cities(context.Background(), other.Names, l.fetch)) },
		},
	}
}
