package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
)

const flushAt = 1 << 17 // bytes of a column in memory

// column is one raw little-endian array on its way into a file of its own.
type column struct {
	name string
	kind string // NumPy's name for the element type: u1, u4, i4 or i8
	size byte   // of an element, in bytes: the digit in its kind
	file *os.File
	buf  []byte
}

func (c *column) put(v int64) {
	switch c.size {
	case '8':
		c.buf = binary.LittleEndian.AppendUint64(c.buf, uint64(v))
	case '4':
		c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(v))
	case '1':
		c.buf = append(c.buf, byte(v))
	}
}

func (c *column) flush() error {
	_, err := c.file.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}

// table is a set of columns of equal length.
type table struct {
	name    string
	rows    int64
	columns []*column
	out     *output
}

// add appends one row; the values come in the order of the table's declaration.
func (t *table) add(values ...int64) {
	t.rows++
	if t.out.folder == "" {
		return
	}
	for i, v := range values {
		t.columns[i].put(v)
	}
	if len(t.columns[0].buf) >= flushAt {
		t.flush()
	}
}

func (t *table) flush() {
	for _, c := range t.columns {
		t.out.failed(c.flush())
	}
}

// output is a folder with one file per column. Without a folder rows are only counted.
type output struct {
	folder string
	tables []*table
	text   *column
	ends   *table
	ids    map[string]int64
	length int64
	err    error
}

func newOutput(folder string) *output {
	o := &output{folder: folder, ids: map[string]int64{}}
	o.ends = o.table("strings", "end:i8")
	o.text = o.column("strings", "text:u1")
	o.append("")
	return o
}

func (o *output) column(table, spec string) *column {
	name, kind, _ := strings.Cut(spec, ":")
	c := &column{name: name, kind: kind, size: kind[1]}
	if o.folder != "" {
		file, err := os.Create(filepath.Join(o.folder, table+"."+name))
		c.file = file
		o.failed(err)
	}
	return c
}

// table declares a table by its columns, written as "name:kind name:kind …".
func (o *output) table(name, specs string) *table {
	t := &table{name: name, out: o}
	for _, spec := range strings.Fields(specs) {
		t.columns = append(t.columns, o.column(name, spec))
	}
	o.tables = append(o.tables, t)
	return t
}

// append stores a string without looking whether it is there already.
func (o *output) append(s string) int64 {
	o.length += int64(len(s))
	o.ends.add(o.length)
	if o.folder != "" {
		o.text.buf = append(o.text.buf, s...)
		if len(o.text.buf) >= flushAt {
			o.failed(o.text.flush())
		}
	}
	return o.ends.rows - 1
}

// id returns the number of a string that is likely to come again.
func (o *output) id(s string) int64 {
	if s == "" {
		return 0
	}
	id, ok := o.ids[s]
	if !ok {
		id = o.append(strings.Clone(s))
		o.ids[s] = id
	}
	return id
}

func (o *output) close() error {
	if o.folder == "" {
		return nil
	}
	for _, t := range o.tables {
		t.flush()
		for _, c := range t.columns {
			o.failed(c.file.Close())
		}
	}
	o.failed(o.text.flush())
	o.failed(o.text.file.Close())
	return o.err
}

// failed keeps the first error of a write.
func (o *output) failed(err error) {
	if o.err == nil {
		o.err = err
	}
}

// layout describes the files for the reader on the other side: table -> [[column, kind], …].
func (o *output) layout() map[string][][2]string {
	tables := map[string][][2]string{}
	for _, t := range o.tables {
		for _, c := range t.columns {
			tables[t.name] = append(tables[t.name], [2]string{c.name, c.kind})
		}
	}
	return tables
}
