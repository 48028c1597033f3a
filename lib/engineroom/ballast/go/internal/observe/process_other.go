//go:build !unix

package observe

// ReadProcess knows nothing on this system.
func ReadProcess() Process { return Process{} }
