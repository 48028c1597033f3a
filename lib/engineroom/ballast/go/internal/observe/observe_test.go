package observe

import (
	"runtime"
	"testing"
)

func TestGOGCTakesAPercentageOrOff(t *testing.T) {
	for text, want := range map[string]GOGC{"off": -1, "1": 1, "100": 100, "100000": 100_000} {
		var g GOGC
		if err := g.Set(text); err != nil || g != want || g.String() != text {
			t.Errorf("%q gave %d (%s), %v", text, g, &g, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "OFF", "1.5", "100001", "99999999999999999999"} {
		if g := GOGC(7); g.Set(text) == nil {
			t.Errorf("%q was accepted as %d", text, g)
		}
	}
}

func TestLiveHeapHasTheSizeAskedForAndIsLinked(t *testing.T) {
	const askedMB = 8
	gauges := NewGauges(Live)
	runtime.GC()
	gauges.Read()
	before := gauges.Get(Live)
	nodes := LiveHeap(askedMB)
	runtime.GC()
	gauges.Read()
	grew := (gauges.Get(Live) - before) / MB
	if grew < askedMB*0.99 || grew > askedMB*1.01 {
		t.Errorf("the live heap grew by %.2f MB, want %d", grew, askedMB)
	}
	if last := nodes[len(nodes)-1]; last.Next != nodes[len(nodes)-2] || nodes[0].Next != nil {
		t.Error("a node does not point to the one before it")
	}
	runtime.KeepAlive(nodes)
}

func TestGaugesMoveByWhatHappened(t *testing.T) {
	gauges := NewGauges(AllCycles)
	before := gauges.All()
	runtime.GC()
	runtime.GC()
	gauges.Read()
	if got := gauges.Since(before)[AllCycles]; got < 2 {
		t.Errorf("two forced cycles moved the counter by %g", got)
	}
}

func TestLessKnowsThatUnknownStaysUnknown(t *testing.T) {
	five, two := 5.0, 2.0
	if got := Less(&five, &two); got == nil || *got != 3 {
		t.Errorf("5 - 2 is %v", got)
	}
	if Less(nil, &two) != nil || Less(&five, nil) != nil {
		t.Error("a difference with an unknown is known")
	}
}

func TestABallastLivesOnlyAsLongAsSomethingRefersToIt(t *testing.T) {
	const sizeMB = 64
	gauges := NewGauges(Live)
	liveMB := func() float64 {
		runtime.GC()
		gauges.Read()
		return gauges.Get(Live) / MB
	}
	_ = Ballast(sizeMB) // as good as nothing
	if got := liveMB(); got > sizeMB/2 {
		t.Errorf("a ballast that nobody holds is still there: %.0f MB live", got)
	}
	ballast := Ballast(sizeMB)
	if got := liveMB(); got < sizeMB {
		t.Errorf("a ballast that is needed later is gone: %.0f MB live", got)
	}
	runtime.KeepAlive(ballast)
	if got := liveMB(); got > sizeMB/2 {
		t.Errorf("a ballast is still there after its last use: %.0f MB live", got)
	}
}
