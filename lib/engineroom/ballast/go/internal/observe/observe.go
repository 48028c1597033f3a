// Package observe holds what every program here needs: flags with a range, a live heap
// and a ballast, the runtime's own counters, and reports of one JSON object a line.
package observe

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/metrics"
)

// MB is 2^20 bytes, which is what gctrace means by "MB".
const MB = 1 << 20

// Emit prints one JSON object on its own line of standard output.
func Emit(object any) {
	if err := json.NewEncoder(os.Stdout).Encode(object); err != nil {
		Fail("the result can't be printed: %v", err)
	}
}

// Fail prints one sentence on standard error and ends the program with exit code 2.
func Fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(2)
}

// Names of the runtime metrics that the programs read.
const (
	Cycles       = "/gc/cycles/automatic:gc-cycles"
	AllCycles    = "/gc/cycles/total:gc-cycles"
	Goal         = "/gc/heap/goal:bytes"
	Live         = "/gc/heap/live:bytes"
	Allocated    = "/gc/heap/allocs:bytes"
	StackScan    = "/gc/scan/stack:bytes"
	GlobalsScan  = "/gc/scan/globals:bytes"
	HeapScan     = "/gc/scan/heap:bytes"
	LimiterCycle = "/gc/limiter/last-enabled:gc-cycle"
	Mapped       = "/memory/classes/total:bytes"
	Released     = "/memory/classes/heap/released:bytes"
	AssistCPU    = "/cpu/classes/gc/mark/assist:cpu-seconds"
	DedicatedCPU = "/cpu/classes/gc/mark/dedicated:cpu-seconds"
	IdleCPU      = "/cpu/classes/gc/mark/idle:cpu-seconds"
	PauseCPU     = "/cpu/classes/gc/pause:cpu-seconds"
	GCCPU        = "/cpu/classes/gc/total:cpu-seconds"
	UnusedCPU    = "/cpu/classes/idle:cpu-seconds"
	TotalCPU     = "/cpu/classes/total:cpu-seconds"
)

// Gauges reads a fixed set of runtime metrics without allocating.
type Gauges struct {
	samples []metrics.Sample
	index   map[string]int
}

// NewGauges prepares to read the named metrics.
func NewGauges(names ...string) *Gauges {
	g := &Gauges{make([]metrics.Sample, len(names)), make(map[string]int)}
	for i, name := range names {
		g.samples[i].Name, g.index[name] = name, i
	}
	g.Read()
	for _, sample := range g.samples {
		if sample.Value.Kind() == metrics.KindBad {
			Fail("this Go runtime has no metric %s", sample.Name)
		}
	}
	return g
}

// Read refreshes all values. The /cpu/classes ones only move when a cycle ends.
func (g *Gauges) Read() { metrics.Read(g.samples) }

// Get returns the value of a metric as it was when last read.
func (g *Gauges) Get(name string) float64 {
	value := g.samples[g.index[name]].Value
	if value.Kind() == metrics.KindFloat64 {
		return value.Float64()
	}
	return float64(value.Uint64())
}

// Since returns how far each metric has come from an earlier reading.
func (g *Gauges) Since(earlier map[string]float64) map[string]float64 {
	moved := make(map[string]float64, len(earlier))
	for name, before := range earlier {
		moved[name] = g.Get(name) - before
	}
	return moved
}

// All returns every value as it was when last read.
func (g *Gauges) All() map[string]float64 {
	values := make(map[string]float64, len(g.index))
	for name := range g.index {
		values[name] = g.Get(name)
	}
	return values
}

// Process is what the operating system says about this process. Nil pointers become
// null in JSON: this system does not tell.
type Process struct {
	RSSBytes    *float64 `json:"rss_bytes"`
	VSZBytes    *float64 `json:"vsz_bytes"`
	MinorFaults *float64 `json:"minor_faults"`
	CPUSeconds  *float64 `json:"cpu_s"`
}

// Less returns a - b, or nil when either is unknown.
func Less(a, b *float64) *float64 {
	if a == nil || b == nil {
		return nil
	}
	difference := *a - *b
	return &difference
}
