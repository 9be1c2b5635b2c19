package storetest

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/store"
)

// RewritingKeeper is a store of alerts whose files are merged and whose rows expire.
type RewritingKeeper interface {
	AlertsKeeper
	store.Rewriter
	store.Packer
}

// AlertsRewriting tests that the stores that open opens keep the contract of
// store.Rewriter.
func AlertsRewriting(t *testing.T, open func(t *testing.T, dir string) RewritingKeeper) {
	tests := map[string]func(*testing.T, func(*testing.T, string) RewritingKeeper){
		"batches that are merged say what they said":        alertsMerged,
		"a batch of a merged file is withdrawn":             alertsMergedWithdrawn,
		"alerts expire with all that was said of them":      alertsExpire,
		"withdrawn alerts of one ID expire each by itself":  alertsExpireWithdrawn,
		"an expiry that cannot be meant changes nothing":    alertsExpireRefused,
		"whatever is merged and expires, the rest is as is": alertsRewritingModel,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// MergeAll is a merging of all batches of a kind, two to a file or more.
func MergeAll(most int) store.Merging {
	return store.Merging{Of: func(b *store.Batch) string { return b.Kind }, Least: 2, Most: most}
}

func alertsMerged(t *testing.T, open func(*testing.T, string) RewritingKeeper) {
	dir := t.TempDir()
	var before alertState
	t.Run("first", func(t *testing.T) {
		s := open(t, dir)
		appendAlerts(t, s, "b1", long()...)
		appendAlerts(t, s, "b2", judged(fired("a1", 0), alert.FalsePositive, 20))
		b3 := batch("alerts", "b3")
		b3.LeftOut, b3.Paths = 7, []string{`"left_out":9`}
		if _, _, err := s.Append(t.Context(), b3, each(fired("c1", 3), fired("c2", 2))); err != nil {
			t.Fatal(err)
		}
		before = alertStateOf(t, s, "a1")
		var told []int
		m := MergeAll(2)
		m.Done = func(merged, left int) { told = append(told, merged, left) }
		list := must(s.Merge(t.Context(), m))(t)
		if len(list) != 1 || len(list[0].Batches) != 2 || list[0].Batches["b1"] == "" || fmt.Sprint(told) != "[2 1]" {
			t.Errorf("merged %+v, and told %v", list, told)
		}
		if again := must(s.Merge(t.Context(), m))(t); len(again) > 0 {
			t.Errorf("merged again: %+v", again)
		}
		sameMerged(t, before, alertStateOf(t, s, "a1"), list[0].File)
		same(t, "merges", list, must(s.Merges(t.Context()))(t))
		packs := must(s.Packs(t.Context()))(t)
		if len(packs) != 2 || packs[0].ID != list[0].File || packs[0].Batches != 2 || packs[1].ID != "b3" || packs[1].Records != 2 || packs[0].LeftOut != 0 || packs[1].LeftOut != 7 {
			t.Errorf("packs %+v", packs)
		}
		appendAlerts(t, s, "b4", fired("c1", 4)) // speaks of one that is known
	})
	s := open(t, dir)
	batches, err := s.Batches(t.Context())
	clean(t, s, batches, err)
	if a := must(s.Find(t.Context(), alert.Identity{ID: "a1"}))(t); a.ID != "a1" {
		t.Errorf("found %+v", a)
	}
	if b := batches[1]; b.Merged == "" || batches[2].Merged != "" {
		t.Errorf("batches %+v", batches)
	}
	if got, _, err := s.Append(t.Context(), batch("alerts", "b2"), each[*alert.Alert]()); err != nil || got.ID != "b2" || got.Merged == "" {
		t.Errorf("the input of a merged batch again: %+v, %v", got, err)
	}
}

// sameMerged compares states but for the names of batches that lie in a merged file.
func sameMerged(t *testing.T, want, got alertState, file string) {
	t.Helper()
	for _, s := range []*alertState{&want, &got} {
		s.Batches = slices.Clone(s.Batches)
		for i := range s.Batches {
			s.Batches[i].Merged = ""
		}
		for i := range s.Rules {
			s.Rules[i].Batches = nil
		}
	}
	same(t, "state, merged into "+file, want, got)
}

func alertsMergedWithdrawn(t *testing.T, open func(*testing.T, string) RewritingKeeper) {
	dir := t.TempDir()
	t.Run("first", func(t *testing.T) {
		s := open(t, dir)
		appendAlerts(t, s, "b1", fired("a1", 0))
		appendAlerts(t, s, "b2", fired("a2", 1))
		appendAlerts(t, s, "b3", fired("a3", 2))
		withdraw(t, s, "b1")
		must(s.Merge(t.Context(), MergeAll(3)))(t)
		withdraw(t, s, "b3")
	})
	s := open(t, dir)
	same(t, "tallies", []alert.Tally{tally(fired("a2", 1), 1)}, tallies(t, s))
	batches, err := s.Batches(t.Context())
	clean(t, s, batches, err)
	if packs := must(s.Packs(t.Context()))(t); len(packs) != 3 || packs[0].Withdrawn == nil || packs[2].ID != "b3" {
		t.Errorf("packs %+v", packs)
	}
}

func alertsExpire(t *testing.T, open func(*testing.T, string) RewritingKeeper) {
	dir := t.TempDir()
	old, young := fired("a1", -48), fired("a2", 0)
	want := []store.ExpiredSum{{RuleID: old.RuleID, Day: day.Of(old.Time), Class: alert.FalsePositive, Provenance: alert.Analyst, N: 1}}
	t.Run("first", func(t *testing.T) {
		s := open(t, dir)
		appendAlerts(t, s, "b1", old, young, fired("a3", -48))
		appendAlerts(t, s, "b2", judged(&alert.Alert{ID: "a1"}, alert.FalsePositive, 20))
		appendAlerts(t, s, "b3", fired("a3", 1)) // it fired later, some row says
		e := must(s.Expire(t.Context(), store.Expiring{At: hours(90), By: "ann", Reason: "law", Before: day.Of(young.Time)}))(t)
		same(t, "sums", want, e.Sums)
		if e.Rows != 2 || e.Alerts != 1 || len(e.Batches) != 2 || e.Batches["b2"].Rows != 0 || e.Batches["b1"].Expired != 1 || e.ID == "" {
			t.Errorf("%+v", e)
		}
		if _, err := s.Find(t.Context(), alert.Identity{ID: "a1"}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the alert is still found: %v", err)
		}
		batches, err := s.Batches(t.Context())
		clean(t, s, batches, err)
		appendAlerts(t, s, "b4", fired("a4", 2))
	})
	s := open(t, dir)
	batches, err := s.Batches(t.Context())
	clean(t, s, batches, err)
	if batches[0].Expired != 1 || batches[1].Expired != 1 || batches[0].New != 3 {
		t.Errorf("batches %+v", batches)
	}
	list := must(s.Expiries(t.Context()))(t)
	if len(list) != 1 || list[0].Reason != "law" || list[0].By != "ann" {
		t.Errorf("expiries %+v", list)
	}
	if rules := must(s.Rules(t.Context()))(t); rules[0].Alerts != 3 {
		t.Errorf("rules %+v", rules)
	}
}

// alertsExpireWithdrawn has only withdrawn rows of an ID: no alert holds them together, so
// that a later one keeps none that the law wants gone.
func alertsExpireWithdrawn(t *testing.T, open func(*testing.T, string) RewritingKeeper) {
	s := open(t, t.TempDir())
	young := fired("a1", 0)
	appendAlerts(t, s, "b1", fired("a1", -48))
	appendAlerts(t, s, "b2", young)
	withdraw(t, s, "b1")
	withdraw(t, s, "b2")
	e := must(s.Expire(t.Context(), store.Expiring{At: hours(90), Reason: "law", Before: day.Of(young.Time)}))(t)
	if e.Rows != 1 || e.Alerts != 0 || e.Batches["b1"].Expired != 1 || len(e.Batches) != 1 {
		t.Errorf("%+v", e)
	}
	batches, err := s.Batches(t.Context())
	clean(t, s, batches, err)
}

func alertsExpireRefused(t *testing.T, open func(*testing.T, string) RewritingKeeper) {
	s := open(t, t.TempDir())
	appendAlerts(t, s, "b1", fired("a1", 0))
	for want, e := range map[fault.Kind]store.Expiring{fault.Invalid: {Before: "2026-06-01", Reason: " "}, "": {Before: "2020-01-01", Reason: "law"}} {
		if got, err := s.Expire(t.Context(), e); want != "" && fault.KindOf(err) != want || want == "" && (err != nil || got.Rows != 0) {
			t.Errorf("%+v: %+v, %v; want %q", e, got, err, want)
		}
	}
	if list := must(s.Expiries(t.Context()))(t); len(list) > 0 || len(tallies(t, s)) != 1 {
		t.Errorf("expiries %+v", list)
	}
}

// alertsRewritingModel compares a store, after any sequence of batches, withdrawals,
// mergings and expiries, with what package history makes of what is left.
func alertsRewritingModel(t *testing.T, open func(*testing.T, string) RewritingKeeper) {
	const most = 12 // sequences: each may build its index several times
	drawn, failed := 0, false
	rapid.Check(t, func(rt *rapid.T) {
		if drawn++; drawn > most && !failed {
			return
		}
		failed = true
		s := open(t, t.TempDir())
		var landed []landedAlerts
		again := drawnAgain(rt)
		for n := range rapid.IntRange(1, 9).Draw(rt, "steps") {
			again.compare(rt, t, s, alertsThatCount(landed))
			switch rapid.SampledFrom([]string{"append", "append", "append", "withdraw", "merge", "expire", "forget"}).Draw(rt, "step") {
			case "append":
				m := alertsThatCount(landed)
				l := landedAlerts{id: fmt.Sprintf("b%d", n), source: drawnSource(rt)}
				l.alerts = m.fitting(l.source, rapid.SliceOfN(drawnAlert(), 0, 6).Draw(rt, "alerts"))
				if _, _, err := s.Append(t.Context(), l.batch(), each(l.alerts...)); err != nil {
					rt.Fatal(err)
				}
				landed = append(landed, l)
			case "withdraw":
				if len(landed) > 0 {
					l := &landed[rapid.IntRange(0, len(landed)-1).Draw(rt, "which")]
					if err := s.Withdraw(t.Context(), l.id, struck()); (err != nil) != l.void {
						rt.Fatal(err)
					}
					l.void = true
				}
			case "merge":
				if _, err := s.Merge(t.Context(), MergeAll(rapid.IntRange(2, 4).Draw(rt, "most"))); err != nil {
					rt.Fatal(err)
				}
			case "expire":
				e := store.Expiring{At: hours(100), Reason: "law", Before: rapid.SampledFrom([]day.Date{"2026-05-04", "2026-05-05"}).Draw(rt, "before"),
					Entities: rapid.SampledFrom([][]string{nil, {"h1"}, {"A:B"}}).Draw(rt, "entities")}
				got, err := s.Expire(t.Context(), e)
				if rows := expire(landed, e); err != nil || got.Rows != rows {
					rt.Fatalf("%d rows expired, %v; want %d", got.Rows, err, rows)
				}
			case "forget":
				if f, ok := s.(Forgetful); ok {
					s = f.Forget().(RewritingKeeper)
				}
			}
		}
		batches, err := s.Batches(t.Context())
		m := alertsThatCount(landed)
		name := map[string]string{}
		for _, b := range batches {
			if name[b.ID] = b.ID; b.Merged != "" {
				name[b.ID] = b.Merged
			}
		}
		for n, id := range m.names {
			m.names[n] = name[id]
		}
		m.compare(rt, t, s)
		m.compareEach(rt, t, s)
		clean(rt, s, batches, err)
		failed = false
	})
}

// expire removes what expires of batches, and counts the rows.
func expire(landed []landedAlerts, e store.Expiring) (rows int64) {
	arrivals := map[string][]history.Arrival{}
	for n, l := range landed {
		for i, a := range l.alerts {
			arrivals[a.ID] = append(arrivals[a.ID], history.Arrival{Batch: n, Place: int64(i), Void: l.void, Alert: of(l.source, a)})
		}
	}
	goes := map[[2]int64]bool{}
	for _, list := range arrivals {
		f := history.FamilyOf(list)
		for i := range list {
			if expires(f, list, partOf(f, list, i), e) {
				goes[[2]int64{int64(list[i].Batch), list[i].Place}] = true
			}
		}
	}
	for n := range landed {
		var left []*alert.Alert
		for i, a := range landed[n].alerts {
			if goes[[2]int64{int64(n), int64(i)}] {
				rows++
			} else {
				left = append(left, a)
			}
		}
		landed[n].alerts = left
	}
	return rows
}

// partOf names with what an arrival of an ID goes: the state that it is of or, of one that
// is void, the first that it fits; else itself.
func partOf(f *history.Family, list []history.Arrival, i int) int {
	if n := f.Of[i]; n != history.None {
		return n
	}
	if list[i].Void {
		for n := range f.States {
			if f.States[n].Alert.Identity().Fits(list[i].Identity()) {
				return n
			}
		}
	}
	return -1 - i
}

// expires reports whether a part of the arrivals of an ID expires.
func expires(f *history.Family, list []history.Arrival, part int, e store.Expiring) bool {
	before, goes := e.Before.Time(), false
	for i, a := range list {
		if partOf(f, list, i) != part {
			continue
		}
		at := a.Time
		switch {
		case !a.Partial() && !at.Before(before):
			return false
		case a.Partial() && a.Disposition != nil:
			at = a.Disposition.Time
		}
		goes = goes || !at.IsZero() && at.Before(before) && (len(e.Entities) == 0 || a.About(false, alert.FoldEntities(e.Entities)...))
	}
	return goes
}
