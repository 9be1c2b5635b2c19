package relay

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
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

// caller speaks to the server at a socket about one command.
type caller struct{ socket, command string }

// send sends a request about the command. The answer has the status 200.
func (c *caller) send(ctx context.Context, method, under string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.command+under, body)
	if err != nil {
		return nil, err
	}
	w, err := (&http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, c.socket) },
		DisableKeepAlives: true, DisableCompression: true,
	}).RoundTrip(r)
	if err == nil && w.StatusCode != http.StatusOK {
		err = errors.Join(fmt.Errorf("it answered %s", w.Status), w.Body.Close())
	}
	return w, err
}

// Do has the server at a socket run a command, and returns its exit code. When ctx
// ends, the command is told to end, and its exit code awaited. It is
// fault.Unavailable when the server ends before the command.
func Do(ctx context.Context, socket string, call Call, s Streams) (code int, err error) {
	body, err := json.Marshal(call)
	if err == nil && len(body) > maxCall {
		err = fmt.Errorf("the arguments take %d bytes, and %d are the limit", len(body), maxCall)
	}
	if err != nil {
		return 0, lost(socket, err)
	}
	c := &caller{socket, "http://candor/commands/" + rand.Text()}
	whole, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	w, err := c.send(whole, http.MethodPost, "", bytes.NewReader(body))
	var unreached *net.OpError
	if errors.As(err, &unreached) && unreached.Op == "dial" {
		return 0, fault.New(fault.Unavailable, "the server cannot be reached").At("%s", socket).Because(err).
			Next("run the command again; a server that was stopped needs no more waiting for")
	}
	if err != nil {
		return 0, lost(socket, err)
	}
	defer w.Body.Close()
	free := context.AfterFunc(ctx, func() {
		time.AfterFunc(endTime, cut)
		c.tell(whole, http.MethodDelete, "", nil)
	})
	defer free()
	return c.follow(whole, w.Body, s)
}

// tell sends a request about the command, whose answer says nothing.
func (c *caller) tell(ctx context.Context, method, under string, body io.Reader) {
	if w, err := c.send(ctx, method, under, body); err == nil {
		w.Body.Close()
	}
}

// follow passes on what the server says of the command until it has ended.
func (c *caller) follow(ctx context.Context, said io.Reader, s Streams) (code int, err error) {
	lines := bufio.NewScanner(said)
	lines.Buffer(nil, 2*maxPart)
	for lines.Scan() {
		var m message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return 0, lost(c.socket, err)
		}
		switch {
		case m.Exit != nil:
			return *m.Exit, nil
		case m.Input:
			// Nothing is read before the command asks, so that a command that reads nothing
			// leaves the input to the next.
			crew.Go(func() error { c.tell(ctx, http.MethodPut, "/input", io.NopCloser(s.In)); return nil })
		case m.Out != nil:
			_, err = s.Out.Write(m.Out)
		case m.Err != nil:
			_, err = s.Err.Write(m.Err)
		default:
			return 0, lost(c.socket, errors.New("it sent what is no answer"))
		}
		if err != nil {
			return 0, fault.New(fault.Unavailable, "the output cannot be written, and the command was ended").Because(err)
		}
	}
	return 0, lost(c.socket, errors.Join(io.ErrUnexpectedEOF, lines.Err()))
}

func lost(socket string, err error) error {
	return fault.New(fault.Unavailable, "the server ended before the command").At("%s", socket).Because(err).
		Next("run the command again: what landed is recognised, and nothing landed by half")
}
