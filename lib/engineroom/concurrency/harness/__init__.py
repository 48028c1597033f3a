"""The hidden harnesses that exercises in Go are tried with."""
