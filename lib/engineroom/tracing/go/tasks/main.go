// Tasks annotates a copy job as one task with a goroutine per file and two regions in each.
//
// With -misnested a region outlives the one around it. With -exit the program leaves
// without stopping the trace.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime/trace"
	"sync"

	"engineroom/tracing/traced"
)

var (
	files     = flag.Int("files", 2, "files to copy")
	kib       = flag.Int("kib", 256, "size of each file in KiB")
	misnested = flag.Bool("misnested", false, "end the regions in the wrong order")
	exit      = flag.Bool("exit", false, "leave through os.Exit while tracing")
)

func main() {
	folder, err := os.MkdirTemp(".", "copy")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	flag.Parse()
	for i := range *files {
		if err := os.WriteFile(source(folder, i), make([]byte, *kib<<10), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	traced.Run(func() { copyAll(folder) })
}

func source(folder string, i int) string { return filepath.Join(folder, fmt.Sprint("source", i)) }

func copyAll(folder string) {
	ctx, task := trace.NewTask(context.Background(), "copy files")
	defer task.End()
	var all sync.WaitGroup
	all.Add(*files)
	for i := range *files {
		go copyOne(ctx, folder, i, &all)
	}
	all.Wait()
	if *exit {
		os.Exit(0)
	}
}

func copyOne(ctx context.Context, folder string, i int, all *sync.WaitGroup) {
	defer all.Done()
	ctx, task := trace.NewTask(ctx, "copy file")
	defer task.End()
	trace.Logf(ctx, "file", "source%d", i)
	reading := trace.StartRegion(ctx, "reading file")
	content, err := os.ReadFile(source(folder, i))
	if err != nil {
		log.Fatal(err)
	}
	if *misnested {
		defer trace.StartRegion(ctx, "checking").End()
	}
	reading.End()
	trace.WithRegion(ctx, "writing file", func() {
		err = os.WriteFile(source(folder, i)+".copy", content, 0o600)
	})
	if err != nil {
		log.Fatal(err)
	}
	trace.Logf(ctx, "bytes", "%d", len(content))
}
