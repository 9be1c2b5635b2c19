package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"candor/internal/crew"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/identity"
)

// socketName is the name of the socket in the data folder.
const socketName = "relay.sock"

// maxPath is how long the path of a socket may be, in bytes, on every system.
const maxPath = 100

// The times that are granted: to a caller for its call, to a caller that does not
// take its output once the command was told to end, and to what cannot be told.
const (
	callTime  = 10 * time.Second
	graceTime = 5 * time.Second
	endGrace  = 30 * time.Second // to all commands, once the server is to end
)

// Runner runs a command and returns its exit code.
type Runner func(ctx context.Context, c Call, s Streams) int

// Server takes calls.
type Server struct {
	l     *net.UnixListener
	path  string
	outer string // a folder of its own, if it has one
}

// Listen makes the socket of the data folder dir: in it, or in a folder of its own
// among the temporary ones when the path would be too long for a socket or the
// data folder can hold none. What a server that was killed left is replaced. It is
// fault.Unavailable when neither can be made.
func Listen(dir string) (*Server, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, socketName)
	l, err := Bind(dir, path)
	if err == nil {
		return &Server{l: l, path: path}, nil
	}
	outer, errTemp := os.MkdirTemp("", "candor-")
	if errTemp == nil {
		path = filepath.Join(outer, socketName)
		if l, errTemp = Bind(outer, path); errTemp == nil {
			return &Server{l: l, path: path, outer: outer}, nil
		}
		os.RemoveAll(outer)
	}
	return nil, fault.New(fault.Unavailable, "no socket can be made for the commands of other processes").At("%s", dir).
		Because(errors.Join(err, errTemp)).Next("set TMPDIR to a folder with a short path on a disk of this machine")
}

// Bind makes the socket path, in the folder dir, that its owner alone can reach from
// the first moment: in a folder of its own, from where it is moved. What lies at path
// is replaced.
func Bind(dir, path string) (*net.UnixListener, error) {
	stage, err := os.MkdirTemp(dir, ".relay-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(stage)
	first := filepath.Join(stage, "s")
	if len(first) > maxPath || len(path) > maxPath {
		return nil, fmt.Errorf("the path %s is too long for a socket", path)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: first, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(first, 0o600), os.Rename(first, path)); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Path is the path of the socket.
func (s *Server) Path() string { return s.path }

// Close removes the socket.
func (s *Server) Close() error {
	err := s.l.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	if rm := os.Remove(s.path); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	if s.outer != "" {
		err = errors.Join(err, os.RemoveAll(s.outer))
	}
	return err
}

// Serve runs what is called until ctx ends, for those whom the door d lets in. Then the
// commands that run are told to end, and Serve returns when they have; it is
// fault.Unavailable when one does not within half a minute.
func (s *Server) Serve(ctx context.Context, d *door.Door, run Runner) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	c := &commands{ctx: ctx, run: run}
	h := &http.Server{Handler: c.routes(d), ReadHeaderTimeout: callTime}
	served := crew.Go(func() error { return h.Serve(s.l) })
	var failed error
	select {
	case err := <-served:
		failed = fault.New(fault.Internal, "the socket for the commands of other processes failed").At("%s", s.path).Because(err)
		stop()
	case <-ctx.Done():
	}
	within, cancel := context.WithTimeout(context.Background(), endGrace)
	defer cancel()
	if err := h.Shutdown(within); err != nil {
		return errors.Join(failed, h.Close(), fault.New(fault.Unavailable, "a command of another process did not end within %s of the order to stop", endGrace).
			Next("look for what it reads; nothing that it had not added is there"))
	}
	return failed
}

// stopped is why a command ends with its server.
func stopped() error {
	return fault.New(fault.Unavailable, "the server was stopped, and the command with it: nothing was half done").
		Next("run the command again")
}

// commands are those that a server runs until ctx ends.
type commands struct {
	ctx     context.Context
	run     Runner
	running sync.Map // of *command, by the id that the caller chose
}

// command is one that runs, until ctx ends.
type command struct {
	ctx   context.Context
	end   context.CancelCauseFunc
	input chan io.Reader
}

func (c *commands) routes(d *door.Door) http.Handler {
	r := d.Router(func(w http.ResponseWriter, r *http.Request, err error) {
		http.Error(w, err.Error(), door.Refuse(w, r, err))
	})
	const thing = "the commands of other processes"
	r.Handle("POST /commands/{id}", identity.Run, thing, c.begin)
	r.Handle("PUT /commands/{id}/input", identity.Run, thing, c.known(feed))
	r.Handle("DELETE /commands/{id}", identity.Run, thing, c.known(func(at *command, _ http.ResponseWriter, _ *http.Request) { at.end(context.Canceled) }))
	return r
}

// known hands the command that a request is about to h.
func (c *commands) known(h func(*command, http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if at, ok := c.running.Load(r.PathValue("id")); ok {
			h(at.(*command), w, r)
			return
		}
		http.NotFound(w, r)
	}
}

// begin runs the command of a call. A caller that is gone ends it: the body has been read
// to its end, after which the server watches the connection.
func (c *commands) begin(w http.ResponseWriter, r *http.Request) {
	to := http.NewResponseController(w)
	_ = to.SetReadDeadline(time.Now().Add(callTime))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCall))
	var call Call
	if err == nil {
		err = json.Unmarshal(body, &call)
	}
	if err != nil {
		http.Error(w, "no call: "+err.Error(), http.StatusBadRequest)
		return
	}
	_ = to.SetReadDeadline(time.Time{})
	ctx, end := context.WithCancelCause(r.Context())
	defer end(nil)
	defer context.AfterFunc(c.ctx, func() { end(stopped()) })()
	defer context.AfterFunc(ctx, func() { _ = to.SetWriteDeadline(time.Now().Add(graceTime)) })()
	at := &command{ctx: ctx, end: end, input: make(chan io.Reader)}
	id := r.PathValue("id")
	if _, runs := c.running.LoadOrStore(id, at); runs {
		http.Error(w, "that command runs", http.StatusConflict)
		return
	}
	defer c.running.Delete(id)
	_ = to.Flush() // the caller knows now that it can be told to end
	l := &lines{w: w, to: to}
	code := guarded(ctx, c.run, call, Streams{
		In:  &input{command: at, ask: func() error { return l.send(message{Input: true}) }},
		Out: output(func(p []byte) error { return l.send(message{Out: p}) }),
		Err: output(func(p []byte) error { return l.send(message{Err: p}) }),
	})
	_ = to.SetWriteDeadline(time.Now().Add(graceTime))
	_ = l.send(message{Exit: &code})
}

// guarded runs a command whose panic ends it and not the server.
func guarded(ctx context.Context, run Runner, c Call, s Streams) (code int) {
	defer func() {
		if what := recover(); what != nil {
			fmt.Fprintf(s.Err, "candor: the command failed for a reason of its own: %v\n%s", what, debug.Stack())
			code = 1
		}
	}()
	return run(ctx, c, s)
}

// feed gives a command its input until it ends. Then nothing more is read of it.
func feed(at *command, w http.ResponseWriter, r *http.Request) {
	select {
	case at.input <- r.Body:
		<-at.ctx.Done()
	case <-at.ctx.Done():
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now())
}

// input is the input of a command, which its caller sends when it is asked.
type input struct {
	*command
	ask  func() error
	body io.Reader
}

// Read reads what the caller sends.
func (in *input) Read(p []byte) (int, error) {
	if in.body == nil {
		if err := in.ask(); err != nil {
			return 0, err
		}
		select {
		case in.body = <-in.input:
		case <-in.ctx.Done():
			return 0, in.ctx.Err()
		}
	}
	n, err := in.body.Read(p)
	if err != nil && in.ctx.Err() != nil {
		err = in.ctx.Err()
	}
	return n, err
}
