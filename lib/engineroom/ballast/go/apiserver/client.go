package main

import (
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"engineroom/ballast/internal/observe"
)

const (
	mostInFlight = 256
	answerWithin = 10 * time.Second
)

// sendRequests sends requests at random moments (a Poisson process with a fixed seed,
// so every run has the same bursts) and reports how long the answers took.
func sendRequests(url string) {
	go endWithServer()
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = mostInFlight
	browser := &http.Client{Timeout: answerWithin}
	due := schedule(*rps, *seconds, rand.New(rand.NewPCG(1, 2)))

	latency := make([]float64, len(due)) // one place each, so no lock is needed
	places := make(chan struct{}, mostInFlight)
	var pending sync.WaitGroup
	start, told := time.Now(), 0.0
	for i, after := range due {
		time.Sleep(time.Until(start.Add(after)))
		places <- struct{}{}
		pending.Go(func() {
			latency[i] = ask(browser, url, start.Add(after))
			<-places
		})
		if done := after.Seconds() / *seconds; done-told > 0.05 {
			told = done
			observe.Emit(map[string]any{"kind": "progress", "done": done})
		}
	}
	pending.Wait()

	answered := slices.DeleteFunc(latency, func(s float64) bool { return s < 0 })
	slices.Sort(answered)
	observe.Emit(map[string]any{
		"kind": "client", "requests": len(due), "failed": len(due) - len(answered),
		"p50_s": quantile(answered, 0.50), "p90_s": quantile(answered, 0.90),
		"p99_s": quantile(answered, 0.99), "max_s": quantile(answered, 1),
	})
}

// schedule returns when each request is due, counted from the start.
func schedule(perSecond, seconds float64, random *rand.Rand) []time.Duration {
	var due []time.Duration
	for at := random.ExpFloat64() / perSecond; at < seconds; at += random.ExpFloat64() / perSecond {
		due = append(due, time.Duration(at*float64(time.Second)))
	}
	return due
}

// ask sends one request and returns the seconds from when it was due, or -1 for none.
func ask(browser *http.Client, url string, due time.Time) float64 {
	response, err := browser.Get(url)
	if err != nil {
		return -1
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
		return -1
	}
	return time.Since(due).Seconds()
}

// quantile returns the smallest value that at least the share q of all values do not
// exceed, or nil when there is none.
func quantile(sorted []float64, q float64) any {
	if len(sorted) == 0 {
		return nil
	}
	rank := int(q*float64(len(sorted)) + 0.999999)
	return sorted[min(max(rank, 1), len(sorted))-1]
}
