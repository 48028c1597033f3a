"""What a heap ballast does to the Go garbage collector: a model of the pacer, and real Go programs."""
