// Apiserver is a small HTTP API under a steady load, to see what the garbage collector
// costs a request.
//
// By default a request does so much work of its own that, with GOGC=100, the collector
// takes about a third of the CPU: the situation that makes people try a ballast.
//
// The client runs as a second process (this program again, with -client), so that the
// CPU time of this one is the server's alone. The load is open loop: requests leave
// when they are due, whether or not earlier ones were answered, as users do, and a
// late answer counts from when its request was due.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"time"

	"engineroom/ballast/internal/observe"
)

var (
	heap      = observe.HeapFlags(10, 1, 512)
	requestKB = observe.Number("request-kb", 426, 1, 4096, "memory that one request allocates and fills, in KB")
	passes    = observe.Whole("passes", 3, 1, 100, "how often a request reads what it filled: the CPU of its own work")
	rps       = observe.Number("rps", 200, 1, 1000, "requests per second")
	seconds   = observe.Number("seconds", 4, 0.5, 60, "how long to measure")
	client    = flag.String("client", "", "address to send requests to; set by the server for its client")
)

func main() {
	flag.Parse()
	if *client != "" {
		sendRequests(*client)
		return
	}
	serve()
}

func serve() {
	keepAlive := heap.Build()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		observe.Fail("the server can't listen on 127.0.0.1: %v", err)
	}
	http.HandleFunc("GET /feed", feed)
	go http.Serve(listener, nil)
	fillHeapOnce()

	gauges := observe.NewGauges(observe.Cycles, observe.AllCycles, observe.Allocated, observe.LimiterCycle,
		observe.GCCPU, observe.AssistCPU, observe.DedicatedCPU, observe.IdleCPU, observe.Goal)
	before, processBefore, start := gauges.All(), observe.ReadProcess(), time.Now()
	answers := runClient("http://" + listener.Addr().String() + "/feed")
	wall := time.Since(start).Seconds()
	gauges.Read()
	moved, process := gauges.Since(before), observe.ReadProcess()

	result := map[string]any{
		"kind": "api", "go": runtime.Version(), "gomaxprocs": runtime.GOMAXPROCS(0), "seconds": wall,
		"live_mb": *heap.LiveMB, "ballast_mb": *heap.BallastMB, "limit_mb": *heap.LimitMB, "gogc": heap.GOGC.String(),
		"request_kb": *requestKB, "passes": *passes, "rps": *rps, "cycles": moved[observe.Cycles],
		"allocated_bytes": moved[observe.Allocated], "goal_bytes": gauges.Get(observe.Goal),
		"gc_cpu_s": moved[observe.GCCPU], "assist_cpu_s": moved[observe.AssistCPU],
		"dedicated_cpu_s": moved[observe.DedicatedCPU], "idle_cpu_s": moved[observe.IdleCPU],
		"limiter_on": gauges.Get(observe.LimiterCycle) > before[observe.AllCycles],
		"rss_bytes":  process.RSSBytes,
		"cpu_s":      observe.Less(process.CPUSeconds, processBefore.CPUSeconds),
	}
	for name, value := range answers {
		result[name] = value
	}
	observe.Emit(result)
	keepAlive()
}

// fillHeapOnce allocates up to the heap goal, so that every page the heap will use has
// been touched before the measurement. Otherwise a run shorter than the first fill
// would spend on page faults what it saves on collections.
func fillHeapOnce() {
	gauges := observe.NewGauges(observe.AllCycles)
	for first := gauges.Get(observe.AllCycles); gauges.Get(observe.AllCycles) == first; gauges.Read() {
		newFeed(100)
	}
	runtime.GC()
}

// An entry is one kilobyte of a feed: linked, and filled, as decoded data would be.
type entry struct {
	next  *entry
	words [127]uint64
}

func newFeed(entries int) *entry {
	var feed *entry
	for i := range entries {
		feed = &entry{next: feed}
		for j := range feed.words {
			feed.words[j] = uint64(i ^ j)
		}
	}
	return feed
}

func feed(w http.ResponseWriter, _ *http.Request) {
	sum := uint64(14695981039346656037) // in the manner of FNV-1a, so that every word is read
	first := newFeed(int(*requestKB))
	for range *passes {
		for e := first; e != nil; e = e.next {
			for _, word := range e.words {
				sum = (sum ^ word) * 1099511628211
			}
		}
	}
	fmt.Fprintf(w, `{"checksum":%d}`, sum)
}

// runClient starts the client process and returns what it measured. The client ends
// with this process, because its standard input closes then.
func runClient(url string) map[string]any {
	command := exec.Command(os.Args[0], "-client", url, fmt.Sprintf("-rps=%g", *rps), fmt.Sprintf("-seconds=%g", *seconds))
	command.Env = append(os.Environ(), "GODEBUG=")
	command.Stderr = os.Stderr
	leash, err1 := command.StdinPipe()
	output, err2 := command.StdoutPipe()
	if err1 != nil || err2 != nil {
		observe.Fail("the client's pipes can't be made: %v %v", err1, err2)
	}
	if err := command.Start(); err != nil {
		observe.Fail("the client can't be started: %v", err)
	}
	answers := map[string]any{}
	for lines := bufio.NewScanner(output); lines.Scan(); {
		var line map[string]any
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			continue
		}
		if line["kind"] == "progress" {
			observe.Emit(line)
			continue
		}
		delete(line, "kind")
		answers = line
	}
	if err := command.Wait(); err != nil {
		observe.Fail("the client failed: %v", err)
	}
	leash.Close()
	return answers
}

// endWithServer ends the client when the server is gone.
func endWithServer() {
	io.Copy(io.Discard, os.Stdin)
	os.Exit(1)
}
