package main

import "context"

// reserve asks the warehouse for an item and notes the reservation.
func reserve(ctx context.Context) {
	stock.Lock()
	defer stock.Unlock()
	askWarehouse(ctx)
	stock.add()
}
