// Recorder runs a flight recorder over a program that logs a running number every
// millisecond, and takes a snapshot at the end.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime/trace"
	"time"
)

var (
	minAge   = flag.Duration("min-age", 500*time.Millisecond, "lower bound on the window")
	maxBytes = flag.Uint64("max-bytes", 10<<20, "upper bound on the window")
	run      = flag.Duration("run", 2300*time.Millisecond, "when to take the snapshot")
	every    = flag.Duration("every", time.Millisecond, "pause between log entries")
	path     = flag.String("o", "", "write the snapshot to this file")
)

func main() {
	flag.Parse()
	recorder := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: *minAge, MaxBytes: *maxBytes})
	if err := recorder.Start(); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	start := time.Now()
	n := 0
	for ; time.Since(start) < *run; n++ {
		trace.Log(ctx, "n", fmt.Sprint(n))
		time.Sleep(*every)
	}
	if err := snapshot(recorder); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("{\"logged\": %d, \"ran_s\": %.6f}\n", n, time.Since(start).Seconds())
}

func snapshot(recorder *trace.FlightRecorder) error {
	defer recorder.Stop()
	file, err := os.Create(*path)
	if err != nil {
		return err
	}
	if _, err := recorder.WriteTo(file); err != nil {
		return err
	}
	return file.Close()
}
