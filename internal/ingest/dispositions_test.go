package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/fault"
	"candor/internal/store"
)

const twoAlerts = `{"id":"a1","rule_id":"r","time":"2026-11-20T08:00:00Z"}` + "\n" + `{"id":"a2","rule_id":"r","time":"2026-11-20T09:00:00Z"}` + "\n"

const dispositionCSV = `id,disposition,disposition_time,disposition_by,provenance,case_id
a1,true_positive,2026-11-20T10:00:00Z,ann,analyst,c1
a9,true_positive,2026-11-20T10:00:00Z,ann,analyst,
a2,maybe,2026-11-20T10:00:00Z,ann,analyst,
a2,open,2026-11-20T11:00:00Z,,automation,
a2,duplicate,,ann,analyst,
`

func TestDispositionsOfKnownAlertsLand(t *testing.T) {
	for name, text := range map[string]string{
		"d.csv": dispositionCSV,
		"d.jsonl": `{"alert_id":"a1","disposition":"true_positive","disposition_time":"2026-11-20T10:00:00Z","disposition_by":"ann","provenance":"analyst","case_id":"c1"}
{"id":"a9","disposition":"true_positive","disposition_time":"2026-11-20T10:00:00Z","disposition_by":"ann","provenance":"analyst"}
{"id":"a2","disposition":"maybe","disposition_time":"2026-11-20T10:00:00Z"}
{"id":"a2","disposition":"open","disposition_time":"2026-11-20T11:00:00Z","provenance":"automation"}
{"id":"a2","disposition":"duplicate"}
`} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.add(b.request("alerts", b.write("a.jsonl", twoAlerts)))
			r := b.request("dispositions", b.write(name, text))
			checked, res := b.check(r), b.add(r)
			if res.Kind != "dispositions" || !res.Fresh || res.Updated != 2 || res.New != 0 || res.Rejected != 3 || res.Read != 5 {
				t.Errorf("%+v", res)
			}
			if checked.Good != 2 || checked.Rejected != 3 || checked.Format != res.Format || len(checked.Rejects) != 3 || !checked.First.Equal(res.First) {
				t.Errorf("check says %+v", checked)
			}
			if want := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC); !res.First.Equal(want) || !res.Last.Equal(want.Add(time.Hour)) {
				t.Errorf("from %s to %s", res.First, res.Last)
			}
			unknown := res.Rejects[len(res.Rejects)-1]
			if unknown.Value != "a9" || unknown.Line == 0 || !strings.Contains(unknown.Reason, "no alert of this id") {
				t.Errorf("the unknown alert is told as %+v", unknown)
			}
			said, err := b.alerts.Dispositions(context.Background(), alert.Identity{ID: "a1"})
			if err != nil || len(said) != 1 || said[0].Class != alert.TruePositive || said[0].By != "ann" {
				t.Errorf("%+v, %v", said, err)
			}
			if again := b.add(r); again.Fresh || again.ID != res.ID {
				t.Errorf("again: %+v", again)
			}
		})
	}
}

func TestDispositionsOfUnknownAlertsAloneDoNotLand(t *testing.T) {
	b := newBench(t)
	err := b.refused(b.request("dispositions", b.write("d.csv", dispositionCSV)), fault.Invalid)
	if !strings.Contains(err.Error(), "no alert of this id is known") && !strings.Contains(err.Error(), "maybe") {
		t.Errorf("%v", err)
	}
	err = b.refused(b.request("dispositions", b.write("e.csv", "id,verdict\na1,fine\n")), fault.Invalid)
	if !strings.Contains(err.Error(), "disposition") {
		t.Errorf("%v", err)
	}
}

// TestTheSameBytesAreOtherInputAsDispositions adds one file as both kinds.
func TestTheSameBytesAreOtherInputAsDispositions(t *testing.T) {
	b := newBench(t)
	path := b.write("both.csv", "id,rule_id,time,disposition,disposition_time,provenance\na1,r,2026-11-20,test,2026-11-21,analyst\n")
	b.add(b.request("alerts", path))
	res := b.add(b.request("dispositions", path))
	if !res.Fresh || res.Unchanged != 1 || len(res.Warnings) == 0 {
		t.Errorf("%+v", res)
	}
}

func TestTheRejectsFileComesWithTheBatch(t *testing.T) {
	b := newBench(t)
	r := b.request("alerts", b.write("a.jsonl", twoAlerts+"{}\n"))
	files := func() []string {
		list, err := filepath.Glob(filepath.Join(b.dir, "rejects", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	b.Evidence = NewEvidence(b.evidence, failing{b.alerts}, b.now)
	if _, err := b.Add(context.Background(), r); !errors.Is(err, errFull) || len(files()) != 0 {
		t.Errorf("error %v, rejects files %q; want none", err, files())
	}
	b.Evidence = NewEvidence(b.evidence, b.alerts, b.now)
	res := b.add(r)
	if list := files(); len(list) != 1 || res.Batch.Rejects != list[0] || res.Rejected != 1 || res.Format != ownJSONL {
		t.Errorf("%+v, rejects files %q", res, list)
	}
	if _, err := os.Stat(res.Batch.Rejects); err != nil {
		t.Error(err)
	}
}

var errFull = errors.New("no space left")

// failing is a store that fails once all alerts were read.
type failing struct{ store.Alerts }

func (f failing) Append(_ context.Context, _ store.Batch, alerts iter.Seq2[*alert.Alert, error]) (store.Batch, bool, error) {
	for _, err := range alerts {
		if err != nil {
			return store.Batch{}, false, err
		}
	}
	return store.Batch{}, false, fmt.Errorf("commit: %w", errFull)
}
