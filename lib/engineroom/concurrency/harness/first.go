package main

import (
	"context"
	"fmt"
	"time"

	"lesson/answer"
)

func trials() []trial {
	four, other := names(4), draw()
	takes := lasting(four, 9, 3, 1, 6)
	ask := func(l *laboratory) {
		text, err := answer.First(context.Background(), four, l.fetch)
		l.returned([]string{text}, err)
	}
	all := map[string]bool{four[0]: true, four[1]: true, four[2]: true, four[3]: true}
	return []trial{
		{"the third is quickest", laboratory{takes: takes}, ask},
		{"the quickest fails", laboratory{takes: takes, fails: map[string]bool{four[2]: true}}, ask},
		{"all fail", laboratory{takes: takes, fails: all}, ask},
		{"calls that do not heed their context", laboratory{takes: takes, deaf: true}, ask},
		{"the caller gives up", laboratory{takes: lasting(four, 9, 9, 9, 9)}, func(l *laboratory) {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			text, err := answer.First(ctx, four, l.fetch)
			l.returned([]string{text}, err)
		}},
		{
			fmt.Sprintf("mirrors that take %v s; the quickest fail", other.Seconds),
			laboratory{takes: lasting(other.Names, other.Seconds...), fails: other.failing()},
			func(l *laboratory) {
				text, err := answer.First(context.Background(), other.Names, l.fetch)
				l.returned([]string{text}, err)
			},
		},
	}
}
