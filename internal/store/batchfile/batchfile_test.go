package batchfile_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/batchfile"
)

// write writes alerts to a file and returns its head and hash.
func write(t *rapid.T, path string, alerts []*alert.Alert) (batchfile.Head, string) {
	w, err := batchfile.Create(path, "b1")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abandon()
	for _, a := range alerts {
		if err := w.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	h, sum, err := w.Seal(3, store.Batch{ID: "b1", Kind: "alerts", Hash: "input", New: int64(len(alerts))})
	if err != nil {
		t.Fatal(err)
	}
	return h, sum
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(dir, "b1.parquet")
		alerts := rapid.SliceOfN(drawn(), 0, 40).Draw(rt, "alerts")
		head, sum := write(rt, path, alerts)
		if again, err := batchfile.Sum(rt.Context(), path); err != nil || again != sum {
			rt.Fatalf("hash %s, %v; sealed with %s", again, err, sum)
		}
		f, err := batchfile.Open(path)
		if err != nil {
			rt.Fatal(err)
		}
		defer f.Close()
		if diff := cmp.Diff([]batchfile.Head{head}, f.Heads); diff != "" {
			rt.Fatal(diff)
		}
		hashes, err := f.Check(rt.Context(), nil)
		if err != nil || hashes["b1"] != head.RowsHash {
			rt.Fatalf("rows hash %v, %v; want %s", hashes, err, head.RowsHash)
		}
		got, last := make([]*alert.Alert, len(alerts)), time.Time{}
		for r, err := range f.Rows(rt.Context()) {
			if err != nil {
				rt.Fatal(err)
			}
			if r.Time.Before(last) || r.Batch != "b1" {
				rt.Fatalf("row %+v behind %s", r, last)
			}
			got[r.Place], last = r.Alert, r.Time
		}
		for i, a := range alerts {
			if diff := cmp.Diff(a, got[i]); diff != "" {
				rt.Fatalf("alert %d: %s", i, diff)
			}
		}
	})
}

func drawn() *rapid.Generator[*alert.Alert] {
	return rapid.Custom(func(t *rapid.T) *alert.Alert {
		pick := func(name string, values ...string) string { return rapid.SampledFrom(values).Draw(t, name) }
		at := func(name string) time.Time { return time.Unix(0, rapid.Int64Range(-1e18, 1e18).Draw(t, name)).UTC() }
		a := &alert.Alert{ID: pick("id", "a", "b", "ü\x00"), Site: pick("site", "", "s"), Entity: pick("entity", "", "h"), Severity: pick("severity", "", "low"),
			CaseID: pick("case", "", "c"), Tactic: pick("tactic", "", "t"), Source: pick("source", "", "edr")}
		others := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) alert.Entity {
			return alert.Entity{Type: rapid.SampledFrom(append(alert.EntityTypes(), alert.Untyped)).Draw(t, "type"), Name: rapid.StringN(1, 4, -1).Draw(t, "name")}
		}), 0, rapid.SampledFrom([]int{0, 3, 150}).Draw(t, "entities")).Draw(t, "others")
		a.SetEntities(alert.Entity{Type: alert.EntityType(pick("entity type", "", "host")), Name: a.Entity}, others)
		if rapid.Bool().Draw(t, "whole") {
			a.RuleID, a.RuleName, a.Time = "r", pick("name", "", "Rule"), at("time")
		}
		if rapid.Bool().Draw(t, "scored") {
			score := rapid.Float64Range(-9, 9).Draw(t, "score")
			a.Score, a.Techniques, a.Fields = &score, []string{"T1", "T2"}, map[string]string{"k": "v", "": pick("value", "", "x")}
		}
		if rapid.Bool().Draw(t, "judged") {
			a.Disposition = &alert.Disposition{AlertID: a.ID, Class: alert.Test, Word: pick("word", "", "w"), By: pick("by", "", "ann"), Provenance: alert.Analyst}
			if rapid.Bool().Draw(t, "timed") {
				a.Disposition.Time = at("said")
			}
		}
		return a
	})
}

// TestEntitiesThatCannotBeKeptAreRefused: what nothing makes that reads alerts, and no file holds.
func TestEntitiesThatCannotBeKeptAreRefused(t *testing.T) {
	whole := func(change func(a *alert.Alert)) *alert.Alert {
		a := &alert.Alert{ID: "a", RuleID: "r", Time: time.Unix(1, 0), Entity: "h"}
		change(a)
		return a
	}
	for name, a := range map[string]*alert.Alert{
		"others without a primary one": whole(func(a *alert.Alert) { a.Entity, a.Others = "", []alert.Entity{{Name: "x"}} }),
		"a type without a name":        whole(func(a *alert.Alert) { a.Entity, a.EntityType = "", alert.Host }),
		"no type that there is":        whole(func(a *alert.Alert) { a.EntityType = "gizmo" }),
		"bytes":                        whole(func(a *alert.Alert) { a.Others = []alert.Entity{{Name: "\xff"}} }),
		"too many":                     whole(func(a *alert.Alert) { a.Others = make([]alert.Entity, alert.MaxEntities) }),
	} {
		if err := batchfile.Check(a); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := batchfile.Check(whole(func(a *alert.Alert) { a.Others = []alert.Entity{{Type: alert.Mail, Name: "x"}} })); err != nil {
		t.Error(err)
	}
}
