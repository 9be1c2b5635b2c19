package export

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/decode"
)

// splitter finds the records of a JSON text. It lets names that are there twice
// pass: that is a fault of the record alone, and found when it is read.
type splitter struct {
	*pump
	src *source
	dec *jsontext.Decoder
	// start is the line on which the value at the top began, and listed says
	// that a list of records was met.
	start  int
	listed bool
	// columns are the names of the columns of the rows to come, if any were met.
	columns *Columns
	line    []byte // that was read last
}

var errStop = errors.New("nobody asks for more")

func newSplitter(p *pump, text io.Reader) *splitter {
	src := newSource(text)
	return &splitter{pump: p, src: src, dec: jsontext.NewDecoder(src, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
}

// run reads the values at the top. When the first is an object on a line of its
// own, or broken on the line on which it begins, the text is JSON Lines.
func (s *splitter) run() error {
	oneLine, err := s.top()
	if err == nil && oneLine {
		return s.lines(s.here(), 0)
	}
	if err != nil && err != io.EOF && err != errStop {
		return s.broken(err)
	}
	for err == nil {
		s.src.mark()
		_, err = s.top()
	}
	if err == io.EOF || err == errStop {
		return nil
	}
	return s.fatal(err)
}

// top reads one value at the top and reports whether it was an object that
// began and ended on one line and held no list of records.
func (s *splitter) top() (oneLine bool, err error) {
	switch s.dec.PeekKind() {
	case '{':
		return s.object()
	case '[':
		s.start = 0
		return false, s.list()
	}
	s.start = 0
	if _, err := s.dec.ReadToken(); err != nil {
		return false, err
	}
	if !s.reject(s.here(), notObject) {
		return false, errStop
	}
	return false, nil
}

// here is the line on which what was read last ends.
func (s *splitter) here() int { return s.src.at(s.dec.InputOffset()) }

// list reads a list of records.
func (s *splitter) list() error {
	if _, err := s.dec.ReadToken(); err != nil {
		return err
	}
	s.listed = true
	for s.dec.PeekKind() != ']' {
		s.src.mark()
		raw, err := s.dec.ReadValue()
		if err != nil {
			return err
		}
		line := s.src.at(s.dec.InputOffset() - int64(len(raw)))
		if !s.give(item{line: line, raw: raw}) {
			return errStop
		}
	}
	_, err := s.dec.ReadToken()
	return err
}

// rawMember is a name of an object with the JSON of its value.
type rawMember struct {
	name  string
	value jsontext.Value
}

// object reads an object at the top: a record, or what wraps the list of them.
func (s *splitter) object() (oneLine bool, err error) {
	if _, err := s.dec.ReadToken(); err != nil {
		return false, err
	}
	s.start, s.columns = s.here(), nil
	start := s.start
	members, wraps, err := s.members(false)
	if err != nil || wraps {
		return false, err
	}
	oneLine = s.here() == start
	o := make(Object, 0, len(members))
	var before seen
	for _, m := range members {
		v, some, err := parse(m.value)
		if err == nil && some && before.twice(o, m.name) {
			err = errTwice(m.name)
		}
		if err != nil {
			if !s.reject(start, why(err)) {
				return false, errStop
			}
			return oneLine, nil
		}
		if some {
			o = append(o, Member{m.name, v})
		}
	}
	if !s.give(item{line: start, object: o}) {
		return false, errStop
	}
	return oneLine, nil
}

// members reads the members of an object, at the top or nested, up to its end.
// Once a list of records was among them they are passed over.
func (s *splitter) members(nested bool) (all []rawMember, wraps bool, err error) {
	for s.dec.PeekKind() != '}' {
		token, err := s.dec.ReadToken()
		if err != nil {
			return nil, false, err
		}
		name, kind := token.String(), s.dec.PeekKind()
		read := s.wrapper(name, kind, nested)
		switch {
		case read != nil:
			wraps, all = true, nil
			if err := read(); err != nil {
				return nil, true, err
			}
		case wraps:
			if err := s.skip(); err != nil {
				return nil, true, err
			}
		default:
			raw, err := s.dec.ReadValue()
			if err != nil {
				return nil, false, err
			}
			s.head(name, raw)
			all = append(all, rawMember{name, raw.Clone()})
		}
	}
	_, err = s.dec.ReadToken()
	return all, wraps, err
}

// wrapper returns what reads the records in a member, when it is one that holds
// them.
func (s *splitter) wrapper(name string, kind jsontext.Kind, nested bool) func() error {
	lower := strings.ToLower(name) // Azure Monitor has written its names either way
	switch {
	case kind == '[' && s.columns != nil && len(s.columns.names) > 0 && (lower == "rows" || lower == "values"):
		return s.rows
	case kind == '[' && (slices.Contains([]string{"value", "results", "hits", "Findings"}, name) || slices.Contains(s.shape.Lists, name)):
		return s.list
	case kind == '[' && lower == "tables" && !nested:
		return s.tables
	case kind == '{' && (name == "hits" || slices.Contains(s.shape.Within, name)) && !nested:
		return s.hits
	}
	return nil
}

// hits reads the object that Elasticsearch puts around its list of hits.
func (s *splitter) hits() error {
	if _, err := s.dec.ReadToken(); err != nil {
		return err
	}
	_, _, err := s.members(true)
	return err
}

// skip passes over a value of any size.
func (s *splitter) skip() error {
	for depth := s.dec.StackDepth(); ; {
		s.src.mark()
		if _, err := s.dec.ReadToken(); err != nil || s.dec.StackDepth() <= depth {
			return err
		}
	}
}

const notObject = "the record is JSON, but not an object"

// parse reads a value, and reports whether it is one, not null.
func parse(raw []byte) (v Value, some bool, err error) {
	if v, some, ok := quick(string(raw)); ok {
		return v, some, nil
	}
	return careful(raw)
}

// careful reads what quick does not, and says what is wrong with it.
func careful(raw []byte) (v Value, some bool, err error) {
	var t tree
	err = json.Unmarshal(raw, &t)
	return t.value, t.some, err
}

func errTwice(name string) error { return errors.New("the key " + name + " is there twice") }

// why says in a message what is wrong with a record.
func why(err error) string {
	var text *jsontext.SyntacticError
	if errors.As(err, &text) {
		where := ""
		if text.JSONPointer != "" {
			where = " at " + string(text.JSONPointer)
		}
		return "the record is not JSON" + where + ": " + text.Err.Error()
	}
	return err.Error()
}

// broken decides what an error in the first value comes to. On the line on which
// the value begins it is that line's, and the reading goes on behind it.
func (s *splitter) broken(err error) error {
	if s.src.err != nil || s.listed {
		return s.fatal(err)
	}
	rest := s.here()
	line := s.lineOf(err)
	if s.start != 0 && s.start != line {
		return s.fatal(err)
	}
	if !s.reject(line, why(err)) {
		return nil
	}
	return s.lines(rest, line-rest+1)
}

// lineOf returns the line of an error in the text.
func (s *splitter) lineOf(err error) int {
	var text *jsontext.SyntacticError
	if errors.As(err, &text) {
		return s.src.at(max(text.ByteOffset, s.dec.InputOffset()))
	}
	return s.here()
}

// fatal is the error of a text that cannot be read on, or the error of the reader
// beneath, unchanged.
func (s *splitter) fatal(err error) error {
	switch {
	case s.src.err == errLong:
		return decode.Invalid(s.in.File, s.here(), "%v", errLong).Next("split the file into records of their own")
	case s.src.err != nil:
		return s.src.err
	}
	return decode.Invalid(s.in.File, s.lineOf(err), "%s", why(err)).Next("correct the file at this place; nothing behind it can be read")
}

// lines reads what the decoder has left as one object on each line, and passes
// over the first few of the lines. Line is the number of the first.
func (s *splitter) lines(line, skip int) error {
	s.src.counts = false // nobody asks for the line of an offset
	text := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(s.dec.UnreadBuffer())), s.src), 1<<16)
	for ; ; line++ {
		data, err := s.oneLine(text)
		switch {
		case err == io.EOF:
			return nil
		case err == errLong && skip <= 0:
			if !s.reject(line, errLong.Error()) {
				return nil
			}
		case err != nil && err != errLong:
			return err
		case skip <= 0 && len(data) > 0 && !s.give(item{line: line, raw: data}):
			return nil
		}
		skip--
	}
}

// oneLine returns the next line without the blanks around it; see rawLine.
func (s *splitter) oneLine(text *bufio.Reader) ([]byte, error) {
	data, err := s.rawLine(text)
	return bytes.TrimSpace(data), err
}

// rawLine returns the next line as it is, until the next call; io.EOF behind the last, and
// errLong for one that is too long, which is passed over.
func (s *splitter) rawLine(text *bufio.Reader) ([]byte, error) {
	data := s.line[:0]
	for n := 0; ; {
		s.src.mark()
		part, err := text.ReadSlice('\n')
		if n += len(part); n <= MaxRecord {
			data = append(data, part...)
			s.line = data
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && (err != io.EOF || n == 0) {
			return nil, err
		}
		if n > MaxRecord {
			return nil, errLong
		}
		return data, nil
	}
}
