//go:build unix

package relay_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/relay"
)

// serve runs what is called in dir through run until t ends, and returns the socket
// and what stops the server and waits for it.
func serve(t *testing.T, dir string, run relay.Runner) (socket string, stop func()) {
	t.Helper()
	s, err := relay.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, door.New(door.Config{}), run) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-done, s.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return s.Path(), stop
}

func alive(t *testing.T, socket, dir string) bool {
	t.Helper()
	ok, err := relay.Alive(t.Context(), socket, dir)
	if err != nil {
		t.Error(err)
	}
	return ok
}

// short is a folder whose path leaves room for a socket.
func short(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "r")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestACallGoesThereAndItsOutputComesBack(t *testing.T) {
	call := relay.Call{Version: "v1", Args: []string{"a", "b c", ""}, Dir: "/somewhere", Env: map[string]string{"USER": "ann"}, ErrTerm: true}
	long := strings.Repeat("0123456789", 30_000)
	socket, _ := serve(t, short(t), func(_ context.Context, c relay.Call, s relay.Streams) int {
		if diff := cmp.Diff(call, c); diff != "" {
			t.Errorf("the call arrived otherwise:\n%s", diff)
		}
		in, err := io.ReadAll(s.In)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprint(s.Out, long)
		fmt.Fprintf(s.Err, "read %d bytes", len(in))
		return 3
	})
	var out, errs bytes.Buffer
	code, err := relay.Do(t.Context(), socket, call, relay.Streams{In: strings.NewReader(long), Out: &out, Err: &errs})
	if err != nil || code != 3 {
		t.Errorf("exit code %d, %v", code, err)
	}
	if out.String() != long || errs.String() != "read 300000 bytes" {
		t.Errorf("%d bytes of output, and %q", out.Len(), &errs)
	}
}

func TestCallsRunAtOnce(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	socket, _ := serve(t, short(t), func(context.Context, relay.Call, relay.Streams) int {
		both.Done()
		both.Wait()
		return 0
	})
	var calls sync.WaitGroup
	for range 2 {
		calls.Go(func() {
			if code, err := relay.Do(t.Context(), socket, relay.Call{}, relay.Streams{}); code != 0 || err != nil {
				t.Errorf("exit code %d, %v", code, err)
			}
		})
	}
	calls.Wait()
}

// untouched is an input that must not be read.
type untouched struct{ t *testing.T }

func (u untouched) Read([]byte) (int, error) {
	u.t.Error("the input was read, and no one asked for it")
	return 0, io.EOF
}

func TestInputIsReadWhenItIsAskedFor(t *testing.T) {
	socket, _ := serve(t, short(t), func(context.Context, relay.Call, relay.Streams) int { return 0 })
	if _, err := relay.Do(t.Context(), socket, relay.Call{}, relay.Streams{In: untouched{t}}); err != nil {
		t.Error(err)
	}
}

func TestACallerThatIsInterruptedEndsTheCommand(t *testing.T) {
	started := make(chan bool)
	socket, _ := serve(t, short(t), func(ctx context.Context, _ relay.Call, s relay.Streams) int {
		close(started)
		<-ctx.Done()
		fmt.Fprint(s.Err, "ended")
		return 1
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-started
		cancel()
	}()
	var errs bytes.Buffer
	code, err := relay.Do(ctx, socket, relay.Call{}, relay.Streams{Err: &errs})
	if code != 1 || err != nil || errs.String() != "ended" {
		t.Errorf("exit code %d, %v, %q", code, err, &errs)
	}
}

func TestACallerThatIsGoneEndsTheCommand(t *testing.T) {
	ended := make(chan error, 1)
	socket, _ := serve(t, short(t), func(ctx context.Context, _ relay.Call, s relay.Streams) int {
		fmt.Fprint(s.Out, "begun")
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return 1
	})
	_, err := relay.Do(t.Context(), socket, relay.Call{}, relay.Streams{Out: broken{}})
	if fault.KindOf(err) != fault.Unavailable {
		t.Errorf("error %v; want one of kind %s", err, fault.Unavailable)
	}
	if cause := <-ended; !errors.Is(cause, context.Canceled) {
		t.Errorf("the command ended because of %v", cause)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestTheServersEndIsTheCommands(t *testing.T) {
	dir := short(t)
	started := make(chan bool)
	socket, stop := serve(t, dir, func(ctx context.Context, _ relay.Call, s relay.Streams) int {
		close(started)
		<-ctx.Done()
		fmt.Fprint(s.Err, context.Cause(ctx))
		return 1
	})
	go func() {
		<-started
		stop()
	}()
	var errs bytes.Buffer
	code, err := relay.Do(t.Context(), socket, relay.Call{}, relay.Streams{Err: &errs})
	if code != 1 || err != nil || !strings.Contains(errs.String(), "server was stopped") {
		t.Errorf("exit code %d, %v, %q", code, err, &errs)
	}
	stop()
	if left, _ := os.ReadDir(dir); len(left) > 0 || alive(t, socket, dir) {
		t.Errorf("left over: %v", left)
	}
	if _, err := relay.Do(t.Context(), socket, relay.Call{}, relay.Streams{}); fault.KindOf(err) != fault.Unavailable || fault.HintOf(err) == "" {
		t.Errorf("no server: error %v; want one of kind %s with a hint", err, fault.Unavailable)
	}
}

func TestACommandThatPanicsLeavesTheServer(t *testing.T) {
	dir, first := short(t), true
	socket, _ := serve(t, dir, func(context.Context, relay.Call, relay.Streams) int {
		if first {
			first = false
			panic("for a test")
		}
		return 0
	})
	var errs bytes.Buffer
	if code, err := relay.Do(t.Context(), socket, relay.Call{}, relay.Streams{Err: &errs}); code != 1 || err != nil || !strings.Contains(errs.String(), "for a test") {
		t.Errorf("exit code %d, %v, %q", code, err, &errs)
	}
	if code, err := relay.Do(t.Context(), socket, relay.Call{}, relay.Streams{Err: &errs}); code != 0 || err != nil {
		t.Errorf("afterwards: exit code %d, %v", code, err)
	}
}

func TestALostServerIsAnError(t *testing.T) {
	path := filepath.Join(short(t), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const ok = "HTTP/1.1 200 OK\r\n\r\n"
	for name, answer := range map[string]string{"nothing": "", "half a head": "HTTP/1.1 200", "no HTTP": "x\x00\x00\x00\x01", "refused": "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
		"no exit code": ok + `{"out":"YQ=="}` + "\n", "half a line": ok + `{"exit":`, "no message": ok + "x\n", "none of ours": ok + "{}\n",
		"half a part": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{", "a line without end": ok + `{"out":"` + strings.Repeat("YQ==", 1<<18)} {
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(conn, answer)
			conn.(*net.UnixConn).CloseWrite()
			io.Copy(io.Discard, conn)
			conn.Close()
		}()
		_, err := relay.Do(t.Context(), path, relay.Call{}, relay.Streams{Out: io.Discard, Err: io.Discard})
		if fault.KindOf(err) != fault.Unavailable || fault.HintOf(err) == "" {
			t.Errorf("%s: error %v; want one of kind %s with a hint", name, err, fault.Unavailable)
		}
	}
}

func TestTheSocketIsItsOwnersAlone(t *testing.T) {
	dir := short(t)
	socket, stop := serve(t, dir, func(context.Context, relay.Call, relay.Streams) int { return 0 })
	info, err := os.Stat(socket)
	if err != nil || info.Mode().Perm() != 0o600 || filepath.Dir(socket) != dir {
		t.Errorf("socket %s: %v, %v", socket, info, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("beside the socket: %v", left)
	}
	if !alive(t, socket, dir) {
		t.Error("nobody answers")
	}
	stop()
}

func TestALongPathGetsASocketElsewhere(t *testing.T) {
	dir := filepath.Join(short(t), strings.Repeat("long/", 30))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", short(t))
	socket, stop := serve(t, dir, func(context.Context, relay.Call, relay.Streams) int { return 7 })
	info, err := os.Stat(filepath.Dir(socket))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's folder: %v, %v", info, err)
	}
	if !alive(t, socket, dir) {
		t.Error("nobody answers")
	}
	if code, err := relay.Do(t.Context(), socket, relay.Call{}, relay.Streams{}); code != 7 || err != nil {
		t.Errorf("exit code %d, %v", code, err)
	}
	stop()
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	t.Setenv("TMPDIR", dir)
	if _, err := relay.Listen(dir); fault.KindOf(err) != fault.Unavailable || fault.HintOf(err) == "" {
		t.Errorf("no short path: error %v; want one of kind %s with a hint", err, fault.Unavailable)
	}
}

func TestWhatAKilledServerLeftIsReplaced(t *testing.T) {
	dir := short(t)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "relay.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if alive(t, filepath.Join(dir, "relay.sock"), dir) {
		t.Error("a socket that nobody listens at is alive")
	}
	socket, _ := serve(t, dir, func(context.Context, relay.Call, relay.Streams) int { return 5 })
	if code, err := relay.Do(t.Context(), socket, relay.Call{}, relay.Streams{}); code != 5 || err != nil {
		t.Errorf("exit code %d, %v", code, err)
	}
}

// FuzzServer sends a server anything. It must outlive that, and run no call that
// is not one.
func FuzzServer(f *testing.F) {
	for _, seed := range []string{"", "POST", "POST /commands/a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "POST /commands/a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{}",
		"POST /commands/a HTTP/1.1\r\nHost: x\r\n\r\n", "PUT /commands/a/input HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na", "DELETE /commands/a HTTP/1.1\r\nHost: x\r\n\r\n"} {
		f.Add([]byte(seed))
	}
	dir, err := os.MkdirTemp("", "r")
	if err != nil {
		f.Fatal(err)
	}
	defer os.RemoveAll(dir)
	s, err := relay.Listen(dir)
	if err != nil {
		f.Fatal(err)
	}
	defer s.Close()
	go s.Serve(context.Background(), door.New(door.Config{}), func(_ context.Context, c relay.Call, s relay.Streams) int {
		n, _ := io.Copy(io.Discard, s.In)
		fmt.Fprint(s.Out, len(c.Args), n)
		return 9
	})
	f.Fuzz(func(t *testing.T, sent []byte) {
		conn, err := net.Dial("unix", s.Path())
		if err != nil {
			t.Fatal(err)
		}
		conn.Write(sent)
		conn.(*net.UnixConn).CloseWrite()
		answer, _ := io.ReadAll(conn)
		conn.Close()
		if bytes.Contains(answer, []byte("200 OK")) && !bytes.Contains(sent, []byte("/commands/")) {
			t.Errorf("%q was answered with %q", sent, answer)
		}
		if code, err := relay.Do(t.Context(), s.Path(), relay.Call{}, relay.Streams{In: strings.NewReader("in"), Out: io.Discard}); code != 9 || err != nil {
			t.Errorf("afterwards: exit code %d, %v", code, err)
		}
	})
}
