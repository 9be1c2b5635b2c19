package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"candor/internal/crew"
	"candor/internal/fault"
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

// Serve runs what is called until ctx ends. Then the commands that run are told to
// end, and Serve returns when they have; it is fault.Unavailable when one does not
// within half a minute.
func (s *Server) Serve(ctx context.Context, run Runner) error {
	var calls crew.Workers
	err := s.accept(ctx, run, &calls)
	done := crew.Go(func() error { calls.Wait(); return nil })
	select {
	case <-done:
		return err
	case <-time.After(endGrace):
		return errors.Join(err, fault.New(fault.Unavailable, "a command of another process did not end within %s of the order to stop", endGrace).
			Next("look for what it reads; nothing that it had not added is there"))
	}
}

// accept takes calls until ctx ends.
func (s *Server) accept(ctx context.Context, run Runner, calls *crew.Workers) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	free := context.AfterFunc(ctx, func() { s.l.Close() })
	defer free()
	for {
		conn, err := s.l.AcceptUnix()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			stop(err)
			return fault.New(fault.Internal, "the socket for the commands of other processes failed").At("%s", s.path).Because(err)
		}
		calls.Go(func() { answer(ctx, conn, run) })
	}
}

// stopped is why a command ends with its server.
func stopped() error {
	return fault.New(fault.Unavailable, "the server was stopped, and the command with it: nothing was half done").
		Next("run the command again")
}

// answer runs the command of one connection.
func answer(ctx context.Context, conn *net.UnixConn, run Runner) {
	defer conn.Close()
	l := &line{r: conn, w: conn}
	_ = conn.SetReadDeadline(time.Now().Add(callTime))
	call, err := l.receiveCall()
	if err != nil {
		return // whoever only looks whether a server is there says nothing
	}
	_ = conn.SetReadDeadline(time.Time{})
	inner, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	ended := context.AfterFunc(ctx, func() { cancel(stopped()) })
	defer ended()
	slow := context.AfterFunc(inner, func() { _ = conn.SetWriteDeadline(time.Now().Add(graceTime)) })
	in := &input{ctx: inner, line: l, come: make(chan []byte)}
	crew.Go(func() error { in.listen(cancel); return nil })
	code := guarded(inner, run, call, Streams{In: in, Out: output{l, frameOut}, Err: output{l, frameErr}})
	slow()
	_ = conn.SetWriteDeadline(time.Now().Add(graceTime))
	_ = l.send(frameExit, []byte{byte(code)})
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

// input is the input of a command, which its caller sends when it is asked.
type input struct {
	ctx  context.Context
	line *line
	come chan []byte
	rest []byte
	done bool
}

// Read asks the caller for bytes, unless some are left.
func (in *input) Read(p []byte) (int, error) {
	if len(in.rest) == 0 && !in.done {
		if err := in.line.send(frameWant, nil); err != nil {
			return 0, err
		}
		select {
		case in.rest = <-in.come:
			in.done = len(in.rest) == 0
		case <-in.ctx.Done():
			return 0, in.ctx.Err()
		}
	}
	if in.done {
		return 0, io.EOF
	}
	n := copy(p, in.rest)
	in.rest = in.rest[n:]
	return n, nil
}

// listen takes what the caller sends. A caller that asks for it, or is gone, ends
// the command.
func (in *input) listen(cancel context.CancelCauseFunc) {
	for {
		kind, body, err := in.line.receive(maxFrame)
		if err != nil || kind != frameInput {
			cancel(context.Canceled)
			return
		}
		select {
		case in.come <- body:
		case <-in.ctx.Done():
			return
		}
	}
}
