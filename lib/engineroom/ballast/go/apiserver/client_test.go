package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestQuantileIsTheNearestRank(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	for _, test := range []struct {
		q    float64
		want float64
	}{{0, 1}, {0.5, 50}, {0.9, 90}, {0.99, 99}, {0.995, 100}, {1, 100}} {
		if got := quantile(hundred, test.q); got != test.want {
			t.Errorf("quantile %g of 1..100 is %v, want %g", test.q, got, test.want)
		}
	}
	if got := quantile([]float64{7}, 0.99); got != 7.0 {
		t.Errorf("quantile of one value is %v, want 7", got)
	}
	if got := quantile(nil, 0.5); got != nil {
		t.Errorf("quantile of nothing is %v, want nil", got)
	}
}

func TestScheduleIsAPoissonProcessThatRepeats(t *testing.T) {
	due := schedule(200, 50, rand.New(rand.NewPCG(1, 2)))
	// 10,000 expected, standard deviation 100.
	if math.Abs(float64(len(due))-10_000) > 400 {
		t.Errorf("%d requests in 50 s at 200 per second", len(due))
	}
	if !slices.IsSorted(due) || due[len(due)-1] > 50*time.Second {
		t.Error("requests are out of order or after the end")
	}
	if again := schedule(200, 50, rand.New(rand.NewPCG(1, 2))); !slices.Equal(due, again) {
		t.Error("the same seed gave another schedule")
	}
}
