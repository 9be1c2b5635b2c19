// Package bulk reads alerts from Candor's JSON Lines, and from delimited text, on
// all processors, for files of many millions.
//
// It knows the lines that most are: known keys, plain values, quotes where they
// belong. Whatever is not as plain, right or wrong, it leaves to packages jsonl
// and tabular, so that both accept and refuse the same for the same reasons. It
// refuses to know a key, a kind of value or a reason that they do not.
package bulk

import (
	"errors"
	"io"
	"iter"

	"candor/internal/alert"
	"candor/internal/alert/jsonl"
	"candor/internal/crew"
	"candor/internal/evidence"
)

// Alerts reads the alerts of a file as jsonl.Alerts does, in the order of the
// file: the same alerts, rejects and warnings. An error is the reader's own and
// ends the sequence. The text is read ahead, in another goroutine, which has
// ended when the sequence ends.
//
// The strings of an alert are parts of a block of the file: whoever keeps one for
// long clones it, or keeps the block.
func Alerts(in jsonl.Input) iter.Seq2[*alert.Alert, error] {
	if in.Dates.Looks() { // of several dates the first is told
		return jsonl.Alerts(in)
	}
	return func(yield func(*alert.Alert, error) bool) {
		p := newPipe(in.Reject, in.Warn)
		p.run(&cutter{text: in.Text, line: 1}, func() decoder { return newWorker(in) }, yield)
	}
}

// decoder makes alerts of a block. Each is used by one goroutine.
type decoder interface{ decode(b *block) }

// source cuts a text into blocks.
type source interface {
	// next returns the next block, or nil, and the error that ended the reading.
	next() (*block, error)
}

// pipe leads blocks from the reader through the workers to whoever iterates.
type pipe struct {
	reject func(evidence.Reject)
	warn   func(text string)
	warned map[string]bool // what was said is not said again
}

func newPipe(reject func(evidence.Reject), warn func(text string)) *pipe {
	return &pipe{reject: reject, warn: warn, warned: map[string]bool{}}
}

// run hands out what the blocks of s come to.
func (p *pipe) run(s source, worker func() decoder, yield func(*alert.Alert, error) bool) {
	read := func(yield func(*block) bool) error { return blocks(s, yield) }
	err := crew.InOrder(read, func() func(*block) { return worker().decode }, func(b *block) bool { return p.hand(b, yield) })
	if err != nil {
		yield(nil, err)
	}
}

// blocks yields the blocks of a source.
func blocks(s source, yield func(*block) bool) error {
	for {
		b, err := s.next()
		if b != nil && !yield(b) || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// hand hands out what a block came to, and reports whether to go on.
func (p *pipe) hand(b *block, yield func(*alert.Alert, error) bool) bool {
	for _, w := range b.warnings {
		p.tell(w)
	}
	if b.tail != nil {
		return p.handTail(b.tail, yield)
	}
	rejects := b.rejects
	for i := range b.alerts {
		for len(rejects) > 0 && rejects[0].before <= i {
			p.reject(rejects[0].Reject)
			rejects = rejects[1:]
		}
		if !yield(b.alerts[i], nil) {
			return false
		}
	}
	for _, r := range rejects {
		p.reject(r.Reject)
	}
	return true
}

// tell passes on a warning, once.
func (p *pipe) tell(w string) {
	if !p.warned[w] {
		p.warned[w] = true
		p.warn(w)
	}
}

// handTail hands out what is not read in blocks, and reports whether to go on.
func (p *pipe) handTail(tail iter.Seq2[*alert.Alert, error], yield func(*alert.Alert, error) bool) bool {
	for a, err := range tail {
		if !yield(a, err) || err != nil {
			return false
		}
	}
	return true
}

// block is a run of whole lines, and what they come to.
type block struct {
	text string
	line int  // the number of the first
	long bool // the one line is longer than is read

	// tail, if set, is the alerts of all that follows, and the block has no others.
	tail iter.Seq2[*alert.Alert, error]

	alerts   []*alert.Alert
	rejects  []refusal
	warnings []string
}

// refusal is a reject, and how many alerts of the block come before it.
type refusal struct {
	evidence.Reject
	before int
}
