package observe

import (
	"flag"
	"runtime"
	"runtime/debug"
)

// A Heap is what a program keeps alive, and the settings that its collector gets.
type Heap struct {
	LiveMB, BallastMB, LimitMB *float64
	GOGC                       GOGC
}

// HeapFlags declares -live-mb (from least to most), -ballast-mb, -limit-mb and -gogc.
func HeapFlags(liveMB, least, most float64) *Heap {
	heap := &Heap{
		LiveMB:    Number("live-mb", liveMB, least, most, "live heap of 64-byte nodes, in MB"),
		BallastMB: BallastFlag(),
		LimitMB:   Number("limit-mb", 0, 0, 4096, "memory limit in MB, 0 being none"),
		GOGC:      100,
	}
	flag.Func("gogc", "GOGC in percent, or off; else 100", func(text string) error {
		if err := heap.GOGC.Set(text); err != nil {
			Fail("-gogc is %q; %v.", text, err)
		}
		return nil
	})
	return heap
}

// BallastFlag declares -ballast-mb.
func BallastFlag() *float64 {
	return Number("ballast-mb", 0, 0, 1024, "untouched byte slice kept alive, in MB")
}

// Build makes the live heap and the ballast, has both marked once, and only then sets
// GOGC and the limit, so that no cycle of building is measured. Call what it returns at
// the end of the program: until then both stay alive.
func (h *Heap) Build() (keepAlive func()) {
	debug.SetGCPercent(-1)
	live, ballast := LiveHeap(*h.LiveMB), Ballast(*h.BallastMB)
	runtime.GC() // from here on the runtime knows the live heap exactly
	if *h.LimitMB > 0 {
		debug.SetMemoryLimit(int64(*h.LimitMB * MB))
	}
	debug.SetGCPercent(int(h.GOGC))
	return func() {
		runtime.KeepAlive(live)
		runtime.KeepAlive(ballast)
	}
}

// A Node is 64 bytes, the size of a small struct, and all of it is scanned because
// its pointer comes last.
type Node struct {
	Payload [7]uint64
	Next    *Node
}

const nodeBytes = 64 + 8 // the node and the slice element that holds it

// LiveHeap builds about the given number of megabytes out of nodes. Keep what it
// returns alive, or the next cycle frees it.
func LiveHeap(mb float64) []*Node {
	nodes := make([]*Node, int(mb*MB/nodeBytes))
	var previous *Node
	for i := range nodes {
		previous = &Node{Next: previous}
		nodes[i] = previous
	}
	return nodes
}

// Ballast reserves that many megabytes and does not touch them. Bytes hold no
// pointers, so the collector marks the whole slice in one step. Without
// runtime.KeepAlive at the end of the program it would be freed at the first cycle.
func Ballast(mb float64) []byte { return make([]byte, int(mb*MB)) }
