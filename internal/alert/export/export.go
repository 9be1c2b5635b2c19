// Package export reads what other products export of their alerts: the records
// of a file, however they are wrapped, and through a product's own reading the
// alerts that they speak of.
//
// Records are streamed: one is held at a time. The package knows no product. It
// refuses JSON that says two things of one key, and it goes on behind a record
// that is broken wherever the next one can be found.
package export

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"time"

	"candor/internal/alert"
	"candor/internal/decode"
	"candor/internal/evidence"
)

// Input is a file of alerts and where to say what is wrong with it.
type Input struct {
	// File names the file in messages.
	File string
	// Text is the content, not compressed.
	Text io.Reader
	// Reject is told each record that is refused, and Warn what was passed over
	// or taken for granted.
	Reject func(evidence.Reject)
	Warn   func(text string)
}

// Format is how one product's records become alerts.
type Format struct {
	// Read returns the alerts that a record speaks of, and says through the
	// record what is wrong with it.
	Read func(r *Record) []alert.Draft
	// When reads a time as the product writes it, and Help says what a text is
	// not when it is none. Without When times are written as Candor does.
	When func(text string) (time.Time, bool)
	Help string
	// Names are the product's names for the fields of a draft, for messages.
	Names map[string]string
	// Table says that the product exports delimited text as well as JSON.
	Table bool
}

// Alerts reads the alerts of a file, in its order. JSON may be one object, a
// list, an object that holds the list as "value", "results" or "hits", or JSON
// Lines. An error ends the sequence: fault.Invalid when the file cannot be read
// on, or the reader's own.
func Alerts(in Input, f Format) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		p := &pump{in: in, format: f, yield: yield, notes: &notes{}}
		if p.format.When == nil {
			p.format.When, p.format.Help = decode.Time, decode.TimeHelp
		}
		p.check = alert.Checker{
			When: func(_, text string) (time.Time, bool) { return p.format.When(text) },
			Help: p.format.Help, Fail: p.fail, Warn: in.Warn,
		}
		if err := p.run(); err != nil {
			yield(nil, err)
			return
		}
		if !p.stopped {
			p.notes.tell(in.Warn)
		}
	}
}

// pump hands records to a format and alerts to whoever asked.
type pump struct {
	in      Input
	format  Format
	check   alert.Checker
	yield   func(*alert.Alert, error) bool
	record  *Record
	notes   *notes
	stopped bool
}

func (p *pump) run() error {
	text := bufio.NewReaderSize(p.in.Text, 1<<16)
	if head, _ := text.Peek(3); string(head) == "\ufeff" {
		text.Discard(3) // cannot fail: the bytes were peeked
	}
	head, _ := text.Peek(512)
	head = bytes.TrimLeft(head, " \t\r\n")
	if p.format.Table && len(head) > 0 && head[0] != '{' && head[0] != '[' {
		return p.table(text)
	}
	return newSplitter(p, text).run()
}

// table reads the rows of delimited text as records.
func (p *pump) table(text io.Reader) error {
	t, err := decode.NewTable(p.in.File, text, ',')
	if err != nil {
		return err
	}
	for {
		row, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if r, bad := row.Bad(); bad {
			p.in.Reject(r)
			continue
		}
		o := make(Object, len(row.Cells))
		for i, name := range t.Header() {
			if row.Cells[i] != "" && name != "" {
				o[name] = row.Cells[i]
			}
		}
		if !p.take(row.Line, o) {
			return nil
		}
	}
}

// take reads one record and reports whether to go on.
func (p *pump) take(line int, o Object) bool {
	p.record = &Record{Object: o, File: p.in.File, Line: line, notes: p.notes}
	drafts := p.format.Read(p.record)
	if p.rejected() {
		return true
	}
	for i := range drafts {
		a := p.check.Alert(&drafts[i])
		if p.rejected() {
			continue
		}
		if !p.yield(a, nil) {
			p.stopped = true
			return false
		}
	}
	return true
}

// rejected tells what is wrong with the record, if anything is, and forgets it.
func (p *pump) rejected() bool {
	bad := p.record.bad
	if bad == nil {
		return false
	}
	p.record.bad = nil
	p.in.Reject(*bad)
	return true
}

// fail is told what is wrong with a draft, under Candor's name of the field.
func (p *pump) fail(field, value, reason string) {
	if name, ok := p.format.Names[field]; ok {
		field = name
	}
	p.record.Fail(field, value, reason)
}

func (p *pump) reject(line int, reason string) {
	p.in.Reject(evidence.Reject{File: p.in.File, Line: line, Reason: reason})
}

// Record is one record of a file, with its place.
type Record struct {
	Object
	File  string
	Line  int
	bad   *evidence.Reject
	notes *notes
}

// Fail makes the record a reject, unless it is one already.
func (r *Record) Fail(field, value, reason string) {
	if r.bad == nil {
		r.bad = &evidence.Reject{File: r.File, Line: r.Line, Field: field, Value: value, Reason: reason}
	}
}

// Note says something of the record that is no fault. The same note is told once
// for a file, with the number of records that it is about.
func (r *Record) Note(format string, args ...any) { r.notes.add(fmt.Sprintf(format, args...)) }

// maxNotes bounds how many different notes are kept of a file.
const maxNotes = 50

// notes are counted by their text, in the order in which they came up.
type notes struct {
	texts []string
	count map[string]int
	more  int
}

func (n *notes) add(text string) {
	if n.count == nil {
		n.count = map[string]int{}
	}
	if n.count[text] == 0 {
		if len(n.texts) == maxNotes {
			n.more++
			return
		}
		n.texts = append(n.texts, text)
	}
	n.count[text]++
}

func (n *notes) tell(warn func(string)) {
	for _, t := range n.texts {
		warn(fmt.Sprintf("%s (%s)", t, records(n.count[t])))
	}
	if n.more > 0 {
		warn("other notes were left out (" + records(n.more) + ")")
	}
}

func records(n int) string {
	if n == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}
