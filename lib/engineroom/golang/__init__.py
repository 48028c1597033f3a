"""Everything that touches the Go toolchain: find, build, run, `%%go`, read a trace."""
