// Heapload keeps a live heap (and a ballast), allocates garbage beside it, and reports
// every garbage collection.
//
// GOGC and the memory limit are flags rather than environment variables because they
// are set after the live heap was built: the cycles of building it are not measured.
// Run it under GODEBUG=gctrace=1,gcpacertrace=1 to see the pacer's own account, and
// under GODEBUG=gcstoptheworld=1 GOMAXPROCS=1 to have every run alike.
package main

import (
	"flag"
	"runtime"
	"time"

	"engineroom/ballast/internal/observe"
)

// An observation is what the runtime says right after a cycle.
type observation struct {
	number                                                      int // as in gctrace's "gc N"
	seconds, live, nextGoal, stacks, globals, allocated, mapped float64
}

// Kept outside the heap and free of pointers, so that observing does not add to what
// is observed. Cycles beyond these are counted, not listed.
var (
	seen      [8192]observation
	seenCount int
)

var (
	heap        = observe.HeapFlags(20, 0, 2048)
	rateMB      = observe.Number("rate-mb", 0, 0, 10_000, "garbage per second in MB, 0 being flat out")
	totalMB     = observe.Number("total-mb", 1000, 1, 100_000, "stop after this much garbage, in MB")
	timeLimit   = observe.Number("seconds", 5, 0.1, 120, "stop after this many seconds")
	objectBytes = observe.Whole("object-bytes", 1024, 16, 32<<10, "size of one piece of garbage")

	garbage []byte // a package variable, so the compiler can't keep the garbage on the stack
)

func main() {
	flag.Parse()
	gauges := observe.NewGauges(observe.AllCycles, observe.Cycles, observe.Goal, observe.Live,
		observe.Allocated, observe.StackScan, observe.GlobalsScan, observe.LimiterCycle, observe.Mapped,
		observe.Released, observe.AssistCPU, observe.DedicatedCPU, observe.IdleCPU, observe.PauseCPU, observe.GCCPU,
		observe.TotalCPU, observe.UnusedCPU)
	keepAlive := heap.Build()

	gauges.Read()
	before, processBefore := gauges.All(), observe.ReadProcess()
	observe.Emit(map[string]any{
		"kind": "start", "go": runtime.Version(), "gomaxprocs": runtime.GOMAXPROCS(0),
		"number": before[observe.AllCycles], "marked_bytes": before[observe.Live],
		"next_goal_bytes": before[observe.Goal], "stacks_bytes": before[observe.StackScan],
		"globals_bytes": before[observe.GlobalsScan],
	})
	start := time.Now()
	allocate(gauges, start)
	wall := time.Since(start).Seconds()

	gauges.Read()
	after, process := gauges.Since(before), observe.ReadProcess()
	for _, o := range seen[:seenCount] {
		observe.Emit(map[string]any{
			"kind": "cycle", "number": o.number, "seen_s": o.seconds, "marked_bytes": o.live,
			"next_goal_bytes": o.nextGoal, "stacks_bytes": o.stacks, "globals_bytes": o.globals,
			"allocated_bytes": o.allocated - before[observe.Allocated], "mapped_bytes": o.mapped,
		})
	}
	observe.Emit(map[string]any{
		"kind": "end", "seconds": wall, "allocated_bytes": after[observe.Allocated],
		"automatic_cycles": after[observe.Cycles],
		"forced_cycles":    after[observe.AllCycles] - after[observe.Cycles],
		"limiter_on":       gauges.Get(observe.LimiterCycle) > before[observe.AllCycles],
		"mapped_bytes":     max(peakMapped(), gauges.Get(observe.Mapped)-gauges.Get(observe.Released)),
		"assist_cpu_s":     after[observe.AssistCPU], "dedicated_cpu_s": after[observe.DedicatedCPU],
		"idle_cpu_s": after[observe.IdleCPU], "pause_cpu_s": after[observe.PauseCPU],
		"gc_cpu_s":   after[observe.GCCPU],
		"busy_cpu_s": after[observe.TotalCPU] - after[observe.UnusedCPU],
		"rss_bytes":  process.RSSBytes, "cpu_s": observe.Less(process.CPUSeconds, processBefore.CPUSeconds),
	})
	// The runtime counts a cycle before it prints its trace. Another GOMAXPROCS stops the world once no
	// cycle is under way, so from here on every counted cycle has been printed.
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	keepAlive()
}

// allocate makes garbage until there is enough of it or the time is up.
func allocate(gauges *observe.Gauges, start time.Time) {
	const burst = 8 // pieces between two looks at the cycle counter, which costs 0.1 µs
	counter := observe.NewGauges(observe.AllCycles)
	cycles := gauges.Get(observe.AllCycles)
	deadline, told := start.Add(time.Duration(*timeLimit*float64(time.Second))), start
	for done := 0.0; done < *totalMB*observe.MB; done += float64(burst * *objectBytes) {
		for range burst {
			garbage = make([]byte, *objectBytes)
		}
		if counter.Read(); counter.Get(observe.AllCycles) != cycles {
			cycles = counter.Get(observe.AllCycles)
			note(gauges, start)
		}
		now := time.Now()
		if now.After(deadline) {
			return
		}
		if now.Sub(told) > 250*time.Millisecond {
			told = now
			part := max(done/(*totalMB*observe.MB), now.Sub(start).Seconds() / *timeLimit)
			observe.Emit(map[string]any{"kind": "progress", "done": part})
		}
		if *rateMB > 0 {
			due := start.Add(time.Duration(done / (*rateMB * observe.MB) * float64(time.Second)))
			if ahead := due.Sub(now); ahead > time.Millisecond {
				time.Sleep(min(ahead, deadline.Sub(now)))
			}
		}
	}
}

// note records what the runtime says about the cycle that has just ended.
func note(gauges *observe.Gauges, start time.Time) {
	if seenCount == len(seen) {
		return
	}
	gauges.Read()
	seen[seenCount] = observation{
		number: int(gauges.Get(observe.AllCycles)), seconds: time.Since(start).Seconds(),
		live: gauges.Get(observe.Live), nextGoal: gauges.Get(observe.Goal),
		stacks: gauges.Get(observe.StackScan), globals: gauges.Get(observe.GlobalsScan),
		allocated: gauges.Get(observe.Allocated), mapped: gauges.Get(observe.Mapped) - gauges.Get(observe.Released),
	}
	seenCount++
}

func peakMapped() (peak float64) {
	for _, o := range seen[:seenCount] {
		peak = max(peak, o.mapped)
	}
	return peak
}
