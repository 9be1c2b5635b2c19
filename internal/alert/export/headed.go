package export

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// headed reads a log whose lines #fields and #separator say how it is written, as Zeek
// does: the values of a set or a vector are a list, and what is unset or empty is no
// value. Rows before the names of the fields are rejects.
func (p *pump) headed(text *bufio.Reader) error {
	s := newSplitter(p, text)
	s.src.counts = false
	h := &heading{separator: "\t", set: ",", empty: "(empty)", unset: "-"}
	lines := bufio.NewReaderSize(s.src, 1<<16)
	for line := 1; ; line++ {
		data, err := s.rawLine(lines)
		data = bytes.TrimRight(data, "\r\n")
		switch {
		case err == io.EOF:
			return nil
		case err == errLong:
			if !p.reject(line, errLong.Error()) {
				return nil
			}
		case err != nil:
			return err
		case len(data) == 0:
		case data[0] == '#':
			h.learn(string(data))
		default:
			o, wrong := h.row(string(data))
			if wrong != "" && !p.reject(line, wrong) || wrong == "" && !p.give(item{line: line, object: o}) {
				return nil
			}
		}
	}
}

// heading is how such a log is written.
type heading struct {
	separator, set, empty, unset string
	columns                      Columns
	types                        []string
}

// learn reads a line that begins with #.
func (h *heading) learn(line string) {
	if code, ok := strings.CutPrefix(line, "#separator "); ok {
		if text, err := strconv.Unquote(`"` + strings.TrimSpace(code) + `"`); err == nil && text != "" {
			h.separator = text
		}
		return
	}
	name, rest, _ := strings.Cut(line, h.separator)
	switch name {
	case "#set_separator":
		h.set = rest
	case "#empty_field":
		h.empty = rest
	case "#unset_field":
		h.unset = rest
	case "#fields":
		h.columns = NewColumns(strings.Split(rest, h.separator))
	case "#types":
		h.types = strings.Split(rest, h.separator)
	}
}

// row reads a line of values, or says what is wrong with it.
func (h *heading) row(line string) (o Object, wrong string) {
	cells := strings.Split(line, h.separator)
	switch {
	case len(h.columns.names) == 0:
		return nil, "the row stands before the line #fields that names its values"
	case len(cells) != len(h.columns.names):
		return nil, "the row has " + strconv.Itoa(len(cells)) + " values, and #fields names " + strconv.Itoa(len(h.columns.names))
	case !utf8.ValidString(line):
		return nil, "not UTF-8"
	}
	return h.columns.row(func(i int) (Value, bool) {
		c := cells[i]
		switch {
		case c == h.unset, c == h.empty, c == "":
			return Value{}, false
		case h.set != "" && i < len(h.types) && (strings.HasPrefix(h.types[i], "set[") || strings.HasPrefix(h.types[i], "vector[")):
			var list []Value
			for e := range strings.SplitSeq(c, h.set) {
				list = append(list, TextValue(e))
			}
			return ListValue(list), true
		}
		return TextValue(c), true
	}), ""
}

// startsHeaded reports whether a head is that of such a log.
func startsHeaded(head []byte) bool {
	return slices.ContainsFunc([]string{"#separator ", "#fields\t", "#path\t"}, func(s string) bool { return bytes.HasPrefix(head, []byte(s)) })
}
