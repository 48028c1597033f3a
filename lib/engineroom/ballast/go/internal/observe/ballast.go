package observe

// A Node is 64 bytes, the size of a small struct, and all of it is scanned because
// its pointer comes last.
type Node struct {
	Payload [7]uint64
	Next    *Node
}

const nodeBytes = 64 + 8 // the node and the slice element that holds it

// LiveHeap builds about the given number of megabytes out of nodes. Keep what it
// returns alive, or the next cycle frees it.
func LiveHeap(mb float64) []*Node {
	nodes := make([]*Node, int(mb*MB/nodeBytes))
	var previous *Node
	for i := range nodes {
		previous = &Node{Next: previous}
		nodes[i] = previous
	}
	return nodes
}

// Ballast reserves that many megabytes and does not touch them. Bytes hold no
// pointers, so the collector marks the whole slice in one step. Without
// runtime.KeepAlive at the end of the program it would be freed at the first cycle.
func Ballast(mb float64) []byte { return make([]byte, int(mb*MB)) }
