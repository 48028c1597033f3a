package main

import (
	"encoding/json"
	"os"
	"time"
)

const maxStack = 64 << 20 // bytes of one goroutine; by default a recursion without end takes a gigabyte first

// drawn is what the check drew from its seed for the last trial; each exercise fills in what it needs.
type drawn struct {
	Names    []string
	Seconds  []int // how long each city's call takes
	Costs    []int64
	Values   []int    // what each city's call gives
	Fails    []string // the cities whose calls fail
	Limit    int
	Capacity int64
	Callers  []struct {
		City         string
		At, Patience time.Duration // in milliseconds; no patience means that of a saint
	}
}

func draw() (d drawn) {
	if err := json.Unmarshal([]byte(os.Getenv("ENGINEROOM_DRAWN")), &d); err != nil {
		panic(err)
	}
	return d
}

func (d drawn) failing() map[string]bool {
	fails := map[string]bool{}
	for _, name := range d.Fails {
		fails[name] = true
	}
	return fails
}
