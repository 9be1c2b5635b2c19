package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candor/internal/custody"
	"candor/internal/ledger"
	"candor/internal/store"
)

// says checks that a page says every text.
func says(t *testing.T, doc *html.Node, wants ...string) {
	t.Helper()
	all := text(doc)
	for _, want := range wants {
		if !strings.Contains(all, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// linked returns the addresses that a page links to.
func linked(doc *html.Node) map[string]bool {
	to := map[string]bool{}
	elements(doc, func(n *html.Node) {
		if href, ok := attr(n, "href"); ok {
			to[href] = true
		}
	})
	return to
}

// batchOf returns the id of the only batch of evidence of a kind.
func (d *desk) batchOf(kind string) string {
	d.t.Helper()
	for _, b := range must(d.evidence.Batches(d.t.Context()))(d.t) {
		if b.Kind == kind {
			return b.ID
		}
	}
	d.t.Fatalf("no batch of %s", kind)
	return ""
}

func TestNumberLeadsToItsBatchAndTheBatchToItsEntry(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/objects/AN1275")
	alerts := must(d.alerts.Batches(t.Context()))(t)[0]
	at := "/evidence/" + alerts.ID
	if !linked(doc)[at] {
		t.Fatalf("the verdict does not lead to %s", at)
	}
	_, doc = d.page(at)
	entries := custody.Accounts([]store.Batch{alerts}, must(d.keeper.Log().Entries(t.Context()))(t))[0].Ledger
	if len(entries) != 1 || entries[0].Kind != ledger.Batch {
		t.Fatalf("the batch has the entries %+v", entries)
	}
	entry := entries[0]
	proof := must(d.keeper.Log().Include(t.Context(), entry.Seq))(t)
	says(t, doc, alerts.ID, alerts.Hash, alerts.Content, entry.SHA256, proof.Root.String(), proof.Leaf, proof.Proof[0],
		fmt.Sprintf("What became of %d,%03d records", alerts.Read/1000, alerts.Read%1000), "supersedes an earlier record")
}

func TestEvidenceIsNarrowedByKind(t *testing.T) {
	d := demonstration(t)
	rules := d.batchOf("rules")
	_, doc := d.page("/evidence?kind=rules")
	if says(t, doc, rules); strings.Contains(text(doc), d.batchOf("telemetry")) {
		t.Error("another kind is shown")
	}
	_, doc = d.page("/evidence?kind=nothing")
	says(t, doc, "No row matches")
}

func TestBatchOfCasesNamesWhatCameWithIt(t *testing.T) {
	d := demonstration(t)
	cases := d.batchOf("cases")
	_, doc := d.page("/evidence/" + cases)
	if !linked(doc)["/evidence/"+store.Companion(cases)] {
		t.Error("the batch does not lead to the one that ties alerts to its cases")
	}
	if _, doc = d.page("/evidence/" + store.Companion(cases)); !linked(doc)["/evidence/"+cases] {
		t.Error("the companion does not lead back")
	}
}

func TestWithdrawalIsShownWithItsEntry(t *testing.T) {
	d := demonstration(t)
	id := d.batchOf("exercises")
	must(d.keeper.Withdraw(t.Context(), id, store.Withdrawal{Reason: "of another network", By: "lead", At: today}))(t)
	_, doc := d.page("/evidence/" + id)
	says(t, doc, "This batch is withdrawn and does not count", "of another network", "by lead", "withdrawal")
	_, doc = d.page("/ledger")
	says(t, doc, "withdrawal", "of another network")
}

func TestLedgerListsEveryEntryUnderItsRoot(t *testing.T) {
	d := demonstration(t)
	entries := must(d.keeper.Log().Entries(t.Context()))(t)
	last := must(d.keeper.Log().Include(t.Context(), int64(len(entries)-1)))(t)
	_, doc := d.page("/ledger")
	says(t, doc, last.Root.String())
	to := linked(doc)
	for _, e := range entries {
		if e.Kind == ledger.Batch && !to["/evidence/"+url.PathEscape(e.ID)] {
			t.Errorf("entry %d of %s leads nowhere", e.Seq, e.ID)
		}
	}
	_, doc = newDesk(t).page("/ledger")
	says(t, doc, "The ledger has no entry yet")
}

func TestPolicySaysSinceWhenAndByWhom(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/policy")
	says(t, doc, "No policy was ever set")
	d.policy.Name, d.policy.Version = "ours", "2"
	for _, version := range []string{"1", "2"} {
		must(entered(d.keeper.SetPolicy(t.Context(), custody.PolicyChange{ID: "ours " + version, File: []byte(version), By: "ann", Reason: "stricter " + version})))(t)
	}
	_, doc = d.page("/policy")
	says(t, doc, "ours 2 in force", "stricter 1", "ann")
	if strings.Contains(text(doc), "ours 1 in force") {
		t.Error("two policies are in force")
	}
	_, doc = d.page("/ledger")
	if !linked(doc)["/policy"] {
		t.Error("the ledger does not lead to the policy")
	}
}

// entered drops what a test does not ask about.
func entered(e ledger.Entry, _ bool, err error) (ledger.Entry, error) { return e, err }

func TestBatchWithoutAnEntryOrAFileSaysSo(t *testing.T) {
	d := demonstration(t)
	b := store.Batch{ID: "signals-pushed", Kind: "signals", Format: "candor-jsonl", Paths: []string{"/tmp/gone"}, Hash: strings.Repeat("ab", 32),
		Added: today, By: "token:siem"}
	if _, _, err := d.evidence.Append(t.Context(), b, func(func(store.Record, error) bool) {}); err != nil {
		t.Fatal(err)
	}
	_, doc := d.page("/evidence/" + b.ID)
	says(t, doc, "It has no entry yet", "by token:siem", "pushed")
	if strings.Contains(text(doc), "/tmp/gone") {
		t.Error("the file where what was pushed waited is shown as its input")
	}
	if a := d.get("/evidence/none"); a.Code != http.StatusNotFound || !strings.Contains(a.body, "There is no batch none") {
		t.Errorf("an unknown batch: %d", a.Code)
	}
}
