// Package stage lets a program say in its execution trace what its goroutines are called and when
// they work, so that its timeline can be laid beside the model's.
package stage

import (
	"context"
	"fmt"
	"os"
	"runtime/trace"
	"time"
)

// Run calls main with tracing on. The trace goes to the file named by ENGINEROOM_TRACE and ends when
// main and, after it, linger have returned: linger waits for goroutines that outlive main.
func Run(main func() any, linger func()) {
	file, err := os.Create(os.Getenv("ENGINEROOM_TRACE"))
	if err != nil {
		fail(err)
	}
	if err := trace.Start(file); err != nil {
		fail(err)
	}
	Enter("main")
	trace.Log(context.Background(), "main", "begins")
	result := main()
	trace.Log(context.Background(), "main", "returns")
	linger()
	trace.Stop()
	if err := file.Close(); err != nil {
		fail(err)
	}
	fmt.Println(result)
}

// Enter gives the calling goroutine its name.
func Enter(name string) {
	trace.Log(context.Background(), "name", name)
}

// Work stands for a remote call that takes a while. It stops early when ctx is done and returns why.
func Work(ctx context.Context, call string, duration time.Duration) error {
	defer trace.StartRegion(context.Background(), call).End()
	select {
	case <-time.After(duration):
		return nil
	case <-ctx.Done():
		trace.Log(context.Background(), "cancelled", call)
		return context.Cause(ctx)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
