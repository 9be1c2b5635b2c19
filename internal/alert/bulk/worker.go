package bulk

import (
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/jsonl"
	"candor/internal/decode"
	"candor/internal/evidence"
)

// worker decodes blocks.
type worker struct {
	file  string
	dates *decode.Dates
	clock *decode.Clock
	check alert.Checker
	line  parser
	// Of the line and the block at hand.
	failed   bool
	warnings []string
}

func newWorker(in jsonl.Input) *worker {
	w := &worker{file: in.File, dates: in.Dates}
	clock := &decode.Clock{Dates: in.Dates, Once: decode.Once{Note: w.warn}}
	w.clock = clock
	w.check = alert.Checker{
		When: func(_, text string) (time.Time, bool) { return clock.Time(text) }, Help: decode.TimeHelp,
		Fail: func(_, _, _ string) { w.failed = true }, Warn: w.warn,
	}
	return w
}

func (w *worker) warn(text string) { w.warnings = append(w.warnings, text) }

// decode decodes the lines of a block.
func (w *worker) decode(b *block) {
	w.warnings = nil
	if b.long {
		w.leave(b, strings.Repeat(" ", jsonl.MaxLine+1), b.line)
	}
	n := b.line
	for text := b.text; text != ""; n++ {
		line := text
		if i := strings.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i+1], text[i+1:]
		} else {
			text = ""
		}
		if a := w.alert(line); a != nil {
			b.alerts = append(b.alerts, a)
		} else {
			w.leave(b, line, n)
		}
	}
	b.warnings = w.warnings
}

// alert returns the alert that a plain line says, and nil for one that is not
// plain or not right.
func (w *worker) alert(line string) *alert.Alert {
	if len(line) > jsonl.MaxLine || !w.line.parse(line) {
		return nil
	}
	w.failed = false
	warnings := len(w.warnings)
	w.line.draft.Techniques = w.clock.Techniques(w.line.draft.Techniques)
	a := w.check.Alert(&w.line.draft)
	if w.failed {
		w.warnings = w.warnings[:warnings]
		return nil
	}
	return a
}

// leave leaves line n to package jsonl.
func (w *worker) leave(b *block, line string, n int) {
	first := n // what jsonl takes for the first line may begin with a byte-order mark
	if n > 1 {
		line, first = "\n"+line, 2
	}
	in := jsonl.Input{File: w.file, Text: strings.NewReader(line), Dates: w.dates, Warn: w.warn, Reject: func(r evidence.Reject) {
		r.Line += n - first
		b.rejects = append(b.rejects, refusal{Reject: r, before: len(b.alerts)})
	}}
	for a, err := range jsonl.Alerts(in) {
		if err == nil { // a string can be read without error
			b.alerts = append(b.alerts, a)
		}
	}
}
