package observe

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Number declares a flag that takes a number from low to high. A wrong one ends the
// program with a clear sentence.
func Number(name string, value, low, high float64, meaning string) *float64 {
	flag.Func(name, fmt.Sprintf("%s: from %g to %g, else %g", meaning, low, high, value), func(text string) error {
		got, err := strconv.ParseFloat(text, 64)
		if err != nil {
			Fail("-%s is %q; it must be a number between %g and %g.", name, text, low, high)
		}
		Within(name, got, low, high)
		value = got
		return nil
	})
	return &value
}

// Whole declares a flag that takes a whole number from low to high.
func Whole(name string, value, low, high int, meaning string) *int {
	flag.Func(name, fmt.Sprintf("%s: from %d to %d, else %d", meaning, low, high, value), func(text string) error {
		got, err := strconv.Atoi(text)
		if err != nil {
			Fail("-%s is %q; it must be a whole number between %d and %d.", name, text, low, high)
		}
		Within(name, float64(got), float64(low), float64(high))
		value = got
		return nil
	})
	return &value
}

// OneOf declares a flag that takes one of the given words; the first is the default.
func OneOf(name, meaning string, words ...string) *string {
	value, known := words[0], strings.Join(words, ", ")
	flag.Func(name, fmt.Sprintf("%s: %s; else %s", meaning, known, value), func(text string) error {
		if !slices.Contains(words, text) {
			Fail("-%s is %q; it must be one of: %s.", name, text, known)
		}
		value = text
		return nil
	})
	return &value
}

// Within ends the program with a clear sentence unless low <= value <= high.
func Within(flagName string, value, low, high float64) {
	if math.IsNaN(value) || value < low || value > high {
		Fail("-%s is %g; it must be between %g and %g.", flagName, value, low, high)
	}
}

// GOGC is a percentage, or -1 for "off".
type GOGC int

// String writes the percentage as the GOGC variable would hold it.
func (g *GOGC) String() string {
	if *g < 0 {
		return "off"
	}
	return strconv.Itoa(int(*g))
}

// Set parses a percentage from 1 to 100000, or "off".
func (g *GOGC) Set(text string) error {
	if text == "off" {
		*g = -1
		return nil
	}
	percent, err := strconv.Atoi(text)
	if err != nil || percent < 1 || percent > 100_000 {
		return fmt.Errorf("it must be off, or a whole percentage from 1 to 100000")
	}
	*g = GOGC(percent)
	return nil
}
