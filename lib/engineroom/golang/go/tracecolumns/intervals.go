package main

import "internal/trace"

// How an interval is cut off by the edges of the trace.
const (
	cutStart = 1 // it began before the trace did
	cutEnd   = 2 // it had not ended when the trace did
)

// intervals turns the stream of events into rows about spans of time. All times are
// nanoseconds since the first event.
type intervals struct {
	out    *output
	stacks *stacks
	origin trace.Time
	now    int64
	synced int64 // when the current generation began

	goroutines map[trace.GoID]*goroutine
	processors map[trace.ProcID]*processor
	ranges     map[rangeKey]openRange
	tasks      map[trace.TaskID]task

	seen totals

	rowState, rowProcessor, rowGoroutine, rowWakeup, rowRange, rowTask   *table
	rowRegion, rowLog, rowMetric, rowLabel, rowSample, rowSync, rowEvent *table
}

// totals are the counts that the summary reports.
type totals struct {
	Events     map[string]int64 `json:"events"`
	Goroutines int64            `json:"goroutines"`
	Processors int64            `json:"processors"`
	Threads    int64            `json:"threads"`
	GCCycles   int64            `json:"gc_cycles"`
	Stops      int64            `json:"stops"`
	threads    map[trace.ThreadID]struct{}
	thread     trace.ThreadID // the last one added; most events come in runs on one thread
	kinds      [trace.EventExperimental + 1]int64
}

func newIntervals(out *output, withEvents bool) *intervals {
	v := &intervals{
		out: out, stacks: newStacks(out),
		goroutines: map[trace.GoID]*goroutine{},
		processors: map[trace.ProcID]*processor{},
		ranges:     map[rangeKey]openRange{},
		tasks:      map[trace.TaskID]task{},
		seen:       totals{Events: map[string]int64{}, threads: map[trace.ThreadID]struct{}{}, thread: trace.NoThread},
	}
	v.rowState = out.table("states", "goroutine:i8 state:u1 start_ns:i8 end_ns:i8 cut:u1 reason:u4 stack:u4 processor:i4 thread:i8")
	v.rowProcessor = out.table("processors", "processor:i4 state:u1 start_ns:i8 end_ns:i8 cut:u1 thread:i8")
	v.rowGoroutine = out.table("goroutines", "goroutine:i8 function:u4 created_ns:i8 ended_ns:i8 cut:u1 creator:i8 created_at:u4")
	v.rowWakeup = out.table("wakeups", "time_ns:i8 waker:i8 goroutine:i8 reason:u4 stack:u4 processor:i4")
	v.rowRange = out.table("ranges", "name:u4 scope:u1 scope_id:i8 start_ns:i8 end_ns:i8 cut:u1 goroutine:i8 processor:i4 stack:u4 swept:i8 reclaimed:i8")
	v.rowTask = out.table("tasks", "task:i8 parent:i8 name:u4 start_ns:i8 end_ns:i8 cut:u1 goroutine:i8 ended_by:i8")
	v.rowRegion = out.table("regions", "goroutine:i8 task:i8 name:u4 start_ns:i8 end_ns:i8 cut:u1 depth:i4")
	v.rowLog = out.table("logs", "time_ns:i8 goroutine:i8 task:i8 category:u4 message:u4")
	v.rowMetric = out.table("metrics", "time_ns:i8 name:u4 value:i8")
	v.rowLabel = out.table("labels", "time_ns:i8 goroutine:i8 label:u4")
	v.rowSample = out.table("samples", "time_ns:i8 goroutine:i8 processor:i4 thread:i8 stack:u4")
	v.rowSync = out.table("syncs", "time_ns:i8 wall_ns:i8")
	if withEvents {
		v.rowEvent = out.table("events", "time_ns:i8 kind:u1 goroutine:i8 processor:i4 thread:i8 stack:u4")
	}
	return v
}

// event takes in the next event of the trace.
func (v *intervals) event(ev *trace.Event) {
	kind := ev.Kind()
	if v.origin == 0 {
		v.origin = ev.Time()
	}
	v.now = int64(ev.Time() - v.origin)
	v.seen.kinds[kind]++
	if thread := ev.Thread(); thread != v.seen.thread && thread != trace.NoThread {
		v.seen.thread = thread
		v.seen.threads[thread] = struct{}{}
	}
	switch kind {
	case trace.EventStateTransition:
		v.transition(ev)
	case trace.EventRangeBegin, trace.EventRangeActive, trace.EventRangeEnd:
		v.inRange(ev, kind)
	case trace.EventTaskBegin, trace.EventTaskEnd:
		v.task(ev, kind)
	case trace.EventRegionBegin, trace.EventRegionEnd:
		v.region(ev, kind)
	case trace.EventLog:
		log := ev.Log()
		v.rowLog.add(v.now, int64(ev.Goroutine()), int64(log.Task), v.out.id(log.Category), v.out.append(log.Message))
	case trace.EventMetric:
		metric := ev.Metric()
		v.rowMetric.add(v.now, v.out.id(metric.Name), int64(metric.Value.Uint64()))
	case trace.EventLabel:
		v.rowLabel.add(v.now, int64(ev.Goroutine()), v.out.id(ev.Label().Label))
	case trace.EventStackSample:
		v.rowSample.add(v.now, int64(ev.Goroutine()), int64(ev.Proc()), int64(ev.Thread()), v.stacks.id(ev.Stack()))
	case trace.EventSync:
		v.sync(ev)
	}
	if v.rowEvent != nil {
		v.rowEvent.add(v.now, int64(kind), int64(ev.Goroutine()), int64(ev.Proc()), int64(ev.Thread()), v.stacks.id(ev.Stack()))
	}
}

func (v *intervals) sync(ev *trace.Event) {
	wall := int64(-1)
	if clock := ev.Sync().ClockSnapshot; clock != nil {
		wall = clock.Wall.UnixNano()
	}
	v.rowSync.add(v.now, wall)
	v.synced = v.now
	v.stacks.forget()
}

// finish writes what is still open when the trace ends.
func (v *intervals) finish() totals {
	for id, g := range v.goroutines {
		v.closeState(id, g, cutEnd)
		v.closeGoroutine(id, g, cutEnd)
	}
	for id, p := range v.processors {
		v.closeProcessor(id, p, cutEnd)
	}
	for key, r := range v.ranges {
		v.closeRange(key, r, cutEnd, -1, -1)
	}
	for id, t := range v.tasks {
		v.rowTask.add(int64(id), t.parent, t.name, t.since, v.now, cutEnd, t.goroutine, -1)
	}
	for kind, n := range v.seen.kinds {
		if n > 0 {
			v.seen.Events[trace.EventKind(kind).String()] = n
		}
	}
	v.seen.Goroutines = v.rowGoroutine.rows
	v.seen.Threads = int64(len(v.seen.threads))
	return v.seen
}
