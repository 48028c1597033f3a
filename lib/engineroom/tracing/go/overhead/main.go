// Overhead times an operation with and without tracing, in rounds that alternate. The
// operation is a file read, some spinning, or both, so that the rate of events can be chosen.
//
// It prints one line of JSON a round: whether traced, nanoseconds per operation, bytes of trace.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"os"
	"runtime/trace"
	"time"
)

var (
	rounds     = flag.Int("rounds", 5, "rounds with and without tracing")
	operations = flag.Int("operations", 2000, "operations a round")
	reads      = flag.Int("reads", 1, "file reads in an operation")
	spins      = flag.Int("spins", 0, "thousands of additions in an operation")
	sum        int
)

type result struct {
	Traced     bool    `json:"traced"`
	NSPerOp    float64 `json:"ns_per_op"`
	TraceBytes int     `json:"trace_bytes"`
	Operations int     `json:"operations"`
}

// counting takes in a trace and keeps only its size.
type counting int

func (c *counting) Write(p []byte) (int, error) {
	*c += counting(len(p))
	return len(p), nil
}

func main() {
	flag.Parse()
	if err := os.WriteFile("file", make([]byte, 4096), 0o600); err != nil {
		log.Fatal(err)
	}
	out := json.NewEncoder(os.Stdout)
	for round := range 2 * *rounds {
		traced := round%2 == 1
		var size counting
		if traced {
			if err := trace.Start(&size); err != nil {
				log.Fatal(err)
			}
		}
		took := measure()
		if traced {
			trace.Stop()
		}
		out.Encode(result{traced, float64(took.Nanoseconds()) / float64(*operations), int(size), *operations})
	}
}

func measure() time.Duration {
	start := time.Now()
	for range *operations {
		for range *reads {
			if _, err := os.ReadFile("file"); err != nil {
				log.Fatal(err)
			}
		}
		for i := range *spins * 1000 {
			sum += i
		}
	}
	return time.Since(start)
}
