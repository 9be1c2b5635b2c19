package bulk

import (
	"bytes"
	"io"

	"candor/internal/alert/jsonl"
)

// blockSize is how many bytes of whole lines make a block, about.
const blockSize = 256 << 10

// cutter cuts a text into blocks of whole lines.
type cutter struct {
	text io.Reader
	line int    // the number of the next line
	rest []byte // read, but not in a block yet
	err  error  // what ended the reading
}

// next returns the next block, or nil, and the error that ended the reading. What
// a failing reader leaves behind the last line break is in no block.
func (c *cutter) next() (*block, error) {
	for c.err == nil {
		end := bytes.LastIndexByte(c.rest, '\n') + 1
		switch {
		case end > 0 && len(c.rest) >= blockSize:
			return c.cut(end), nil
		case end == 0 && len(c.rest) > jsonl.MaxLine:
			return c.passLong(), nil
		}
		c.fill()
	}
	if c.err != io.EOF {
		c.rest = c.rest[:bytes.LastIndexByte(c.rest, '\n')+1]
	}
	if len(c.rest) == 0 {
		return nil, c.err
	}
	return c.cut(len(c.rest)), c.err
}

// fill reads on.
func (c *cutter) fill() {
	if free := cap(c.rest) - len(c.rest); free < blockSize {
		c.rest = append(make([]byte, 0, 2*max(cap(c.rest), blockSize)), c.rest...)
	}
	n, err := c.text.Read(c.rest[len(c.rest):min(cap(c.rest), len(c.rest)+blockSize)])
	c.rest, c.err = c.rest[:len(c.rest)+n], err
}

// cut takes a block of the bytes before end.
func (c *cutter) cut(end int) *block {
	b := &block{text: string(c.rest[:end]), line: c.line}
	c.line += bytes.Count(c.rest[:end], []byte("\n"))
	c.rest = append(c.rest[:0], c.rest[end:]...)
	return b
}

// passLong passes over a line that is longer than is read.
func (c *cutter) passLong() *block {
	b := &block{line: c.line, long: true}
	c.line++
	for c.err == nil {
		if end := bytes.IndexByte(c.rest, '\n') + 1; end > 0 {
			c.rest = append(c.rest[:0], c.rest[end:]...)
			return b
		}
		c.rest = c.rest[:0]
		c.fill()
	}
	if end := bytes.IndexByte(c.rest, '\n') + 1; end > 0 {
		c.rest = append(c.rest[:0], c.rest[end:]...)
	} else {
		c.rest = c.rest[:0]
	}
	return b
}
