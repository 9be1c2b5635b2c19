// Package bulk reads alerts from Candor's JSON Lines on all processors, for files
// of many millions.
//
// It knows the lines that most are: known keys, plain values. Whatever is not as
// plain, right or wrong, it leaves to package jsonl, so that both accept and
// refuse the same lines for the same reasons. It refuses to know a key, a kind
// of value or a reason that package jsonl does not.
package bulk

import (
	"errors"
	"io"
	"iter"
	"runtime"
	"sync"

	"candor/internal/alert"
	"candor/internal/alert/jsonl"
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
	return func(yield func(*alert.Alert, error) bool) {
		p := start(in, max(1, runtime.GOMAXPROCS(0)))
		defer p.stop()
		for b := range p.inOrder {
			<-b.done
			if !p.hand(b, yield) {
				return
			}
		}
		if p.err != nil {
			yield(nil, p.err)
		}
	}
}

// pipe leads blocks from the reader through the workers to whoever iterates.
type pipe struct {
	in      jsonl.Input
	inOrder chan *block // as they lie in the file
	work    chan *block
	quit    chan struct{}
	ended   sync.WaitGroup
	err     error           // of the reader; set before inOrder is closed
	warned  map[string]bool // what was said is not said again
}

func start(in jsonl.Input, workers int) *pipe {
	p := &pipe{in: in, inOrder: make(chan *block, 2*workers), work: make(chan *block, 2*workers), quit: make(chan struct{}), warned: map[string]bool{}}
	p.ended.Go(p.read)
	for range workers {
		p.ended.Go(func() {
			w := newWorker(in.File)
			for b := range p.work {
				w.decode(b)
				close(b.done)
			}
		})
	}
	return p
}

// stop ends reading and working, and waits until both have ended.
func (p *pipe) stop() {
	close(p.quit)
	p.ended.Wait()
}

// read cuts the text into blocks.
func (p *pipe) read() {
	defer close(p.work)
	defer close(p.inOrder)
	c := cutter{text: p.in.Text, line: 1}
	for {
		b, err := c.next()
		if b != nil {
			select {
			case p.inOrder <- b:
			case <-p.quit:
				return
			}
			p.work <- b // never blocks for long: workers go on until it is closed
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				p.err = err
			}
			return
		}
	}
}

// hand hands out what a block came to, and reports whether to go on.
func (p *pipe) hand(b *block, yield func(*alert.Alert, error) bool) bool {
	for _, w := range b.warnings {
		if !p.warned[w] {
			p.warned[w] = true
			p.in.Warn(w)
		}
	}
	rejects := b.rejects
	for i := range b.alerts {
		for len(rejects) > 0 && rejects[0].before <= i {
			p.in.Reject(rejects[0].Reject)
			rejects = rejects[1:]
		}
		if !yield(b.alerts[i], nil) {
			return false
		}
	}
	for _, r := range rejects {
		p.in.Reject(r.Reject)
	}
	return true
}

// block is a run of whole lines, and what they come to.
type block struct {
	text string
	line int           // the number of the first
	long bool          // the one line is longer than is read
	done chan struct{} // closed once the rest is set

	alerts   []*alert.Alert
	rejects  []refusal
	warnings []string
}

// refusal is a reject, and how many alerts of the block come before it.
type refusal struct {
	evidence.Reject
	before int
}
