package ingest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"candor/internal/alert/export"
	"candor/internal/decode/workbook"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/mapping"
	"candor/internal/store"
)

// Proposed is a mapping for a file, and what it makes of the file's first records.
type Proposed struct {
	mapping.Proposal
	// Shown are the first records as they would land, in Candor's own names.
	Shown []map[string]any `json:"shown"`
	// Good, Rejected and LeftOut are what becomes of the records that were looked at.
	Good     int64             `json:"good"`
	Rejected int64             `json:"rejected"`
	LeftOut  int64             `json:"left_out"`
	Rejects  []evidence.Reject `json:"rejected_records"`
	Warnings []string          `json:"warnings"`
}

// Bounds of a look at a file.
const (
	maxLook = 4 << 20 // bytes of its text
	maxLand = 10      // records that are shown
)

// Propose looks at the beginning of a request's file and says how its records would land:
// through the request's mapping, else through one that it proposes. It writes nothing.
// Faults: those of Check, and Usage for a kind that no mapping makes.
func (r Request) Propose(ctx context.Context) (Proposed, error) {
	k, err := r.check()
	if err != nil {
		return Proposed{}, err
	}
	where, _, err := r.find(k)
	if err != nil {
		return Proposed{}, err
	}
	l := where[0]
	if l.inside {
		return Proposed{}, fault.New(fault.Usage, "a look is had at one file, and this is a folder").At("%s", r.Paths[0]).Next("name one of its files, for example %s", l.path)
	}
	head, err := look(l)
	if err != nil {
		return Proposed{}, err
	}
	_, old, m, warnings, err := r.readMapping()
	out := Proposed{Shown: []map[string]any{}, Rejects: []evidence.Reject{}, Warnings: warnings}
	switch {
	case err != nil:
		return Proposed{}, err
	case old != nil:
		return Proposed{}, fault.New(fault.Usage, "the mapping is of version 1").At("%s", r.Mapping).Next("try it with: candor evidence check alerts --mapping %s %s", r.Mapping, l.path)
	case m == nil:
		if out.Proposal, err = mapping.ProposeChosen(l.path, head, r.Kind, r.Choice); err != nil || len(out.Missing) > 0 {
			return out, err
		}
		if known := toldKind(l.name, head[:min(len(head), headSize)]); known != "" {
			out.Warnings = append(out.Warnings, fmt.Sprintf("%s: the file is told as %s of a format that needs no mapping; try candor evidence check %s", l.path, known, l.path))
		}
		if m, _, err = mapping.Decode("the proposed mapping", []byte(out.Text)); err != nil {
			return Proposed{}, err
		}
	default:
		out.Kind, out.Missing, out.Guessed = r.Kind, []string{}, map[string]string{}
	}
	return out, out.land(ctx, k, file{name: l.name, shown: l.path, data: head}, m)
}

// look returns the beginning of a file's text, up to its last whole line if it is longer.
func look(l location) ([]byte, error) {
	f, err := os.Open(l.at)
	if err != nil {
		return nil, unreadable(l.path, err)
	}
	defer f.Close()
	raw := bufio.NewReaderSize(f, 1<<16)
	head, _ := raw.Peek(512)
	head = bytes.Clone(head)
	if isZip(head) && !workbook.Is(head) {
		return nil, fault.New(fault.Usage, "a look is had at one file, and this is an archive").At("%s", l.path).Next("unpack it, and name one of its files")
	}
	o := opened{location: l, file: f, text: raw, head: head}
	if err := o.unpack(); err != nil {
		return nil, err
	}
	begin, _ := o.text.Peek(512)
	if err := foreign(l.path, begin); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(o.text, maxLook))
	if err != nil {
		return nil, damaged(l.path, packing(head), err)
	}
	if i := bytes.LastIndexByte(text, '\n'); len(text) == maxLook && i > 0 {
		text = text[:i+1]
	}
	return text, nil
}

// land says what a mapping makes of the beginning of a file.
func (p *Proposed) land(ctx context.Context, k kind, f file, m *mapping.Mapping) error {
	b := &batch{Batch: store.Batch{Kind: k.Name}, rejects: &rejects{}}
	b.warnings = p.Warnings
	whole := f.data
	err := b.recastAll(ctx, k, f, m)
	if err != nil && b.good+b.rejects.n == 0 {
		return err
	}
	var f1 *fault.Error
	if err != nil && (!errors.As(err, &f1) || len(whole) < maxLook/2) { // a list of which the end was not looked at is no fault of the file
		return err
	}
	p.Good, p.Rejected, p.LeftOut, p.Warnings = b.good, b.rejects.n, b.LeftOut, slices.Concat(b.warnings)
	p.Rejects = append(p.Rejects, b.rejects.first...)
	if p.Warnings == nil {
		p.Warnings = []string{}
	}
	p.Shown = first(whole, f.shown, m)
	return nil
}

// recastAll reads the records of a beginning of a file through a mapping.
func (b *batch) recastAll(ctx context.Context, k kind, f file, m *mapping.Mapping) error {
	if k.decode != nil {
		err := b.decode(k, []file{f}, m)
		b.good = int64(len(b.records))
		return err
	}
	in := &alertInput{kind: k.Name, recast: m, files: k}
	input := export.Input{File: f.shown, Text: bytes.NewReader(f.data), Reject: b.rejects.add, Warn: func(w string) { b.warnings = append(b.warnings, f.shown+": "+w) }}
	pass := b.pass()
	for _, err := range in.through(ctx, location{path: f.shown}, f.data[:min(len(f.data), headSize)], input, pass) {
		if err != nil {
			return err
		}
		b.good++
	}
	return nil
}

// first returns the first records that a mapping makes of a text.
func first(text []byte, shown string, m *mapping.Mapping) []map[string]any {
	t := m.Text(export.Input{File: shown, Text: bytes.NewReader(text), Reject: func(evidence.Reject) {}, Warn: func(string) {}})
	defer t.Close()
	out := []map[string]any{}
	if m.Format() == ownCSV {
		return rowsOf(csv.NewReader(t))
	}
	lines := bufio.NewReaderSize(t, 1<<16)
	for len(out) < maxLand {
		line, err := lines.ReadString('\n')
		o := map[string]any{}
		if json.Unmarshal([]byte(strings.TrimPrefix(line, "  - ")), &o) == nil {
			out = append(out, o)
		}
		if err != nil {
			break
		}
	}
	return out
}

// rowsOf returns the first rows of a table, without empty cells.
func rowsOf(r *csv.Reader) []map[string]any {
	out := []map[string]any{}
	names, err := r.Read()
	for err == nil && len(out) < maxLand {
		var cells []string
		if cells, err = r.Read(); err != nil {
			break
		}
		o := map[string]any{}
		for i, c := range cells {
			if c != "" {
				o[names[i]] = c
			}
		}
		out = append(out, o)
	}
	return out
}
