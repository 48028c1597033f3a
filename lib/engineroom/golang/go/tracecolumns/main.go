// Tracecolumns reads Go execution traces with the toolchain's own reader and writes tidy
// tables as raw little-endian columns, one file per column, which NumPy maps as they are.
//
// It prints one line of JSON per trace: what was counted, and how the columns are laid out.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"internal/trace"
	"io"
	"os"
	"runtime/debug"
)

type report struct {
	totals
	OriginNS   int64                  `json:"origin_ns"`
	DurationNS int64                  `json:"duration_ns"`
	BytesRead  int64                  `json:"bytes_read"`
	Error      string                 `json:"error"`
	Layout     map[string][][2]string `json:"layout,omitempty"`
	States     []string               `json:"goroutine_states"`
	ProcStates []string               `json:"processor_states"`
	Scopes     []string               `json:"scopes"`
	Kinds      []string               `json:"kinds"`
}

func main() {
	folder := flag.String("out", "", "folder for the columns of the one trace given; without it only the summary is made")
	events := flag.Bool("events", false, "also write every event")
	flag.Parse()
	if flag.NArg() == 0 || *folder != "" && flag.NArg() > 1 {
		flag.Usage()
		os.Exit(2)
	}
	debug.SetGCPercent(200)
	lines := json.NewEncoder(os.Stdout)
	for _, path := range flag.Args() {
		r, err := tables(path, *folder, *events)
		if err == nil {
			err = lines.Encode(r)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// tables reads one trace. What is wrong with the trace goes into the report; the error is
// for what keeps the tables from being written.
func tables(path, folder string, events bool) (*report, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	out := newOutput(folder)
	counted := &counter{r: file}
	v := newIntervals(out, events)
	fault := read(bufio.NewReaderSize(counted, 1<<16), v)
	r := &report{totals: v.finish(), OriginNS: int64(v.origin), DurationNS: v.now, BytesRead: counted.n, Layout: out.layout()}
	if fault != nil {
		r.Error = fault.Error()
	}
	for s := trace.GoUndetermined; s <= trace.GoSyscall; s++ {
		r.States = append(r.States, s.String())
	}
	for s := trace.ProcUndetermined; s <= trace.ProcIdle; s++ {
		r.ProcStates = append(r.ProcStates, s.String())
	}
	for s := trace.ResourceNone; s <= trace.ResourceThread; s++ {
		r.Scopes = append(r.Scopes, s.String())
	}
	for k := trace.EventBad; k <= trace.EventExperimental; k++ {
		r.Kinds = append(r.Kinds, k.String())
	}
	return r, out.close()
}

// read feeds events to v until the trace ends or cannot be read any further.
func read(from io.Reader, v *intervals) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the reader panicked: %v", p)
		}
	}()
	reader, err := trace.NewReader(from)
	if err != nil {
		return err
	}
	for {
		ev, err := reader.ReadEvent()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		v.event(&ev)
	}
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
