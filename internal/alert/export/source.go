package export

import (
	"bytes"
	"errors"
	"io"
)

// MaxRecord is the longest record that is read, in bytes.
const MaxRecord = 16 << 20

var errLong = errors.New("a record is longer than 16 MiB")

// source counts the lines of what is read from it, and refuses to hand out more
// than MaxRecord bytes between two marks.
type source struct {
	r      io.Reader
	n      int64   // bytes handed out
	counts bool    // line breaks are counted
	room   int     // bytes that may be handed out before the next mark
	breaks []int64 // offsets of the line breaks that at has not passed
	line   int     // of the offset that at was last asked for
	err    error   // of the reader, other than io.EOF
}

func newSource(r io.Reader) *source { return &source{r: r, room: MaxRecord, line: 1, counts: true} }

func (s *source) mark() { s.room = MaxRecord }

func (s *source) Read(p []byte) (int, error) {
	if s.room <= 0 {
		s.err = errLong
		return 0, s.err
	}
	n, err := s.r.Read(p)
	for at := 0; s.counts; {
		i := bytes.IndexByte(p[at:n], '\n')
		if i < 0 {
			break
		}
		at += i + 1
		s.breaks = append(s.breaks, s.n+int64(at-1))
	}
	s.n += int64(n)
	s.room -= n
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// at returns the line of an offset, which must not be before the last one that
// was asked for.
func (s *source) at(offset int64) int {
	i := 0
	for i < len(s.breaks) && s.breaks[i] < offset {
		i++
	}
	s.line += i
	s.breaks = append(s.breaks[:0], s.breaks[i:]...)
	return s.line
}
