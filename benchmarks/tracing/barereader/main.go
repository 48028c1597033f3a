// Barereader reads a trace with the toolchain's reader and does nothing with the events.
package main

import (
	"fmt"
	"internal/trace"
	"io"
	"log"
	"os"
)

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	reader, err := trace.NewReader(file)
	if err != nil {
		log.Fatal(err)
	}
	for n := 0; ; n++ {
		if _, err := reader.ReadEvent(); err == io.EOF {
			fmt.Println(n)
			return
		} else if err != nil {
			log.Fatal(err)
		}
	}
}
