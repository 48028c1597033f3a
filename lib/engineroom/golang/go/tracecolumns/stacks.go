package main

import (
	"encoding/binary"
	"internal/trace"
	"iter"
	"strings"
)

// stacks numbers call stacks. A stack's handle is only valid within its generation, so
// the same frames met again in the next one are recognised by content.
type stacks struct {
	out     *output
	ends    *table
	frames  *table
	handles map[trace.Stack]int64
	known   map[string]int64
	root    []int64 // by stack number: the string number of its outermost function
	key     []byte
}

func newStacks(out *output) *stacks {
	s := &stacks{out: out, known: map[string]int64{}}
	s.ends = out.table("stacks", "end:i8 user:i4 root:u4")
	s.frames = out.table("frames", "function:u4 file:u4 line:u4")
	s.forget()
	s.store(trace.NoStack.Frames())
	return s
}

// forget drops the handles at the end of a generation.
func (s *stacks) forget() { s.handles = map[trace.Stack]int64{trace.NoStack: 0} }

// id returns the stack's number; 0 is the empty stack.
func (s *stacks) id(stack trace.Stack) int64 {
	id, ok := s.handles[stack]
	if !ok {
		id = s.store(stack.Frames())
		s.handles[stack] = id
	}
	return id
}

func (s *stacks) store(frames iter.Seq[trace.StackFrame]) int64 {
	s.key = s.key[:0]
	user, root, depth := int64(-1), int64(0), int64(0)
	for f := range frames {
		root = s.out.id(f.Func)
		if user < 0 && isUser(f.Func) {
			user = depth
		}
		for _, v := range [3]int64{root, s.out.id(f.File), int64(f.Line)} {
			s.key = binary.LittleEndian.AppendUint32(s.key, uint32(v))
		}
		depth++
	}
	if id, ok := s.known[string(s.key)]; ok {
		return id
	}
	for k := s.key; len(k) > 0; k = k[12:] {
		s.frames.add(number(k), number(k[4:]), number(k[8:]))
	}
	id := s.ends.rows
	s.ends.add(s.frames.rows, user, root)
	s.root = append(s.root, root)
	s.known[string(s.key)] = id
	return id
}

func number(b []byte) int64 { return int64(binary.LittleEndian.Uint32(b)) }

// isUser tells the program's own functions from the standard library's: their import
// path is "main" or begins with a host name.
func isUser(function string) bool {
	first, _, nested := strings.Cut(function, "/")
	return strings.HasPrefix(function, "main.") || nested && strings.Contains(first, ".")
}
