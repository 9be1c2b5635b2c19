package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/app"
	"candor/internal/cli"
	"candor/internal/engine"
	"candor/internal/store"
)

// folder is a data folder on which commands run in this process, at times that the
// test says.
type folder struct {
	t      testing.TB
	dir    string
	engine engine.Name
	now    time.Time
}

func (f *folder) run(args ...string) (out string, code int) {
	var b bytes.Buffer
	code = cli.Run(context.Background(), cli.Env{
		Args: args, Dir: f.dir, Out: &b, Err: &b, In: strings.NewReader(""), Now: func() time.Time { return f.now },
		Getenv: func(name string) string {
			return map[string]string{"CANDOR_DATA": "data", "USER": "ann", engine.Variable: string(f.engine)}[name]
		},
		Engines: app.Engines(),
	}, app.Open)
	return b.String(), code
}

func (f *folder) ok(args ...string) string {
	f.t.Helper()
	out, code := f.run(args...)
	if code != 0 {
		f.t.Fatalf("candor %s: exit code %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

func (f *folder) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// TestAClockThatJumpsBack puts the clock back between imports, labels and a
// withdrawal: order is that of arrival, and what was said last counts.
func TestAClockThatJumpsBack(t *testing.T) {
	for _, name := range app.Engines() {
		t.Run(string(name), func(t *testing.T) {
			f := &folder{t: t, dir: t.TempDir(), engine: name, now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
			alert := `{"id":"a1","rule_id":"r","time":"2026-05-04T00:00:00Z","disposition":"%","disposition_time":"2026-05-0#T00:00:00Z","disposition_by":"ann","provenance":"analyst"}` + "\n"
			said := func(class, day string) string {
				return strings.NewReplacer("%", class, "#", day).Replace(alert)
			}
			var added []string
			add := func(kind, name, text string) {
				f.write(name, text)
				var b store.Batch
				if err := json.Unmarshal([]byte(f.ok("evidence", "add", kind, name, "--json")), &b); err != nil {
					t.Fatal(err)
				}
				added = append(added, b.ID)
			}
			add("alerts", "1.jsonl", said("false_positive", "5"))
			add("feeds", "1.csv", "date,source,channel,events,hosts\n2026-05-01,a,b,1,1\n")
			f.now = f.now.AddDate(0, -2, 0)
			add("alerts", "2.jsonl", said("true_positive", "6"))
			add("feeds", "2.csv", "date,source,channel,events,hosts\n2026-05-01,a,b,7,1\n")
			f.now = f.now.AddDate(0, -2, 0)
			add("feeds", "3.csv", "date,source,channel,events,hosts\n2026-05-01,a,b,0,0\n")
			f.ok("evidence", "withdraw", added[4], "--reason", "for a test")

			var listed store.Latest
			if err := json.Unmarshal([]byte(f.ok("evidence", "list", "--json")), &listed); err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, b := range slices.Backward(listed.Batches) {
				ids = append(ids, b.ID)
			}
			for _, kind := range []string{"alerts", "feeds"} {
				var want, got []string
				for _, id := range added {
					if strings.HasPrefix(id, kind) {
						want = append(want, id)
					}
				}
				for _, id := range ids {
					if strings.HasPrefix(id, kind) {
						got = append(got, id)
					}
				}
				if !slices.Equal(want, got) {
					t.Errorf("%s are listed as %v, want %v", kind, got, want)
				}
			}
			history := f.ok("evidence", "history", "a1")
			if fp, tp := strings.Index(history, "false_positive"), strings.Index(history, "true_positive"); fp < 0 || tp < fp {
				t.Errorf("history:\n%s", history)
			}
			var entries []struct {
				Seq int64
				ID  string
			}
			if err := json.Unmarshal([]byte(f.ok("ledger", "list", "--json")), &entries); err != nil {
				t.Fatal(err)
			}
			slices.Reverse(entries)
			want := append(slices.Clone(added), added[4]) // the withdrawal
			for i, e := range entries {
				if e.Seq != int64(i) || i < len(want) && e.ID != want[i] {
					t.Errorf("entry %d is %+v, want one about %s", i, e, want[i])
				}
			}
			if len(entries) != len(want) {
				t.Errorf("%d entries, want %d", len(entries), len(want))
			}
			f.ok("ledger", "verify")
		})
	}
}
