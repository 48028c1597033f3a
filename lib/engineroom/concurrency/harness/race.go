// The trial of a function with a race needs real goroutines on real threads, so there is no bubble
// here: calls meet at a barrier instead, which shows that they overlap without looking at a clock.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"lesson/answer"
)

const callers = 16

// barrier lets nobody through until all have come, or until it has become clear that they won't.
type barrier struct {
	mu     sync.Mutex
	inside int
	peak   int
	full   chan struct{}
}

func (b *barrier) fetch(name string) int {
	b.mu.Lock()
	b.inside++
	b.peak = max(b.peak, b.inside)
	if b.inside == callers {
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
	return len(name)
}

func main() {
	out := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr
	names := make([]string, callers)
	want := 0
	for i := range names {
		names[i] = fmt.Sprintf("city number %d", i)
		want += len(names[i])
	}
	b := &barrier{full: make(chan struct{})}
	total, byName := answer.Total(names, b.fetch)
	right := len(byName) == len(names)
	for _, name := range names {
		right = right && byName[name] == len(name)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := map[string]any{"total": total, "want": want, "table_right": right, "running": b.inside}
	_ = out.Encode(map[string]any{"name": "16 cities", "peak": b.peak, "ended": "ok", "notes": seen})
}
