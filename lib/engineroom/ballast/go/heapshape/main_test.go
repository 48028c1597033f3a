package main

import (
	"runtime"
	"testing"
)

func TestEveryShapeHasAboutTheSizeAskedFor(t *testing.T) {
	const asked = 16 << 20
	for _, name := range shapeNames() {
		before := heapAfterGC()
		heap := builders[name](asked)
		grew := heapAfterGC() - before
		runtime.KeepAlive(heap)
		if ratio := float64(grew) / asked; ratio < 0.9 || ratio > 1.4 {
			t.Errorf("%s holds %.2f of the size asked for", name, ratio)
		}
	}
}

func TestTreeIsBinaryAndComplete(t *testing.T) {
	root := tree(64 * 1023).(*node)
	leaves, depth := 0, 0
	var walk func(n *node, level int)
	walk = func(n *node, level int) {
		if n.left == nil && n.right == nil {
			leaves, depth = leaves+1, level
			return
		}
		walk(n.left, level+1)
		walk(n.right, level+1)
	}
	walk(root, 0)
	if leaves != 512 || depth != 9 {
		t.Errorf("got %d leaves at depth %d, want 512 at depth 9", leaves, depth)
	}
}

func TestShuffledListReachesEveryNode(t *testing.T) {
	count := 0
	for n := shuffled(64 * 1000).(*node); n != nil; n = n.left {
		count++
	}
	if count != 1000 {
		t.Errorf("the list has %d nodes, want 1000", count)
	}
}

func heapAfterGC() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
