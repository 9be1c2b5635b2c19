package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/alert/tabular"
	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/mapping"
)

// mapped is the format of records other than alerts that come through a mapping file.
const mapped = "mapped"

// isMapped reports whether a format is that of what comes through a mapping file.
func isMapped(format string) bool {
	return format == mapped || format == mappedCSV || format == mappedJSON
}

// mappedFormats are the formats of what comes through a mapping file, of every kind but
// alerts.
func mappedFormats() []format {
	var out []format
	for _, kind := range mapping.Kinds() {
		if kind != evidence.Alerts {
			out = append(out, format{Format: Format{kind, mapped, "Any table or JSON, through a mapping file that says what makes which field", "candor evidence add " + kind + " --mapping mapping.yaml export.csv"}})
		}
	}
	return out
}

// readMapping reads the mapping file of a request: its bytes, what it says in version 1,
// of alerts alone, or in version 2, and warnings. All are nil where none is named.
func (r Request) readMapping() (said []byte, old *tabular.Mapping, m *mapping.Mapping, warnings []string, err error) {
	if r.Mapping == "" {
		return nil, nil, nil, nil, nil
	}
	at := within(r.Dir, r.Mapping)
	if _, err := os.Stat(at); errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil, nil, fault.New(fault.NotFound, "there is no such mapping file").At("%s", r.Mapping).Next("check the path")
	}
	if said, err = (location{path: r.Mapping, at: at}).read(); err != nil {
		return nil, nil, nil, nil, err
	}
	switch {
	case mapping.Is(said):
		m, warnings, err = mapping.Decode(r.Mapping, said)
		if err == nil && m.Of() != r.Kind {
			err = fault.New(fault.Usage, "the mapping is of %s, and %s are added", m.Of(), r.Kind).At("%s", r.Mapping).Next("add the file as %s, or name another mapping", m.Of())
		}
	case r.Kind != evidence.Alerts:
		err = fault.New(fault.Invalid, "the file is no mapping of %s: it does not say kind: %s", r.Kind, mapping.Kind).At("%s", r.Mapping).
			Next("start from: candor evidence map --kind %s FILE", r.Kind)
	default:
		old, warnings, err = tabular.DecodeMapping(r.Mapping, said)
	}
	return said, old, m, warnings, err
}

// recast makes of files of any shape files of Candor's own format of the batch's kind.
func (b *batch) recast(files []file, m *mapping.Mapping) error {
	b.forced, b.as, b.texts = m.Format(), mapped, map[string]*mapping.Text{}
	for i, f := range files {
		dates, err := ordered(f, m)
		if err != nil {
			return err
		}
		t := m.Text(export.Input{File: f.shown, Text: bytes.NewReader(f.data), Dates: dates, Reject: b.rejects.add, Warn: func(w string) { b.warnings = append(b.warnings, f.shown+": "+w) }})
		data, err := io.ReadAll(io.LimitReader(t, maxFile+1))
		t.Close()
		if err != nil {
			return err
		}
		if len(data) > maxFile {
			return tooLarge(f.shown, maxFile)
		}
		files[i].data, b.texts[f.shown] = data, t
		b.leave(t, f.shown)
	}
	return nil
}

// ordered returns the order of day and month in the dates of a file, which all of them
// tell.
func ordered(f file, m *mapping.Mapping) (*decode.Dates, error) {
	if !decode.HasDates(f.data) {
		return decode.NewDates(decode.Untold), nil
	}
	seen := decode.NewDates(decode.Untold)
	t := m.Text(export.Input{File: f.shown, Text: bytes.NewReader(f.data), Dates: seen, Reject: func(evidence.Reject) {}, Warn: func(string) {}})
	defer t.Close()
	if _, err := io.Copy(io.Discard, t); err != nil {
		return nil, err
	}
	return seen.Tell(f.shown, "say in the mapping which comes first: dates: day-first, or dates: month-first")
}

// leave counts what a mapping leaves out of a file.
func (b *batch) leave(t *mapping.Text, shown string) {
	n, why := t.LeftOut()
	if n > 0 {
		b.LeftOut += n
		b.warnings = append(b.warnings, shown+": "+why)
	}
}

// placed returns a reject of what a mapping made as one of the file that people have.
func (b *batch) placed(r evidence.Reject) evidence.Reject {
	if t := b.texts[r.File]; t != nil {
		return t.Place(r)
	}
	return r
}

// situated returns what is said behind the name of a file, with the line that people have.
func (b *batch) situated(shown, said string) string {
	t := b.texts[shown]
	line, rest, is := strings.Cut(strings.TrimPrefix(said, ":"), ":")
	n, err := strconv.Atoi(line)
	if t == nil || !is || err != nil || !strings.HasPrefix(said, ":") {
		return said
	}
	return fmt.Sprintf(":%d:%s", t.Place(evidence.Reject{Line: n}).Line, rest)
}

// through reads alerts or dispositions through a mapping.
func (in *alertInput) through(ctx context.Context, l location, head []byte, input export.Input, p pass) iter.Seq2[*alert.Alert, error] {
	name := mapped
	if in.kind == evidence.Alerts {
		if name = mappedCSV; bytes.HasPrefix(head, []byte("{")) || bytes.HasPrefix(head, []byte("[")) {
			name = mappedJSON
		}
	}
	p.format(name)
	return func(yield func(*alert.Alert, error) bool) {
		t := in.recast.Text(input)
		defer t.Close()
		reject := p.reject
		p.reject = func(r evidence.Reject) { reject(t.Place(r)) }
		input.Text, input.Reject = t, p.reject
		list := formatsOf(in.kind)
		own := choose(list, in.recast.Format(), nil, "")
		var alerts iter.Seq2[*alert.Alert, error]
		if own.statements != nil {
			alerts = in.addressed(ctx, l, own.statements(input), p)
		} else {
			alerts = own.alerts(input)
		}
		for a, err := range alerts {
			if !yield(a, err) || err != nil {
				return
			}
		}
		p.left(t, l.path)
	}
}
