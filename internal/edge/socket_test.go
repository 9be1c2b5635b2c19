//go:build unix

package edge_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"candor/internal/door"
	"candor/internal/edge"
	"candor/internal/fault"
)

func TestASocketIsItsOwnersAlone(t *testing.T) {
	dir := must(os.MkdirTemp("", "s"))(t) // a short path
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "c.sock")
	dead := must(net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"}))(t) // of a killed server
	dead.SetUnlinkOnClose(false)
	dead.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	l := must(edge.ListenPrivately(ctx, path))(t)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	done := make(chan error, 1)
	h := edge.Combine(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !door.Private(r) {
			t.Error("the request did not come through the socket")
		}
	}), http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	go func() { done <- (&edge.Place{}).Serve(ctx, l, h, slog.New(slog.DiscardHandler), func() {}) }()
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	defer client.CloseIdleConnections()
	resp := must(client.Get("http://candor.example.org/"))(t) // as a proxy calls it
	if io.Copy(io.Discard, resp.Body); resp.Body.Close() != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("answered %d", resp.StatusCode)
	}
	if _, err := edge.ListenPrivately(ctx, path); fault.KindOf(err) != fault.Conflict || fault.HintOf(err) == "" {
		t.Errorf("a second server: %v", err)
	}
	client.CloseIdleConnections()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if left := must(os.ReadDir(dir))(t); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := edge.ListenPrivately(t.Context(), path); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a file that is no socket: %v", err)
	}
	if _, err := edge.ListenPrivately(t.Context(), filepath.Join(dir, "none", "c.sock")); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("no folder: %v", err)
	}
}
