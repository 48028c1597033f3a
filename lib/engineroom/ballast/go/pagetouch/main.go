// Pagetouch makes one large slice, touches part of it or none, and shows what the
// operating system charges for it: virtual size, resident size, page faults.
package main

import (
	"flag"
	"runtime"
	"runtime/debug"
	"time"
	"unsafe"

	"engineroom/ballast/internal/observe"
)

var (
	sizeMB = observe.Number("size-mb", 100, 0, 1024, "size of the slice in MB")
	kind   = observe.OneOf("kind", "elements of the slice, []byte or []*int64", "bytes", "pointers")
	access = observe.OneOf("access", "how to touch it", "write", "read")
	touch  = observe.Number("touch", 0, 0, 1, "fraction of the slice to touch")

	sum int64 // keeps the reads from being optimised away
)

func main() {
	flag.Parse()
	debug.SetGCPercent(-1) // only the forced cycles below
	before := observe.ReadProcess()
	if before.RSSBytes == nil {
		observe.Fail("pagetouch needs /proc/self/statm, which only Linux has: use the recorded table instead.")
	}

	size := int(*sizeMB * observe.MB)
	switch *kind {
	case "bytes":
		ballast := make([]byte, size)
		touchEvery(ballast, *touch, func(p *byte) { *p = 1 }, func(p *byte) { sum += int64(*p) })
		report(before)
		runtime.KeepAlive(ballast)
	case "pointers":
		ballast, target := make([]*int64, size/int(unsafe.Sizeof(uintptr(0)))), new(int64)
		touchEvery(ballast, *touch, func(p **int64) { *p = target }, func(p **int64) {
			if *p != nil {
				sum++
			}
		})
		report(before)
		runtime.KeepAlive(ballast)
	}
}

// touchEvery visits every element in the first part of a slice, so every page of it.
func touchEvery[T any](slice []T, fraction float64, write, read func(*T)) {
	visit := read
	if *access == "write" {
		visit = write
	}
	for i := range int(float64(len(slice)) * fraction) {
		visit(&slice[i])
	}
}

func report(before observe.Process) {
	after := observe.ReadProcess()
	first, second := forcedCycle(), forcedCycle()
	collected, scanned := observe.ReadProcess(), observe.NewGauges(observe.HeapScan)
	observe.Emit(map[string]any{
		"kind": "pagetouch", "go": runtime.Version(),
		"size_mb": *sizeMB, "element": *kind, "access": *access, "touched": *touch,
		"rss_bytes": after.RSSBytes, "rss_grew_bytes": observe.Less(after.RSSBytes, before.RSSBytes),
		"vsz_bytes": after.VSZBytes, "vsz_grew_bytes": observe.Less(after.VSZBytes, before.VSZBytes),
		"minor_faults":         observe.Less(after.MinorFaults, before.MinorFaults),
		"forced_gc_s":          []float64{first, second},
		"rss_grew_by_gc_bytes": observe.Less(collected.RSSBytes, after.RSSBytes),
		"scan_bytes":           scanned.Get(observe.HeapScan),
		"faults_by_gc":         observe.Less(collected.MinorFaults, after.MinorFaults),
	})
}

func forcedCycle() float64 {
	start := time.Now()
	runtime.GC()
	return time.Since(start).Seconds()
}
