package stix

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/gzip"

	"candor/internal/attack"
	"candor/internal/fault"
)

// Why a meter stops. They never leave the package.
var (
	errTooLarge = errors.New("larger than the limit")
	errRatio    = errors.New("unpacks to too many times its size")
	errObject   = errors.New("one object is larger than the limit")
)

// freeRatio is how many bytes may be unpacked whatever the ratio.
const freeRatio = 16 << 20

// FileHash reads a file to its end and returns the SHA-256 and the size of its
// unpacked bytes, as Read does, without looking at what they say.
func FileHash(src Source) (attack.Hash, int64, error) {
	src.Limits = src.Limits.orDefault()
	m, err := newMeter(src)
	if err != nil {
		return attack.Hash{}, 0, err
	}
	s := &splitter{src: src, meter: m}
	if _, err := io.Copy(io.Discard, m); err != nil {
		return attack.Hash{}, 0, s.explain(err)
	}
	return m.sum(), m.n, nil
}

// meter counts, hashes and limits the unpacked bytes of a file.
type meter struct {
	r       io.Reader
	source  *counter
	packed  bool
	limits  Limits
	digest  hash.Hash
	n       int64
	allowed int64 // no read begins at or after this offset
	err     error // what ended the reading, io.EOF aside
}

// counter counts the packed bytes and tells trouble with the source from
// trouble with what it holds.
type counter struct {
	r   io.Reader
	n   int64
	err error // of the source, io.EOF aside
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

// newMeter looks at the first bytes and unpacks the file if it is gzip.
func newMeter(src Source) (*meter, error) {
	m := &meter{source: &counter{r: src.Reader}, limits: src.Limits, digest: sha256.New(), allowed: math.MaxInt64}
	br := bufio.NewReaderSize(m.source, 64<<10)
	m.r = br
	magic, err := br.Peek(2)
	if err != nil && err != io.EOF {
		return nil, fault.New(fault.Unavailable, "the file cannot be read").Because(err).At("%s", src.Name)
	}
	if string(magic) != "\x1f\x8b" {
		return m, nil
	}
	zr, err := gzip.NewReader(br)
	if err != nil {
		s := &splitter{src: src, meter: m}
		m.packed = true
		return nil, s.broken(err)
	}
	m.r, m.packed = zr, true
	return m, nil
}

// allow lets reads begin before an offset.
func (m *meter) allow(offset int64) { m.allowed = offset }

func (m *meter) sum() (h attack.Hash) {
	m.digest.Sum(h[:0])
	return h
}

// Read reads unpacked bytes.
func (m *meter) Read(p []byte) (int, error) {
	if err := m.check(); err != nil {
		m.err = err
		return 0, err
	}
	n, err := m.r.Read(p)
	m.n += int64(n)
	m.digest.Write(p[:n])
	if err != nil && err != io.EOF {
		m.err = err
	}
	return n, err
}

func (m *meter) check() error {
	switch {
	case m.n > m.limits.File:
		return errTooLarge
	case m.packed && m.n > freeRatio && m.n > m.limits.Ratio*m.source.n:
		return errRatio
	case m.n >= m.allowed:
		return errObject
	}
	return nil
}

// explain turns an error of the JSON decoder into one for people.
func (s *splitter) explain(err error) error {
	var at int64
	if s.json != nil {
		at = s.next()
	}
	switch {
	case errors.Is(s.meter.err, errTooLarge):
		return s.refuse(s.meter.n, "the file is larger than %d bytes unpacked", s.src.Limits.File)
	case errors.Is(s.meter.err, errRatio):
		return s.refuse(s.meter.n, "the file unpacks to more than %d times its size", s.src.Limits.Ratio)
	case errors.Is(s.meter.err, errObject):
		return s.tooLarge(at)
	case s.meter.err != nil:
		return s.broken(s.meter.err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return s.refuse(s.meter.n, "the file is cut off before the bundle ends")
	}
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return s.refuse(at, "this is not valid JSON").Because(err)
	}
	return s.refuse(syntax.ByteOffset, "this is not valid JSON: %v", syntax.Err)
}

// broken explains why no more bytes can be read.
func (s *splitter) broken(err error) error {
	switch {
	case s.meter.source.err != nil || !s.meter.packed:
		return fault.New(fault.Unavailable, "the file cannot be read").Because(err).At("%s", s.where(s.meter.n))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return s.refuse(s.meter.n, "the gzip file is cut off")
	}
	return s.refuse(s.meter.n, "the gzip file is damaged").Because(err)
}

func (s *splitter) tooLarge(at int64) error {
	return s.refuse(at, "one object is larger than %d bytes", s.src.Limits.Object)
}

// refuse returns a fault at an offset of the unpacked file.
func (s *splitter) refuse(at int64, format string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, format, args...).At("%s", s.where(at)).
		Next("get the file again from its source and compare its SHA-256 with the published one")
}

// where writes the place of an offset.
func (s *splitter) where(at int64) string {
	if s.src.Name == "" {
		return fmt.Sprintf("byte %d", at)
	}
	return fmt.Sprintf("%s: byte %d", s.src.Name, at)
}
