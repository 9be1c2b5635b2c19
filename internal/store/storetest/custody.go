package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/store"
)

// EvidenceKeeper is a store of evidence that answers for what it keeps.
type EvidenceKeeper interface {
	store.Evidence
	store.Custody
}

// AlertsKeeper is a store of alerts that answers for what it keeps.
type AlertsKeeper interface {
	store.Alerts
	store.Custody
}

// Forgetful is a store of alerts that can lose what it has worked out: Forget returns the
// same store, which has to work it out again. The one before is not used any more.
type Forgetful interface {
	Forget() AlertsKeeper
}

// OpenEvidenceKeeper is as OpenEvidence.
type OpenEvidenceKeeper func(t *testing.T, dir string) EvidenceKeeper

// OpenAlertsKeeper is as OpenAlerts.
type OpenAlertsKeeper func(t *testing.T, dir string) AlertsKeeper

// EvidenceCustody tests that the stores that open opens keep the contract of
// store.Custody for evidence.
func EvidenceCustody(t *testing.T, open OpenEvidenceKeeper) {
	tests := map[string]func(*testing.T, OpenEvidenceKeeper){
		"a withdrawn record gives way to the one before":    evidenceFallsBack,
		"what another batch says too stays in force":        evidenceStillSaid,
		"a withdrawn retirement is none":                    evidenceNotRetired,
		"a withdrawn batch is listed with its reason":       evidenceListed,
		"a withdrawal that cannot be meant changes nothing": evidenceRefused,
		"the input of a withdrawn batch lands again":        evidenceLandsAgain,
		"reopening keeps withdrawals":                       evidenceReopenWithdrawn,
		"its state has another name once it changed":        evidenceGenerations,
		"texts that run together have content of their own": evidenceApart,
		"withdrawn is as if never added, and audits clean":  evidenceCustodyModel,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// AlertsCustody tests that the stores that open opens keep the contract of
// store.Custody for alerts.
func AlertsCustody(t *testing.T, open OpenAlertsKeeper) {
	tests := map[string]func(*testing.T, OpenAlertsKeeper){
		"alerts of a withdrawn batch do not count":          alertsWithdrawn,
		"an alert that another batch brings too counts":     alertsStillBrought,
		"a withdrawn disposition gives way":                 alertsDispositionWithdrawn,
		"a statement names its batch":                       alertsStatementNamesBatch,
		"a disposition that another batch makes too stays":  alertsDispositionStays,
		"a withdrawn change is undone":                      alertsChangeUndone,
		"a withdrawal that cannot be meant changes nothing": alertsRefused,
		"the input of a withdrawn batch lands again":        alertsLandAgain,
		"a statement does not keep an alert alive":          alertsStatementWaits,
		"what waits counts once the alert is brought again": alertsStatementCountsAgain,
		"reopening keeps withdrawals":                       alertsReopenWithdrawn,
		"its state has another name once it changed":        alertsGenerations,
		"texts that run together have content of their own": alertsApart,
		"withdrawn is as if never added, and audits clean":  alertsCustodyModel,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// struck is the withdrawal that the tests make.
func struck() store.Withdrawal {
	return store.Withdrawal{At: hours(100), By: "ann", Reason: "exported from the wrong tenant"}
}

// withdraw withdraws a batch that has to be there.
func withdraw(t *testing.T, s store.Custody, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := s.Withdraw(t.Context(), id, struck()); err != nil {
			t.Fatalf("withdraw %s: %v", id, err)
		}
	}
}

// clean fails the test unless an audit agrees with the batches.
func clean(t fataler, s store.Custody, batches []store.Batch, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("list batches: %v", err)
	}
	found, err := s.Audit(t.Context(), true)
	if err != nil {
		t.Fatalf("audit: %v", err)
	}
	want := store.Audit{Batches: map[string]store.Audited{}}
	for _, b := range batches {
		if b.Content == "" {
			t.Fatalf("batch %s has no content hash", b.ID)
		}
		kept := store.Audited{Content: b.Content, RowsHash: b.RowsHash, Withdrawn: b.Withdrawn}
		if b.Merged != "" || b.Expired > 0 {
			if kept.Now = found.Batches[b.ID].Now; kept.Now == nil {
				t.Fatalf("batch %s, merged into %q and of which %d rows expired, is said to lie where it landed", b.ID, b.Merged, b.Expired)
			}
		}
		want.Batches[b.ID] = kept
	}
	same(t, "audit", want, found)
}

// refuses checks that s refuses withdrawals that cannot be meant. b1 is there,
// b2 is withdrawn already.
func refuses(t *testing.T, s store.Custody) {
	t.Helper()
	silent := struck()
	silent.Reason = " "
	for id, want := range map[string]fault.Kind{"b1": fault.Invalid, "b2": fault.Conflict, "b3": fault.NotFound} {
		w := struck()
		if id == "b1" {
			w = silent
		}
		if err := s.Withdraw(t.Context(), id, w); fault.KindOf(err) != want {
			t.Errorf("withdraw %s: error %v; want one of kind %s", id, err, want)
		}
	}
}

// apart tells of batches that say different things, each in a store of its own and
// under the same name, whether they have the same content.
func apart(t *testing.T, what string, one, other store.Batch) {
	t.Helper()
	if one.Content == "" || one.Content == other.Content {
		t.Errorf("%s: both have the content %q", what, one.Content)
	}
}

// evidenceNotRetired withdraws a batch that retired a record, and the one that brought it.
func evidenceNotRetired(t *testing.T, open OpenEvidenceKeeper) {
	s := open(t, t.TempDir())
	appendRecords(t, s, "b1", rule("r1", "one"), rule("r2", "two"))
	appendRecords(t, s, "b2", rule("r1", ""), rule("r2", "zwei"))
	withdraw(t, s, "b2")
	same(t, "in force", []store.Record{in("b1", rule("r1", "one")), in("b1", rule("r2", "two"))}, stateOf(t, s).Current[evidence.RecordRule])
	appendRecords(t, s, "b3", rule("r1", ""))
	withdraw(t, s, "b1")
	same(t, "in force", []store.Record(nil), stateOf(t, s).Current[evidence.RecordRule])
	batches, err := s.Batches(t.Context())
	clean(t, s, batches, err)
}

// evidenceApart moves the border between a key and a body.
func evidenceApart(t *testing.T, open OpenEvidenceKeeper) {
	one := appendRecords(t, open(t, t.TempDir()), "b1", store.Record{Kind: evidence.RecordRule, Key: "ab", Body: []byte("1")})
	other := appendRecords(t, open(t, t.TempDir()), "b1", store.Record{Kind: evidence.RecordRule, Key: "a", Body: []byte("b1")})
	apart(t, "key and body", one, other)
}

// alertsApart moves the border between texts that are next to each other.
func alertsApart(t *testing.T, open OpenAlertsKeeper) {
	for what, change := range map[string]func(a *alert.Alert, x, y string){
		"rule and name":   func(a *alert.Alert, x, y string) { a.RuleID, a.RuleName = x, y },
		"site and entity": func(a *alert.Alert, x, y string) { a.Site, a.Entity = x, y },
		"word and author": func(a *alert.Alert, x, y string) {
			a.Disposition = &alert.Disposition{Class: alert.Test, Word: x, By: y, Time: hours(1), Provenance: alert.Analyst}
		},
	} {
		says := func(x, y string) store.Batch {
			return appendAlerts(t, open(t, t.TempDir()), "b1", with(fired("a1", 0), func(a *alert.Alert) { change(a, x, y) }))
		}
		apart(t, what, says("ab", "c"), says("a", "bc"))
	}
}

func evidenceFallsBack(t *testing.T, open OpenEvidenceKeeper) {
	s := open(t, t.TempDir())
	appendRecords(t, s, "b1", rule("r1", "one"))
	appendRecords(t, s, "b2", rule("r1", "uno"), rule("r2", "due"))
	appendRecords(t, s, "b3", rule("r2", "two"))
	appendRecords(t, s, "b4", rule("r2", "zwei"))
	withdraw(t, s, "b2")
	same(t, "current", []store.Record{in("b1", rule("r1", "one")), in("b4", rule("r2", "zwei"))}, stateOf(t, s).Current[evidence.RecordRule])
	versions, err := s.Versions(t.Context(), evidence.RecordRule)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "versions", []store.Record{in("b1", rule("r1", "one")), in("b3", rule("r2", "two")), in("b4", rule("r2", "zwei"))}, versions)
	withdraw(t, s, "b4")
	same(t, "current", []store.Record{in("b1", rule("r1", "one")), in("b3", rule("r2", "two"))}, stateOf(t, s).Current[evidence.RecordRule])
	withdraw(t, s, "b3", "b1")
	same(t, "current", []store.Record(nil), stateOf(t, s).Current[evidence.RecordRule])
	same(t, "history", []store.Record{in("b1", rule("r1", "one")), in("b2", rule("r1", "uno"))}, stateOf(t, s, "r1").History["rule r1"])
	b := appendRecords(t, s, "b5", rule("r1", "one"))
	same(t, "new, updated, unchanged", [3]int64{1, 0, 0}, counted(b))
}

func evidenceStillSaid(t *testing.T, open OpenEvidenceKeeper) {
	s := open(t, t.TempDir())
	appendRecords(t, s, "b1", rule("r1", "one"))
	appendRecords(t, s, "b2", rule("r1", "one"), rule("r1", "one"))
	appendRecords(t, s, "b3", rule("r1", "uno"))
	appendRecords(t, s, "b4", rule("r1", "one"))
	withdraw(t, s, "b1")
	same(t, "current", []store.Record{in("b4", rule("r1", "one"))}, stateOf(t, s).Current[evidence.RecordRule])
	withdraw(t, s, "b3")
	same(t, "current", []store.Record{in("b2", rule("r1", "one"))}, stateOf(t, s).Current[evidence.RecordRule])
	withdraw(t, s, "b2")
	same(t, "current", []store.Record{in("b4", rule("r1", "one"))}, stateOf(t, s).Current[evidence.RecordRule])
}

func evidenceListed(t *testing.T, open OpenEvidenceKeeper) {
	s := open(t, t.TempDir())
	first, second := appendRecords(t, s, "b1", rule("r1", "one")), appendRecords(t, s, "b2", rule("r1", "uno"))
	withdraw(t, s, "b1")
	w := struck()
	first.Withdrawn = &w
	batches, err := s.Batches(t.Context())
	same(t, "batches", []store.Batch{first, second}, batches)
	clean(t, s, batches, err)
	if batches[0].Content != first.Content {
		t.Errorf("content %s after the withdrawal, %s before", batches[0].Content, first.Content)
	}
}

func evidenceRefused(t *testing.T, open OpenEvidenceKeeper) {
	s := open(t, t.TempDir())
	appendRecords(t, s, "b1", rule("r1", "one"))
	appendRecords(t, s, "b2", rule("r1", "uno"))
	withdraw(t, s, "b2")
	before := stateOf(t, s, "r1")
	refuses(t, s)
	same(t, "state", before, stateOf(t, s, "r1"))
}

func evidenceLandsAgain(t *testing.T, open OpenEvidenceKeeper) {
	s := open(t, t.TempDir())
	appendRecords(t, s, "b1", rule("r1", "one"))
	withdraw(t, s, "b1")
	again := batch(evidence.RecordRule, "b1")
	if _, _, err := s.Append(t.Context(), again, each(rule("r1", "one"))); fault.KindOf(err) != fault.Conflict {
		t.Errorf("the id of a withdrawn batch: error %v; want one of kind %s", err, fault.Conflict)
	}
	again.ID = "b1-2"
	b, fresh, err := s.Append(t.Context(), again, each(rule("r1", "one")))
	if err != nil || !fresh || b.New != 1 {
		t.Fatalf("the same input again: %+v, fresh %v, error %v", b, fresh, err)
	}
	same(t, "current", []store.Record{in("b1-2", rule("r1", "one"))}, stateOf(t, s).Current[evidence.RecordRule])
	if _, fresh, err = s.Append(t.Context(), again, each(rule("r1", "one"))); fresh || err != nil {
		t.Errorf("and once more: fresh %v, error %v", fresh, err)
	}
}

func evidenceReopenWithdrawn(t *testing.T, open OpenEvidenceKeeper) {
	dir := t.TempDir()
	var before evidenceState
	t.Run("first", func(t *testing.T) {
		s := open(t, dir)
		appendRecords(t, s, "b1", rule("r1", "one"))
		appendRecords(t, s, "b2", rule("r1", "uno"))
		withdraw(t, s, "b2")
		before = stateOf(t, s, "r1")
	})
	s := open(t, dir)
	same(t, "state", before, stateOf(t, s, "r1"))
	batches, err := s.Batches(t.Context())
	clean(t, s, batches, err)
}

// landedRecords is a batch of the model.
type landedRecords struct {
	id      string
	records []store.Record
	void    bool
}

// evidenceCustodyModel compares a store, after any sequence of batches and
// withdrawals, with what the batches that count come to alone.
func evidenceCustodyModel(t *testing.T, open OpenEvidenceKeeper) {
	rapid.Check(t, func(rt *rapid.T) {
		s := open(t, t.TempDir())
		var landed []landedRecords
		history := map[string][]store.Record{}
		for n := range rapid.IntRange(1, 8).Draw(rt, "steps") {
			if n > 0 && rapid.IntRange(0, 2).Draw(rt, "withdraw at 0") == 0 {
				i := rapid.IntRange(0, len(landed)-1).Draw(rt, "which")
				err := s.Withdraw(t.Context(), landed[i].id, struck())
				if (err != nil) != landed[i].void {
					rt.Fatalf("withdraw %s: %v", landed[i].id, err)
				}
				landed[i].void = true
				continue
			}
			l := landedRecords{id: fmt.Sprintf("b%d", n), records: rapid.SliceOfN(drawnRecord(), 0, 6).Draw(rt, "records")}
			b, _, err := s.Append(t.Context(), batch(evidence.RecordRule, l.id), each(l.records...))
			if err != nil {
				rt.Fatal(err)
			}
			before, want := recordsThatCount(landed), batch(evidence.RecordRule, l.id)
			after := appendToModel(before, &want, l.records)
			same(rt, "batch "+l.id, want, b)
			for _, r := range after[len(before):] {
				history[r.Kind+" "+r.Key] = append(history[r.Kind+" "+r.Key], r)
			}
			landed = append(landed, l)
		}
		sameThatCount(rt, s, recordsThatCount(landed))
		for _, list := range history {
			got, err := s.History(t.Context(), list[0].Kind, list[0].Key)
			if err != nil {
				rt.Fatal(err)
			}
			same(rt, "history", list, got)
		}
		batches, err := s.Batches(t.Context())
		clean(rt, s, batches, err)
	})
}

// recordsThatCount makes the model of the batches that are not withdrawn.
func recordsThatCount(landed []landedRecords) []store.Record {
	var model []store.Record
	for _, l := range landed {
		if !l.void {
			model = appendToModel(model, &store.Batch{ID: l.id}, l.records)
		}
	}
	return model
}

// sameThatCount compares what is in force with the model.
func sameThatCount(rt *rapid.T, s store.Evidence, model []store.Record) {
	for _, kind := range []string{evidence.RecordRule, evidence.RecordFeed} {
		var want []store.Record
		for i, r := range model {
			if r.Kind == kind && newest(model, r) == i && len(r.Body) > 0 {
				want = append(want, r)
			}
		}
		slices.SortFunc(want, func(x, y store.Record) int { return cmp.Compare(x.Key, y.Key) })
		got, err := s.Current(rt.Context(), kind)
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, "current "+kind, want, got)
	}
}

func alertsWithdrawn(t *testing.T, open OpenAlertsKeeper) {
	s := open(t, t.TempDir())
	a1, a2 := fired("a1", 0), with(fired("a2", 0), func(a *alert.Alert) { a.RuleID = "r2" })
	first := appendAlerts(t, s, "b1", a1)
	before := alertStateOf(t, s)
	second := appendAlerts(t, s, "b2", a2, judged(a2, alert.Test, 1))
	withdraw(t, s, "b2")
	state := alertStateOf(t, s)
	w := struck()
	second.Withdrawn = &w
	same(t, "tallies", before.Tallies, state.Tallies)
	same(t, "rules", before.Rules, state.Rules)
	same(t, "batches", []store.Batch{first, second}, state.Batches)
	gone := said(judged(a2, alert.Test, 1))
	gone.Withdrawn = true
	same(t, "dispositions of a withdrawn alert", []alert.Disposition{gone}, dispositions(t, s, "a2"))
	same(t, "the same alert again", [3]int64{1, 0, 0}, counted(appendAlerts(t, s, "b3", a2)))
	withdraw(t, s, "b1", "b3")
	if state := alertStateOf(t, s); len(state.Tallies)+len(state.Rules) > 0 {
		t.Errorf("without any batch that counts: %+v", state)
	}
}

func alertsStillBrought(t *testing.T, open OpenAlertsKeeper) {
	s := open(t, t.TempDir())
	appendAlerts(t, s, "b1", fired("a1", 0))
	appendAlerts(t, s, "b2", fired("a1", 0))
	withdraw(t, s, "b1")
	state := alertStateOf(t, s)
	same(t, "tallies", []alert.Tally{tally(fired("a1", 0), 1)}, state.Tallies)
	same(t, "rules", []store.AlertRule{
		{ID: "r1", Name: "Rule one", Alerts: 1, First: hours(0), Last: hours(0), Batches: []string{"b2"}, Sites: []string{"site"}},
	}, state.Rules)
}

func alertsDispositionWithdrawn(t *testing.T, open OpenAlertsKeeper) {
	s := open(t, t.TempDir())
	first, last := judged(fired("a1", 0), alert.FalsePositive, 1), judged(fired("a1", 0), alert.TruePositive, 2)
	appendAlerts(t, s, "b1", first)
	appendAlerts(t, s, "b2", last)
	withdraw(t, s, "b2")
	same(t, "tallies", []alert.Tally{tally(first, 1)}, tallies(t, s))
	gone := said(last)
	gone.Withdrawn = true
	same(t, "dispositions", []alert.Disposition{said(first), gone}, dispositions(t, s, "a1"))
	same(t, "the disposition again", [3]int64{0, 1, 0}, counted(appendAlerts(t, s, "b3", last)))
	same(t, "tallies", []alert.Tally{tally(last, 1)}, tallies(t, s))
}

// alertsStatementNamesBatch makes one statement twice and another once: each names
// the first batch that made it and counts, and what no batch makes any more the first.
func alertsStatementNamesBatch(t *testing.T, open OpenAlertsKeeper) {
	s := open(t, t.TempDir())
	twice, once := judged(fired("a1", 0), alert.FalsePositive, 1), judged(fired("a1", 0), alert.TruePositive, 2)
	appendAlerts(t, s, "b1", twice)
	appendAlerts(t, s, "b2", once)
	appendAlerts(t, s, "b3", twice)
	named := func(want ...string) {
		t.Helper()
		list, err := s.Dispositions(t.Context(), alert.Identity{ID: "a1"})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range list {
			got = append(got, d.Batch)
		}
		same(t, "batches", want, got)
	}
	named("b1", "b2")
	withdraw(t, s, "b1")
	named("b3", "b2")
	withdraw(t, s, "b2")
	named("b3", "b2")
}

func alertsDispositionStays(t *testing.T, open OpenAlertsKeeper) {
	s := open(t, t.TempDir())
	a := judged(fired("a1", 0), alert.TruePositive, 1)
	appendAlerts(t, s, "b1", fired("a1", 0))
	appendAlerts(t, s, "b2", a)
	same(t, "said again", [3]int64{0, 0, 1}, counted(appendAlerts(t, s, "b3", a)))
	withdraw(t, s, "b2")
	same(t, "tallies", []alert.Tally{tally(a, 1)}, tallies(t, s))
	same(t, "dispositions", []alert.Disposition{said(a)}, dispositions(t, s, "a1"))
}

func alertsChangeUndone(t *testing.T, open OpenAlertsKeeper) {
	s := open(t, t.TempDir())
	full := with(fired("a1", 0), func(a *alert.Alert) { a.CaseID, a.Fields = "c1", map[string]string{"user": "ann"} })
	moved := with(full, func(a *alert.Alert) { a.RuleID, a.CaseID, a.Fields = "r2", "c2", map[string]string{"user": "bob"} })
	appendAlerts(t, s, "b1", full)
	appendAlerts(t, s, "b2", moved)
	withdraw(t, s, "b2")
	same(t, "tallies", []alert.Tally{tally(full, 1)}, tallies(t, s))
	same(t, "what was there before", [3]int64{0, 0, 1}, counted(appendAlerts(t, s, "b3", full)))
	same(t, "what was withdrawn", [3]int64{0, 1, 0}, counted(appendAlerts(t, s, "b4", moved)))
}

func alertsRefused(t *testing.T, open OpenAlertsKeeper) {
	s := open(t, t.TempDir())
	appendAlerts(t, s, "b1", fired("a1", 0))
	appendAlerts(t, s, "b2", judged(fired("a1", 0), alert.Test, 1))
	withdraw(t, s, "b2")
	before := alertStateOf(t, s, "a1")
	refuses(t, s)
	same(t, "state", before, alertStateOf(t, s, "a1"))
}

func alertsLandAgain(t *testing.T, open OpenAlertsKeeper) {
	s := open(t, t.TempDir())
	appendAlerts(t, s, "b1", fired("a1", 0))
	withdraw(t, s, "b1")
	again := batch("alerts", "b1-2")
	again.Hash = batch("alerts", "b1").Hash
	b, fresh, err := s.Append(t.Context(), again, each(fired("a1", 0)))
	if err != nil || !fresh || b.New != 1 {
		t.Fatalf("the same input again: %+v, fresh %v, error %v", b, fresh, err)
	}
	same(t, "tallies", []alert.Tally{tally(fired("a1", 0), 1)}, tallies(t, s))
}

func alertsReopenWithdrawn(t *testing.T, open OpenAlertsKeeper) {
	dir := t.TempDir()
	var before alertState
	t.Run("first", func(t *testing.T) {
		s := open(t, dir)
		appendAlerts(t, s, "b1", long()...)
		appendAlerts(t, s, "b2", judged(fired("a1", 0), alert.FalsePositive, 20))
		withdraw(t, s, "b2")
		before = alertStateOf(t, s, "a1")
	})
	s := open(t, dir)
	same(t, "state", before, alertStateOf(t, s, "a1"))
	batches, err := s.Batches(t.Context())
	clean(t, s, batches, err)
}

// landedAlerts is a batch of the model.
type landedAlerts struct {
	id     string
	source string
	alerts []*alert.Alert
	void   bool
}

// batch is the batch that lands.
func (l *landedAlerts) batch() store.Batch {
	b := batch("alerts", l.id)
	b.Source = l.source
	return b
}

// drawnSource draws whose statements a batch is said to have.
func drawnSource(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "", "edr", "other"}).Draw(t, "source of the batch")
}

// alertsCustodyModel compares a store, after any sequence of batches and
// withdrawals, with what the batches that count come to alone.
func alertsCustodyModel(t *testing.T, open OpenAlertsKeeper) {
	rapid.Check(t, func(rt *rapid.T) {
		s := open(t, t.TempDir())
		var landed []landedAlerts
		again := drawnAgain(rt)
		for n := range rapid.IntRange(1, 8).Draw(rt, "steps") {
			before := alertsThatCount(landed)
			again.compare(rt, t, s, before)
			before.compareRules(rt, t, s)
			if f, ok := s.(Forgetful); ok && rapid.IntRange(0, 4).Draw(rt, "forget at 0") == 0 {
				s = f.Forget()
			}
			if len(landed) > 0 && rapid.IntRange(0, 2).Draw(rt, "withdraw at 0") == 0 {
				i := rapid.IntRange(0, len(landed)-1).Draw(rt, "which")
				err := s.Withdraw(t.Context(), landed[i].id, struck())
				if (err != nil) != landed[i].void {
					rt.Fatalf("withdraw %s: %v", landed[i].id, err)
				}
				landed[i].void = true
				continue
			}
			m := alertsThatCount(landed)
			l := landedAlerts{id: fmt.Sprintf("b%d", n), source: drawnSource(rt)}
			l.alerts = m.drawnBatch(rt, "alerts", l.source, 8)
			refused := m.refuses(l.source, l.alerts)
			b, _, err := s.Append(t.Context(), l.batch(), each(l.alerts...))
			if refused && isRefusal(err) {
				continue
			}
			if err != nil || refused {
				rt.Fatalf("append %s: error %v, to be refused %v", l.id, err, refused)
			}
			want := l.batch()
			m.append(&want, l.alerts)
			same(rt, "batch "+l.id, want, b)
			landed = append(landed, l)
		}
		alertsThatCount(landed).compare(rt, t, s)
		alertsThatCount(landed).compareEach(rt, t, s)
		batches, err := s.Batches(t.Context())
		clean(rt, s, batches, err)
	})
}

// alertsThatCount makes the model of the batches that are not withdrawn.
func alertsThatCount(landed []landedAlerts) *model {
	m := newModel()
	for _, l := range landed {
		if !l.void {
			m.append(&store.Batch{ID: l.id, Source: l.source}, l.alerts)
		}
	}
	return m
}
