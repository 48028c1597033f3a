package main

import "internal/trace"

type goroutine struct {
	state    trace.GoState
	since    int64
	cut      int64
	reason   int64
	stack    int64 // where it stopped last; it stays there until it runs again
	proc     trace.ProcID
	thread   trace.ThreadID
	function int64
	created  int64
	lifeCut  int64
	creator  int64
	origin   int64 // stack of the go statement
	regions  []region
}

type processor struct {
	state  trace.ProcState
	since  int64
	cut    int64
	thread trace.ThreadID
}

func (v *intervals) transition(ev *trace.Event) {
	st := ev.StateTransition()
	switch st.Resource.Kind {
	case trace.ResourceGoroutine:
		v.goroutine(ev, &st)
	case trace.ResourceProc:
		v.processor(ev, &st)
	}
}

func (v *intervals) goroutine(ev *trace.Event, st *trace.StateTransition) {
	id := st.Resource.Goroutine()
	from, to := st.Goroutine()
	g := v.goroutines[id]
	if g == nil {
		g = v.firstSight(ev, id, from)
	}
	if st.Stack != trace.NoStack && (from != to || g.stack == 0) {
		g.stack = v.stacks.id(st.Stack)
		if g.function == 0 {
			g.function = v.stacks.root[g.stack]
		}
	}
	if from == to {
		return // a generation repeats the status of every goroutine
	}
	if from == trace.GoWaiting && to == trace.GoRunnable {
		v.rowWakeup.add(v.now, int64(ev.Goroutine()), int64(id), g.reason, v.stacks.id(ev.Stack()), int64(ev.Proc()))
	}
	v.closeState(id, g, 0)
	if to == trace.GoNotExist {
		v.closeGoroutine(id, g, 0)
		delete(v.goroutines, id)
		return
	}
	g.state, g.since, g.cut = to, v.now, 0
	if from == trace.GoUndetermined {
		g.since, g.cut = v.synced, cutStart
	}
	g.reason, g.proc, g.thread = v.out.id(st.Reason), trace.NoProc, trace.NoThread
	if to.Executing() {
		g.proc, g.thread = ev.Proc(), ev.Thread()
	}
}

// firstSight starts the record of a goroutine that is new or existed before the trace.
func (v *intervals) firstSight(ev *trace.Event, id trace.GoID, from trace.GoState) *goroutine {
	g := &goroutine{created: v.synced, creator: -1, lifeCut: cutStart}
	if from == trace.GoNotExist {
		g.created, g.lifeCut = v.now, 0
		g.creator, g.origin = int64(ev.Goroutine()), v.stacks.id(ev.Stack())
	}
	v.goroutines[id] = g
	return g
}

func (v *intervals) closeState(id trace.GoID, g *goroutine, cut int64) {
	if g.state == trace.GoUndetermined {
		return
	}
	v.rowState.add(int64(id), int64(g.state), g.since, v.now, g.cut|cut, g.reason, g.stack, int64(g.proc), int64(g.thread))
}

func (v *intervals) closeGoroutine(id trace.GoID, g *goroutine, cut int64) {
	for depth, r := range g.regions {
		v.rowRegion.add(int64(id), r.task, r.name, r.since, v.now, cutEnd, int64(depth))
	}
	v.rowGoroutine.add(int64(id), g.function, g.created, v.now, g.lifeCut|cut, g.creator, g.origin)
}

func (v *intervals) processor(ev *trace.Event, st *trace.StateTransition) {
	id := st.Resource.Proc()
	from, to := st.Proc()
	p := v.processors[id]
	if p == nil {
		p = &processor{}
		v.processors[id] = p
		v.seen.Processors++
	}
	if from == to {
		return
	}
	v.closeProcessor(id, p, 0)
	p.state, p.since, p.cut, p.thread = to, v.now, 0, trace.NoThread
	if from == trace.ProcUndetermined {
		p.since, p.cut = v.synced, cutStart
	}
	if to.Executing() {
		p.thread = ev.Thread()
	}
}

func (v *intervals) closeProcessor(id trace.ProcID, p *processor, cut int64) {
	if p.state == trace.ProcUndetermined || p.state == trace.ProcNotExist {
		return
	}
	v.rowProcessor.add(int64(id), int64(p.state), p.since, v.now, p.cut|cut, int64(p.thread))
}
