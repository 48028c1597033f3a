// Spiral lets the live heap of a program under GOGC=off and a memory limit grow step
// by step, like a slow leak, and counts how much work it still gets done at each step.
package main

import (
	"flag"
	"runtime"
	"runtime/debug"
	"time"

	"engineroom/ballast/internal/observe"
)

var (
	limitMB     = observe.Number("limit-mb", 200, 16, 2048, "memory limit in MB")
	ballastMB   = observe.BallastFlag()
	fromMB      = observe.Number("from-mb", 20, 1, 2048, "live heap in the first step, in MB")
	toMB        = observe.Number("to-mb", 180, 1, 2048, "live heap in the last step, in MB")
	steps       = observe.Whole("steps", 9, 1, 50, "number of steps")
	stepSeconds = observe.Number("step-seconds", 0.5, 0.05, 10, "how long to work in each step")

	result uint64 // keeps the work from being optimised away
)

// A unit of work fills and sums this many records of one kilobyte, 64 KB in all.
const recordsPerUnit = 64

type record struct {
	next    *record
	numbers [127]uint64
}

func main() {
	flag.Parse()
	observe.Within("to-mb", *toMB, *fromMB, 2048)

	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(int64(*limitMB * observe.MB))
	ballast := observe.Ballast(*ballastMB)
	gauges := observe.NewGauges(observe.Cycles, observe.AllCycles, observe.Live, observe.LimiterCycle,
		observe.GCCPU, observe.AssistCPU, observe.Mapped, observe.Released, observe.Goal,
		observe.TotalCPU, observe.UnusedCPU)
	var live [][]*observe.Node
	for step, held := 0, 0.0; step < *steps; step++ {
		target := *fromMB + (*toMB-*fromMB)*float64(step)/float64(max(*steps-1, 1))
		live = append(live, observe.LiveHeap(target-held))
		held = target
		runtime.GC() // the step starts with the live heap known, and GC CPU up to date
		observe.Emit(work(gauges, step, held))
		observe.Emit(map[string]any{"kind": "progress", "done": float64(step+1) / float64(*steps)})
	}
	runtime.KeepAlive(live)
	runtime.KeepAlive(ballast)
}

// work does units until the step is over and reports the rate and what the collector took.
func work(gauges *observe.Gauges, step int, liveMB float64) map[string]any {
	gauges.Read()
	before, processBefore, start := gauges.All(), observe.ReadProcess(), time.Now()
	units, peak := 0, 0.0
	for time.Since(start).Seconds() < *stepSeconds {
		doUnit()
		units++
		gauges.Read()
		peak = max(peak, gauges.Get(observe.Mapped)-gauges.Get(observe.Released))
	}
	wall := time.Since(start).Seconds()
	moved, process := gauges.Since(before), observe.ReadProcess()
	return map[string]any{
		"kind": "step", "go": runtime.Version(), "step": step, "of": *steps, "live_mb": liveMB,
		"limit_mb": *limitMB, "ballast_mb": *ballastMB, "gomaxprocs": runtime.GOMAXPROCS(0),
		"seconds": wall, "units_per_s": float64(units) / wall,
		"cycles_per_s": moved[observe.Cycles] / wall,
		"gc_cpu_s":     moved[observe.GCCPU], "assist_cpu_s": moved[observe.AssistCPU],
		"busy_cpu_s":   moved[observe.TotalCPU] - moved[observe.UnusedCPU],
		"cpu_s":        observe.Less(process.CPUSeconds, processBefore.CPUSeconds),
		"limiter_on":   gauges.Get(observe.LimiterCycle) > before[observe.AllCycles],
		"mapped_bytes": peak, "rss_bytes": process.RSSBytes, "goal_bytes": gauges.Get(observe.Goal),
	}
}

func doUnit() {
	var list *record
	for i := range recordsPerUnit {
		list = &record{next: list}
		for j := range list.numbers {
			list.numbers[j] = uint64(i ^ j)
		}
	}
	for ; list != nil; list = list.next {
		for _, n := range list.numbers {
			result = result*31 + n
		}
	}
}
