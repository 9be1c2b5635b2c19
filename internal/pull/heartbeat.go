package pull

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"candor/internal/evidence"
	"candor/internal/ingest"
	"candor/internal/scratch"
	"candor/internal/telemetry"
)

// heartbeat says on the record whether a source answers, as it is said of a log source
// whether it arrives: on a day, so many answers; or none. It is said once a day, and again
// where a source that was silent answers on the same day. A source that stops answering
// is a feed that stopped.
func (r *run) heartbeat(ctx context.Context, p Pulled, answered bool) error {
	today := r.Now().UTC().Format(time.DateOnly)
	switch {
	case r.st.Heard == today, !answered && (r.st.Silent == today || r.st.Heard == ""):
		return nil
	}
	events := 0
	if answered {
		events = max(p.Requests, 1)
	}
	folder, err := scratch.Make(os.TempDir(), prefix)
	if err != nil {
		return err
	}
	defer folder.Remove()
	line, err := json.Marshal(map[string]any{"date": today, "source": telemetry.PulledFrom(r.of.Name), "channel": "", "events": events, "hosts": 0})
	if err != nil {
		return err
	}
	path := filepath.Join(r.of.Name, "answers-"+today+".jsonl")
	at := filepath.Join(folder.Path(), path)
	if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(at, append(line, '\n'), 0o600); err != nil {
		return err
	}
	if _, err := r.in.Add(ctx, ingest.Request{Kind: evidence.Feeds, Format: "candor-jsonl", Paths: []string{path}, Dir: folder.Path(), By: Author + r.of.Name, RejectsDir: r.RejectsDir}); err != nil {
		return err
	}
	if answered {
		r.st.Heard = today
	} else {
		r.st.Silent = today
	}
	return nil
}
