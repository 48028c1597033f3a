// Package traced records a function's execution trace into the file named by -o.
package traced

import (
	"flag"
	"log"
	"os"
	"runtime/trace"
)

var path = flag.String("o", "", "write the execution trace to this file")

// Run parses the flags, then calls f while a trace is being recorded if -o was given.
func Run(f func()) {
	if !flag.Parsed() {
		flag.Parse()
	}
	if *path == "" {
		f()
		return
	}
	file, err := os.Create(*path)
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(file); err != nil {
		log.Fatal(err)
	}
	f()
	trace.Stop()
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}
