// Package relay lets a process run its command in another one, which has what the
// command needs: arguments, working folder and input go there, output and exit
// code come back, over HTTP through a Unix socket that only one user can reach.
//
//	POST   /commands/ID        runs the Call of the body; the answer is a line of JSON
//	                           for each piece of output, and a last one with the exit code
//	PUT    /commands/ID/input  is the command's input, once the answer has asked for it
//	DELETE /commands/ID        tells the command to end
//
// It carries a command and knows none. It refuses to guess: an answer that ends
// before the exit code is an error, because nobody knows then what was done.
package relay

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
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

// maxCall bounds a call, in bytes, and maxPart what of an output is sent at once.
const (
	maxCall = 8 << 20
	maxPart = 64 << 10
)

// message is one line of an answer. It has one of the fields.
type message struct {
	Out   []byte `json:"out,omitempty"`
	Err   []byte `json:"err,omitempty"`
	Input bool   `json:"input,omitempty"` // the command reads its input
	Exit  *int   `json:"exit,omitempty"`
}

// lines are an answer. Messages may be sent from several goroutines.
type lines struct {
	mu sync.Mutex
	w  io.Writer
	to *http.ResponseController
}

func (l *lines) send(m message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := json.NewEncoder(l.w).Encode(m); err != nil {
		return err
	}
	return l.to.Flush()
}

// output is one of the outputs of a command that runs for another process.
type output func(part []byte) error

// Write sends p.
func (o output) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		part := p[n:min(len(p), n+maxPart)]
		if err = o(part); err == nil {
			n += len(part)
		}
	}
	return n, err
}
