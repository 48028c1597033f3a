package main

import (
	"context"
	"runtime/trace"
)

// deliver packs a parcel, then labels it.
func deliver(ctx context.Context, parcel int) {
	packing := trace.StartRegion(ctx, "packing")
	pack(ctx, parcel)
	labelling := trace.StartRegion(ctx, "labelling")
	packing.End()
	label(ctx, parcel)
	labelling.End()
}
