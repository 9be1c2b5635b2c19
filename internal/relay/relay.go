// Package relay lets a process run its command in another one, which has what the
// command needs: arguments, working folder and input go there, output and exit
// code come back, through a Unix socket that only one user can reach.
//
// It carries a command and knows none. It refuses to guess: a connection that ends
// before the exit code is an error, because nobody knows then what was done.
package relay

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// Call is a command line as a process was given it.
type Call struct {
	// Version is that of the calling binary.
	Version string   `json:"version"`
	Args    []string `json:"args"` // without the program's name
	// Dir is the absolute path of the folder that relative paths start at.
	Dir string `json:"dir"`
	// Env is the part of the environment that commands ask for.
	Env map[string]string `json:"env"`
	// OutTerm and ErrTerm say that the outputs are terminals.
	OutTerm bool `json:"out_term,omitempty"`
	ErrTerm bool `json:"err_term,omitempty"`
}

// Streams are the input and the outputs of a command.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Elsewhere is the error of a command whose data folder a server has: the server
// runs the command.
type Elsewhere struct {
	// Socket is where to call, PID the server's process, Address that of its pages
	// and Version that of its binary.
	Socket, Address, Version string
	PID                      int
	// Write says that the command is one that writes.
	Write bool
}

// Error says who has the folder.
func (e *Elsewhere) Error() string {
	return fmt.Sprintf("the data folder is served by process %d at %s", e.PID, e.Address)
}

// What a frame carries. The first three go to the server.
const (
	frameCall  = 'c' // a Call as JSON
	frameInput = 'i' // bytes of the input; none at its end
	frameStop  = 's' // nothing: the command is to end

	frameOut  = 'o' // bytes for the output
	frameErr  = 'e' // bytes for the output of errors
	frameWant = 'w' // nothing: the command reads its input
	frameExit = 'x' // the exit code, as one byte
)

// maxFrame bounds what is sent at once, in bytes, and maxCall a call.
const (
	maxFrame = 64 << 10
	maxCall  = 8 << 20
)

// line is one side of a connection. Frames may be sent from several goroutines.
type line struct {
	mu sync.Mutex
	w  io.Writer
	r  io.Reader
}

// send sends one frame.
func (l *line) send(kind byte, body []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.w.Write(append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body))), body...))
	return err
}

func (l *line) sendCall(c Call) error {
	body, err := json.Marshal(c)
	if err == nil && len(body) > maxCall {
		err = fmt.Errorf("the arguments take %d bytes, and %d are the limit", len(body), maxCall)
	}
	if err != nil {
		return err
	}
	return l.send(frameCall, body)
}

// receive receives one frame.
func (l *line) receive(limit uint32) (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(l.r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > limit {
		return 0, nil, fmt.Errorf("a frame of %d bytes is longer than any", n)
	}
	body = make([]byte, n)
	if _, err := io.ReadFull(l.r, body); err != nil {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return head[0], body, nil
}

func (l *line) receiveCall() (c Call, err error) {
	kind, body, err := l.receive(maxCall)
	if err == nil && kind != frameCall {
		err = fmt.Errorf("a frame %q where a call was to come", kind)
	}
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(body, &c)
}

// output is one of the outputs of a command that runs for another process.
type output struct {
	line *line
	kind byte
}

// Write sends p.
func (o output) Write(p []byte) (n int, err error) {
	for n < len(p) {
		part := p[n:min(len(p), n+maxFrame)]
		if err := o.line.send(o.kind, part); err != nil {
			return n, err
		}
		n += len(part)
	}
	return n, nil
}
