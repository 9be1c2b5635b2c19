package cli

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"candor/internal/relay"
)

// TestAPanicOfARelayedCommandEndsIt runs a command on a desk that has nothing: it
// panics. The server's log says why, and the one who called that it failed; the desk
// is closed, so that the next one to write has its turn.
func TestAPanicOfARelayedCommandEndsIt(t *testing.T) {
	var log, out, errs bytes.Buffer
	p := &program{Env: Env{Now: time.Now}}
	closed := 0
	open := func(context.Context, string, Mode) (*Desk, error) {
		return &Desk{Close: func() error { closed++; return nil }}, nil
	}
	run := p.relayed(slog.New(slog.NewTextHandler(&log, nil)))
	code := run(t.Context(), relay.Call{Args: []string{"evidence", "list"}, Dir: t.TempDir()}, relay.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, open)
	if code != 1 || closed != 1 || out.Len() != 0 {
		t.Errorf("exit code %d, closed %d times, said %q", code, closed, &out)
	}
	if !strings.Contains(errs.String(), "the server's log says why") || strings.Contains(errs.String(), ".go:") {
		t.Errorf("the caller is told %q", &errs)
	}
	if !strings.Contains(log.String(), "panic") || !strings.Contains(log.String(), "evidence list") || !strings.Contains(log.String(), ".go:") {
		t.Errorf("the log says %q", &log)
	}
}
