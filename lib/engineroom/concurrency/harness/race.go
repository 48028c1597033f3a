// The trial of a function with a race needs real goroutines on real threads, so there is no bubble
// here: calls meet at a barrier instead, which shows that they overlap without looking at a clock.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"lesson/answer"
)

// barrier lets nobody through until all have come, or until it has become clear that they won't.
type barrier struct {
	mu     sync.Mutex
	inside int
	peak   int
	values map[string]int
	full   chan struct{}
}

func (b *barrier) fetch(name string) int {
	b.mu.Lock()
	b.inside++
	b.peak = max(b.peak, b.inside)
	if b.inside == len(b.values) {
		close(b.full)
	}
	b.mu.Unlock()
	select {
	case <-b.full:
	case <-time.After(100 * time.Millisecond):
	}
	b.mu.Lock()
	b.inside--
	b.mu.Unlock()
	return b.values[name]
}

func main() {
	debug.SetMaxStack(maxStack)
	out := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr
	d := draw()
	b := &barrier{full: make(chan struct{}), values: map[string]int{}}
	for i, name := range d.Names {
		b.values[name] = d.Values[i]
	}
	total, byName := answer.Total(d.Names, b.fetch)
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := map[string]any{"total": total, "table": byName, "running": b.inside}
	name := fmt.Sprintf("%d cities", len(d.Names))
	_ = out.Encode(map[string]any{"name": name, "peak": b.peak, "ended": "ok", "notes": seen})
}
