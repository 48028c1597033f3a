//go:build unix

package observe

import (
	"fmt"
	"os"
	"syscall"
)

// ReadProcess reads this process's memory from /proc (Linux) and its CPU time.
func ReadProcess() (p Process) {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) == nil {
		cpu := seconds(usage.Utime) + seconds(usage.Stime)
		faults := float64(usage.Minflt)
		p.CPUSeconds, p.MinorFaults = &cpu, &faults
	}
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		var vsz, rss float64
		if n, _ := fmt.Sscan(string(statm), &vsz, &rss); n == 2 {
			page := float64(os.Getpagesize())
			vsz, rss = vsz*page, rss*page
			p.VSZBytes, p.RSSBytes = &vsz, &rss
		}
	}
	return p
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
