package mcp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Talk answers over an input and an output, a message to a line, until the input ends and
// what was asked is answered, or ctx ends.
func Talk(ctx context.Context, d Deps, in io.Reader, out io.Writer) error {
	t := &talk{in: bufio.NewReader(in), out: out}
	t.answered = sync.NewCond(&t.mu)
	defer context.AfterFunc(ctx, func() { _ = t.Close() })()
	defer Warm(ctx, d)()
	err := New(d).Run(ctx, &mcp.IOTransport{Reader: t, Writer: t})
	if errors.Is(err, io.EOF) || ctx.Err() != nil {
		return nil
	}
	return err
}

// talk holds back the end of the input until every request has its answer: at the end of the
// input whoever asks may still read.
type talk struct {
	in   *bufio.Reader
	rest []byte // of the line that is being read
	out  io.Writer

	mu       sync.Mutex
	answered *sync.Cond
	waiting  int
	closed   bool
}

// message is what tells a request from what needs no answer, and from an answer.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
}

// Read reads of the input, line by line.
func (t *talk) Read(p []byte) (int, error) {
	if len(t.rest) == 0 {
		line, err := t.in.ReadBytes('\n')
		if t.rest = line; len(line) == 0 {
			t.wait()
			return 0, err
		}
		var m message
		if json.Unmarshal(line, &m) == nil && m.ID != nil && m.Method != "" {
			t.count(1)
		}
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// Write writes a message.
func (t *talk) Write(p []byte) (int, error) {
	n, err := t.out.Write(p)
	for line := range bytes.Lines(p) {
		var m message
		if json.Unmarshal(line, &m) == nil && m.ID != nil && m.Method == "" {
			t.count(-1)
		}
	}
	return n, err
}

func (t *talk) count(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting += n
	t.answered.Broadcast()
}

func (t *talk) wait() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.waiting > 0 && !t.closed {
		t.answered.Wait()
	}
}

// Close ends the waiting; input and output are not its own.
func (t *talk) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.answered.Broadcast()
	return nil
}
