"""What a heap ballast does to the Go garbage collector: the pacer modelled, and real Go programs beside it."""
