package relay

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"candor/internal/crew"
	"candor/internal/fault"
)

// dialTime is how long a server may take to be reached, and endTime how long to
// end a command that it was told to end.
const (
	dialTime = 5 * time.Second
	endTime  = time.Minute
)

// Alive reports whether a server takes calls at a socket that it made for the data
// folder dir. A socket that a killed server left does not, nor one outside the
// folder that someone else has put there since. One that this user may not use is
// fault.Unavailable.
func Alive(ctx context.Context, socket, dir string) (bool, error) {
	dir, err := filepath.Abs(dir)
	if err != nil || socket == "" {
		return false, err
	}
	info, err := os.Lstat(socket)
	if err != nil || filepath.Dir(socket) != dir && !own(info) {
		return false, nil
	}
	conn, err := dial(ctx, socket)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return false, fault.New(fault.Unavailable, "another user's server has the data folder, and its socket is for that user alone").
			At("%s", socket).Because(err).Next("run the command as the user who runs the server")
	case err != nil:
		return false, ctx.Err()
	}
	return true, conn.Close()
}

func dial(ctx context.Context, socket string) (net.Conn, error) {
	return (&net.Dialer{Timeout: dialTime}).DialContext(ctx, "unix", socket)
}

// Do has the server at a socket run a command, and returns its exit code. When ctx
// ends, the command is told to end, and its exit code awaited. It is
// fault.Unavailable when the server ends before the command.
func Do(ctx context.Context, socket string, c Call, s Streams) (code int, err error) {
	conn, err := dial(ctx, socket)
	if err != nil {
		return 0, fault.New(fault.Unavailable, "the server cannot be reached").At("%s", socket).Because(err).
			Next("run the command again; a server that was stopped needs no more waiting for")
	}
	defer conn.Close()
	l := &line{r: conn, w: conn}
	if err := l.sendCall(c); err != nil {
		return 0, lost(socket, err)
	}
	free := context.AfterFunc(ctx, func() {
		_ = l.send(frameStop, nil)
		_ = conn.SetReadDeadline(time.Now().Add(endTime))
	})
	defer free()
	for {
		kind, body, err := l.receive(maxFrame)
		switch {
		case err != nil:
			return 0, lost(socket, err)
		case kind == frameExit && len(body) == 1:
			return int(body[0]), nil
		case kind == frameOut:
			_, err = s.Out.Write(body)
		case kind == frameErr:
			_, err = s.Err.Write(body)
		case kind == frameWant:
			crew.Go(func() error { feed(l, s.In); return nil })
		default:
			return 0, lost(socket, errors.New("it sent what is no answer"))
		}
		if err != nil {
			return 0, fault.New(fault.Unavailable, "the output cannot be written, and the command was ended").Because(err)
		}
	}
}

// feed sends the next bytes of an input. Nothing is read before the command asks,
// so that a command that reads nothing leaves the input to the next.
func feed(l *line, in io.Reader) {
	p := make([]byte, maxFrame)
	for {
		n, err := in.Read(p)
		if n > 0 || err != nil {
			_ = l.send(frameInput, p[:n]) // none at the end
			return
		}
	}
}

func lost(socket string, err error) error {
	return fault.New(fault.Unavailable, "the server ended before the command").At("%s", socket).Because(err).
		Next("run the command again: what landed is recognised, and nothing landed by half")
}
