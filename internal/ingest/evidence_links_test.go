package ingest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/store"
)

const threeAlerts = `{"id":"a1","rule_id":"r","time":"2026-03-01T10:00:00Z","entity":"h"}
{"id":"a2","rule_id":"r","time":"2026-03-01T11:00:00Z","entity":"h"}
{"id":"a3","rule_id":"r","time":"2026-03-01T12:00:00Z","entity":"h"}
`

// clusters returns in how many alerts each cluster comes to.
func (b *bench) clusters() map[string]int64 {
	b.t.Helper()
	tallies, err := b.alerts.Tallies(context.Background(), &alert.Question{From: "2026-01-01", To: "2026-12-31"})
	if err != nil {
		b.t.Fatal(err)
	}
	out := map[string]int64{}
	for _, t := range tallies {
		out[t.Cluster] += t.N
	}
	return out
}

const lone, inCase = "\x1fh\x1f2026-03-01", "case\x1fC-1"

func TestCasesTieTheAlertsThatTheyList(t *testing.T) {
	b := newBench(t)
	b.add(b.request("alerts", b.write("a.jsonl", threeAlerts)))
	path := b.write("cases.csv", "case_id,opened,closed,classification,alerts\nC-1,2026-03-01,2026-03-02,TruePositive,a1;a2;a9\n")
	if c := b.check(b.request("cases", path)); !c.Lands || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "1 alert id of cases that no alert here has: a9") {
		t.Errorf("check: %+v", c)
	}
	res := b.add(b.request("cases", path))
	if res.Linked == nil || !res.Links || res.Linked.ID != res.ID+"-alerts" || res.Linked.Kind != "cases" || res.Linked.Read != 2 || res.Linked.Updated != 2 ||
		len(res.Warnings) != 1 || !strings.Contains(res.Warnings[0], "a9") {
		t.Errorf("%+v, linked %+v", res, res.Linked)
	}
	if got := b.clusters(); got[inCase] != 2 || got[lone] != 1 {
		t.Errorf("clusters %v", got)
	}
	again := b.add(b.request("cases", path))
	if again.Fresh || again.Links || again.Linked == nil || again.Linked.ID != res.Linked.ID || len(b.batches()) != 3 {
		t.Errorf("again: %+v", again)
	}
	b.add(b.request("alerts", b.write("late.jsonl", `{"id":"a9","rule_id":"r","time":"2026-03-01T12:00:00Z","entity":"h"}`)))
	late := b.add(b.request("cases", path))
	if late.Fresh || !late.Links || late.Linked.ID != res.ID+"-alerts-2" || late.Linked.Updated != 1 || late.Linked.Unchanged != 2 || len(late.Warnings) != 0 {
		t.Errorf("once the alert is there: %+v, linked %+v", late, late.Linked)
	}
	if got := b.clusters(); got[inCase] != 3 || got[lone] != 1 {
		t.Errorf("clusters %v", got)
	}
}

func TestCasesThatListNoAlertAreOneBatch(t *testing.T) {
	b := newBench(t)
	res := b.add(b.request("cases", b.write("c.csv", "case_id,opened,closed,classification\nC-1,2026-03-01,2026-03-02,TruePositive\n")))
	if res.Linked != nil || len(b.batches()) != 1 || len(res.Warnings) != 0 {
		t.Errorf("%+v", res)
	}
}

// stopped is a store of alerts that is lost when it is to take in a batch.
type stopped struct{ store.Alerts }

func (stopped) Append(context.Context, store.Batch, iter.Seq2[*alert.Alert, error]) (store.Batch, bool, error) {
	return store.Batch{}, false, errors.New("gone")
}

func TestWhoIsStoppedBetweenTheTwoBatchesAddsTheFileAgain(t *testing.T) {
	b := newBench(t)
	b.add(b.request("alerts", b.write("a.jsonl", threeAlerts)))
	r := b.request("cases", b.write("cases.csv", caseCSV))
	whole := b.Evidence
	b.Evidence = NewEvidence(b.evidence, stopped{b.alerts}, whole.now)
	if _, err := b.Add(context.Background(), r); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("%v", err)
	}
	if got := b.clusters(); got[inCase] != 0 {
		t.Errorf("clusters %v", got)
	}
	b.Evidence = whole
	res := b.add(r)
	if res.Fresh || !res.Links || res.Linked.Updated != 1 || b.clusters()[inCase] != 1 {
		t.Errorf("%+v, linked %+v", res, res.Linked)
	}
}

func TestALaterCaseSupersedesAndBothStay(t *testing.T) {
	b := newBench(t)
	b.add(b.request("cases", b.write("1.csv", caseCSV)))
	res := b.add(b.request("cases", b.write("2.jsonl", caseJSON)))
	if res.Updated != 1 || !slices.Equal(b.keys(evidence.RecordCase), []string{"C-1"}) {
		t.Errorf("%+v", res)
	}
	said, err := b.evidence.History(context.Background(), evidence.RecordCase, "C-1")
	if err != nil || len(said) != 2 || !strings.Contains(string(said[0].Body), "true_positive") || !strings.Contains(string(said[1].Body), "false_positive") {
		t.Errorf("%v, %v", said, err)
	}
	if day.Of(res.First) != "2026-03-01" {
		t.Errorf("from %v", res.First)
	}
}

func TestATableOfChangesSpeaksOfACaseMoreThanOnce(t *testing.T) {
	b := newBench(t)
	rows := `[{"TimeGenerated":"2026-03-02T10:00:00Z","IncidentNumber":12,"Status":"Closed","Classification":"FalsePositive","CreatedTime":"2026-03-01T10:00:00Z","ClosedTime":"2026-03-02T10:00:00Z"},
{"TimeGenerated":"2026-03-01T10:00:00Z","IncidentNumber":12,"Status":"New","CreatedTime":"2026-03-01T10:00:00Z"}]`
	res := b.add(b.request("cases", b.write("i.json", rows)))
	if res.New != 1 || res.Updated != 1 || len(res.Warnings) != 0 {
		t.Errorf("%+v", res)
	}
	rs, err := b.evidence.Current(context.Background(), evidence.RecordCase)
	if err != nil || len(rs) != 1 || !strings.Contains(string(rs[0].Body), "false_positive") {
		t.Errorf("the newest row does not count: %v, %v", rs, err)
	}
}
