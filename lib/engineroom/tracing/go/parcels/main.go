// Parcels packs and labels parcels. An exercise repairs the regions of deliver.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"runtime/trace"
	"time"

	"engineroom/tracing/traced"
)

var parcels = flag.Int("parcels", 5, "parcels to deliver")

func main() {
	traced.Run(func() {
		for i := range *parcels {
			deliver(context.Background(), i)
		}
	})
}

func pack(ctx context.Context, parcel int) {
	time.Sleep(200 * time.Microsecond)
	trace.Log(ctx, "packed", fmt.Sprint(parcel))
}

func label(ctx context.Context, parcel int) {
	time.Sleep(200 * time.Microsecond)
	trace.Log(ctx, "labelled", fmt.Sprint(parcel))
}
