package main

import (
	"internal/trace"
	"strings"
)

type rangeKey struct {
	name  string
	scope trace.ResourceID
}

type openRange struct {
	since, cut int64
	goroutine  int64
	proc       int64
	stack      int64
}

type task struct {
	parent, since, goroutine, name int64
}

type region struct {
	task, name, since int64
}

func (v *intervals) inRange(ev *trace.Event, kind trace.EventKind) {
	r := ev.Range()
	key := rangeKey{r.Name, r.Scope}
	open, known := v.ranges[key]
	if kind == trace.EventRangeEnd {
		if !known {
			open = openRange{cut: cutStart, goroutine: -1, proc: -1}
		}
		swept, reclaimed := int64(-1), int64(-1)
		if attributes := ev.RangeAttributes(); len(attributes) == 2 {
			swept, reclaimed = int64(attributes[0].Value.Uint64()), int64(attributes[1].Value.Uint64())
		}
		v.closeRange(key, open, 0, swept, reclaimed)
		delete(v.ranges, key)
		return
	}
	if known {
		return // a generation repeats what is going on
	}
	open = openRange{v.now, 0, int64(ev.Goroutine()), int64(ev.Proc()), v.stacks.id(ev.Stack())}
	if kind == trace.EventRangeActive {
		open.since, open.cut = v.synced, cutStart
	}
	v.ranges[key] = open
	if r.Name == "GC concurrent mark phase" {
		v.seen.GCCycles++
	} else if strings.HasPrefix(r.Name, "stop-the-world") {
		v.seen.Stops++
	}
}

func (v *intervals) closeRange(key rangeKey, open openRange, cut, swept, reclaimed int64) {
	v.rowRange.add(v.out.id(key.name), int64(key.scope.Kind), scopeID(key.scope), open.since, v.now, open.cut|cut,
		open.goroutine, open.proc, open.stack, swept, reclaimed)
}

func scopeID(r trace.ResourceID) int64 {
	switch r.Kind {
	case trace.ResourceGoroutine:
		return int64(r.Goroutine())
	case trace.ResourceProc:
		return int64(r.Proc())
	case trace.ResourceThread:
		return int64(r.Thread())
	}
	return -1
}

func (v *intervals) task(ev *trace.Event, kind trace.EventKind) {
	t := ev.Task()
	if kind == trace.EventTaskBegin {
		v.tasks[t.ID] = task{int64(t.Parent), v.now, int64(ev.Goroutine()), v.out.id(t.Type)}
		return
	}
	open, known := v.tasks[t.ID]
	cut := int64(0)
	if !known {
		open, cut = task{int64(t.Parent), 0, -1, v.out.id(t.Type)}, cutStart
	}
	v.rowTask.add(int64(t.ID), open.parent, open.name, open.since, v.now, cut, open.goroutine, int64(ev.Goroutine()))
	delete(v.tasks, t.ID)
}

func (v *intervals) region(ev *trace.Event, kind trace.EventKind) {
	r := ev.Region()
	g := v.goroutines[ev.Goroutine()]
	if g == nil {
		return
	}
	if kind == trace.EventRegionBegin {
		g.regions = append(g.regions, region{int64(r.Task), v.out.id(r.Type), v.now})
		return
	}
	open, cut := region{int64(r.Task), v.out.id(r.Type), 0}, int64(cutStart)
	if depth := len(g.regions); depth > 0 {
		open, cut = g.regions[depth-1], 0
		g.regions = g.regions[:depth-1]
	}
	v.rowRegion.add(int64(ev.Goroutine()), open.task, open.name, open.since, v.now, cut, int64(len(g.regions)))
}
