package main

import "context"

// handle makes a thumbnail of one picture.
func handle(ctx context.Context, id string) {
	fetch(id)
	shrink(id)
	store(id)
}
