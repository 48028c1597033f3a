// Heapshape builds heaps of one size in different shapes and measures what it costs
// the collector to mark each: the price per byte is not one number.
package main

import (
	"flag"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"

	"engineroom/ballast/internal/observe"
)

var (
	sizeMB = observe.Number("size-mb", 50, 1, 512, "size of the heap in MB")
	shape  = observe.OneOf("shape", "shape of the heap", append(shapeNames(), "all")...)
	cycles = observe.Whole("cycles", 5, 1, 50, "forced collections per shape; the median is reported")
)

type node struct {
	payload [6]uint64
	left    *node
	right   *node
}

const nodeBytes = 64

// builders make a heap of about the given bytes and return what keeps it alive.
var builders = map[string]func(bytes int) any{
	"noscan":   noscan,
	"structs":  structs,
	"pointers": pointers,
	"tree":     tree,
	"list":     func(bytes int) any { return lists(bytes, 1) },
	"lists":    func(bytes int) any { return lists(bytes, 1024) },
	"shuffled": shuffled,
	"map":      mapped,
}

func shapeNames() []string {
	return []string{"noscan", "structs", "pointers", "tree", "list", "lists", "shuffled", "map"}
}

func main() {
	flag.Parse()
	names := []string{*shape}
	if *shape == "all" {
		names = shapeNames()
	}
	debug.SetGCPercent(-1)
	for i, name := range names {
		heap := builders[name](int(*sizeMB * observe.MB))
		observe.Emit(measure(name))
		runtime.KeepAlive(heap)
		observe.Emit(map[string]any{"kind": "progress", "done": float64(i+1) / float64(len(names))})
	}
}

// measure collects a few times and reports the median CPU time of marking.
func measure(name string) map[string]any {
	gauges := observe.NewGauges(observe.DedicatedCPU, observe.IdleCPU, observe.AssistCPU,
		observe.Live, observe.HeapScan)
	runtime.GC() // the first one also frees the previous shape
	costs := make([]float64, *cycles)
	for i := range costs {
		gauges.Read()
		before := gauges.All()
		runtime.GC()
		gauges.Read()
		moved := gauges.Since(before)
		costs[i] = moved[observe.DedicatedCPU] + moved[observe.IdleCPU] + moved[observe.AssistCPU]
	}
	slices.Sort(costs)
	return map[string]any{
		"kind": "shape", "go": runtime.Version(), "shape": name, "gomaxprocs": runtime.GOMAXPROCS(0),
		"mark_cpu_s": costs[len(costs)/2], "least_s": costs[0], "most_s": costs[len(costs)-1],
		"live_bytes": gauges.Get(observe.Live), "scan_bytes": gauges.Get(observe.HeapScan),
	}
}

// noscan is many kilobytes of numbers: nothing in them can point anywhere.
func noscan(bytes int) any {
	blocks := make([][]byte, bytes/1024)
	for i := range blocks {
		blocks[i] = make([]byte, 1024)
	}
	return blocks
}

// structs is one large slice of structs whose pointers are all nil: read, not followed.
func structs(bytes int) any { return make([]node, bytes/nodeBytes) }

// pointers is a slice of pointers to nodes, in the order in which they were made.
func pointers(bytes int) any {
	slice := make([]*node, bytes/(nodeBytes+8))
	for i := range slice {
		slice[i] = new(node)
	}
	return slice
}

// tree is a complete binary tree.
func tree(bytes int) any {
	nodes := make([]*node, 1, bytes/nodeBytes+1)
	root := new(node)
	nodes[0] = root
	for next := 0; len(nodes) < bytes/nodeBytes; next++ {
		parent := nodes[next]
		parent.left, parent.right = new(node), new(node)
		nodes = append(nodes, parent.left, parent.right)
	}
	return root
}

// lists is a number of linked lists that grow in turn. To follow one, every node must
// have arrived from memory before the next one's address is known.
func lists(bytes, count int) any {
	heads := make([]*node, count)
	for i := range bytes / nodeBytes {
		heads[i%count] = &node{left: heads[i%count]}
	}
	return heads
}

// shuffled is one linked list whose neighbours lie at random places in memory.
func shuffled(bytes int) any {
	nodes := make([]*node, bytes/nodeBytes)
	for i := range nodes {
		nodes[i] = new(node)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	for i := 1; i < len(nodes); i++ {
		nodes[i].left = nodes[i-1]
	}
	return nodes[len(nodes)-1]
}

// mapped is a map from numbers to nodes.
func mapped(bytes int) any {
	nodes := make(map[uint64]*node)
	for i := range uint64(bytes / (nodeBytes + 32)) { // a key, a pointer, and room to grow
		nodes[i] = new(node)
	}
	return nodes
}
