package batches_test

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/crew"
	"candor/internal/day"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/scan"
)

// asked is an index that notes what it is asked.
type asked struct {
	batches.Index
	shares, near, rules int // a share is a set on a day, and what lies near is asked by the day
	days                []string
	around              []alert.Around
}

func (a *asked) Shares(ctx context.Context, q *alert.Question) (alert.Shares, error) {
	for _, set := range q.Sets {
		for i, p := range set {
			if from, to := max(q.From, p.From), cmp.Or(p.To, q.To); i == 0 || p.From != set[0].From {
				a.shares += 1 + from.Until(to)
			}
		}
	}
	return a.Index.Shares(ctx, q)
}

func (a *asked) Near(ctx context.Context, list []alert.Around) ([]alert.Near, error) {
	a.near += len(list)
	a.around = append(a.around, list...)
	return a.Index.Near(ctx, list)
}

func (a *asked) PresenceOf(ctx context.Context, keys []string, from, to day.Date) ([]alert.Presence, error) {
	a.days = append(a.days, fmt.Sprint(from, " ", to, " ", keys))
	return a.Index.PresenceOf(ctx, keys, from, to)
}

func (a *asked) RulesOf(ctx context.Context, keys []string) ([]store.AlertRule, error) {
	if a.rules += len(keys); keys == nil {
		a.rules += 100
	}
	return a.Index.RulesOf(ctx, keys)
}

// of yields alerts of rules on a day, each with the class given.
func of(id string, at time.Time, class alert.Class, rules ...string) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		for _, r := range rules {
			a := &alert.Alert{ID: id + r, RuleID: r, Time: at, Entity: "h", Disposition: &alert.Disposition{Class: class, Time: at.Add(time.Hour), Provenance: alert.Analyst}}
			if r == "cased" {
				a.CaseID, a.Disposition = "c1", nil
			}
			if !yield(a, nil) {
				return
			}
		}
	}
}

func land(t *testing.T, s *batches.Store, id string, alerts iter.Seq2[*alert.Alert, error]) {
	t.Helper()
	if _, _, err := s.Append(t.Context(), store.Batch{ID: id, Hash: id, Added: now}, alerts); err != nil {
		t.Fatal(err)
	}
}

// TestOnlyWhatABatchTouchesIsAskedAgain asks the same after each change, and looks at how
// much of it the index was asked.
func TestOnlyWhatABatchTouchesIsAskedAgain(t *testing.T) {
	x := &asked{}
	e := batches.Engine{Open: func(context.Context, bool) (batches.Index, error) { x.Index = scan.New(); return x, nil }}
	s := open(t, filepath.Join(t.TempDir(), "alerts"), e, batches.Options{Write: true})
	q := &alert.Question{From: today(-9), To: today(0), Provenances: []alert.Provenance{alert.Analyst}, Cases: alert.Legacy{"c1": {Class: alert.TruePositive, At: now}},
		Sets: []alert.Set{alert.SetOf("r0"), alert.SetOf("r1"), alert.SetOf("r0", "r2"), alert.SetOf("cased"), alert.SetOf("tested")}}
	asks := []alert.Around{{From: now.AddDate(0, 0, -3), To: now, Rules: []string{"r0"}}, {From: now.AddDate(0, 0, -3), To: now, Rules: []string{"cased"}, Refuting: q.Cases}, {From: now.AddDate(0, 0, -1), To: now}}
	ask := func(what string, shares, near, rules, days int) {
		t.Helper()
		x.shares, x.near, x.rules, x.days = 0, 0, 0, nil
		_, err := s.Sums(t.Context(), q)
		if err == nil {
			_, err = s.Near(t.Context(), asks)
		}
		if err == nil {
			_, err = s.Rules(t.Context())
		}
		if err == nil {
			_, err = s.Presence(t.Context(), today(-9), today(0))
		}
		if err != nil || x.shares != shares || x.near != near || x.rules != rules || len(x.days) != days {
			t.Errorf("%s: %v; %d shares, %d times, %d rules and the days %q were asked, want %d, %d, %d and %d", what, err, x.shares, x.near, x.rules, x.days, shares, near, rules, days)
		}
	}
	land(t, s, "b1", of("a", now.AddDate(0, 0, -2), alert.TruePositive, "r0", "r1", "r2", "cased"))
	land(t, s, "b2", of("b", now.AddDate(0, 0, -2), alert.Test, "tested"))
	ask("first", 50, 10, 100, 1)
	ask("again", 0, 0, 0, 0)
	land(t, s, "b3", of("c", now.AddDate(0, 0, -2), alert.TruePositive, "r2"))
	ask("after an alert of r2", 1, 0, 1, 1)
	land(t, s, "b4", of("d", now, alert.TruePositive, "r0"))
	ask("after one of r0, today", 2, 2, 1, 1)
	land(t, s, "b5", of("e", now.AddDate(0, 0, -30), alert.TruePositive, "r0"))
	ask("after one before all days", 0, 0, 1, 0)
	if err := s.Withdraw(t.Context(), "b3", store.Withdrawal{At: now, Reason: "wrong"}); err != nil {
		t.Fatal(err)
	}
	ask("after a withdrawal", 1, 0, 1, 1)
	q.Cases = alert.Legacy{"c1": {Class: alert.FalseLogic, At: now}, "new": {Class: alert.TruePositive, At: now}}
	asks[1].Refuting = q.Cases
	ask("after a case says something else", 1, 4, 0, 0)
	q.Trials = []alert.Trial{{From: now, To: now}}
	ask("after an exercise on a day without tests", 0, 0, 0, 0)
	q.Trials = append(q.Trials, alert.Trial{From: now.AddDate(0, 0, -2), To: now.AddDate(0, 0, -2)})
	ask("after an exercise on the day of a test", 1, 0, 0, 0)
	q.Sets = append(q.Sets, alert.SetOf("dup"))
	land(t, s, "b6", of("f", now, alert.Duplicate, "dup"))
	ask("after a duplicate", 10, 1, 1, 1)
	land(t, s, "b7", of("g", now, alert.TruePositive, "other"))
	ask("after an alert that may be what it repeats", 1, 1, 1, 1)
	q.From, q.To = q.From.Add(1), q.To.Add(1)
	ask("on the next day", 6, 0, 0, 0)
	q.Sets = append(q.Sets, alert.Set{{Rule: "r0", To: today(-3)}, {Rule: "r2", From: today(-1)}})
	ask("of a set whose rules take turns", 3, 0, 0, 0)
	q.Sets = []alert.Set{alert.SetOf("tested", "r1")}
	ask("of a set with tests", 10, 0, 0, 0)
	q.Trials, q.Sets = q.Trials[:1], []alert.Set{alert.SetOf("tested")}
	ask("of its tests, without their exercise", 1, 0, 0, 0)
	q.Sets = []alert.Set{alert.SetOf("tested", "r1")}
	ask("of the set, whose tests were asked about since", 1, 0, 0, 0)
}

// today is the day some days from now.
func today(days int) day.Date { return day.Of(now).Add(days) }

// TestAnswersAreOfOneState asks while batches land, each of which brings an alert of two
// rules: no answer may tell of one alone, nor of fewer than one before it.
func TestAnswersAreOfOneState(t *testing.T) {
	k := newKept(t)
	s := open(t, filepath.Join(t.TempDir(), "alerts"), k.engine(), batches.Options{Write: true})
	q := &alert.Question{Provenances: []alert.Provenance{alert.Analyst}, Sets: []alert.Set{alert.SetOf("r0"), alert.SetOf("r1"), alert.SetOf("r2")}}
	ask := func(of *alert.Question) int64 {
		sums, err := s.Sums(t.Context(), of)
		if err != nil {
			t.Error(err)
			return 0
		}
		if sums[0].Alerts != sums[1].Alerts {
			t.Errorf("%d alerts of r0 and %d of r1", sums[0].Alerts, sums[1].Alerts)
		}
		return sums[0].Alerts
	}
	one := *q
	one.Sets = q.Sets[:1]
	k.commit = func(real func() error) error {
		if _, err := s.Sums(t.Context(), &one); err != nil { // r0 as it was
			t.Error(err)
		}
		err := real()
		ask(q)
		return err
	}
	const landed = 10
	done := make(chan struct{})
	var g crew.Group
	for range 2 {
		g.Go(func() error {
			for last := int64(0); ; {
				n := ask(q)
				if n < last {
					t.Errorf("%d alerts after %d", n, last)
				}
				last = n
				select {
				case <-done:
					return nil
				default:
				}
			}
		})
	}
	for i := range landed {
		land(t, s, fmt.Sprint("b", i), of(fmt.Sprint(i), now, alert.TruePositive, "r0", "r1"))
		if n := ask(q); n != int64(i+1) {
			t.Errorf("%d alerts after batch %d", n, i)
		}
	}
	close(done)
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// TestOfADayThatOneRuleTouchedThatRuleIsAskedAlone lands an alert, and looks at what the index
// is asked of the day of it, on which other rules have alerts.
func TestOfADayThatOneRuleTouchedThatRuleIsAskedAlone(t *testing.T) {
	x := &asked{}
	e := batches.Engine{Open: func(context.Context, bool) (batches.Index, error) { x.Index = scan.New(); return x, nil }}
	s := open(t, filepath.Join(t.TempDir(), "alerts"), e, batches.Options{Write: true})
	asks := []alert.Around{{From: now.AddDate(0, 0, -3), To: now}, {From: now.AddDate(0, 0, -3), To: now, Rules: []string{"r1", "r2"}, Counted: true}}
	var near []alert.Near
	var present []alert.Presence
	ask := func() {
		t.Helper()
		x.around, x.days = nil, nil
		var err error
		if near, err = s.Near(t.Context(), asks); err == nil {
			present, err = s.Presence(t.Context(), today(-3), today(0))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	land(t, s, "b1", of("a", now, alert.TruePositive, "r0", "r1", "r2"))
	ask()
	land(t, s, "b2", of("b", now, alert.TruePositive, "r2"))
	ask()
	for _, q := range x.around {
		if fmt.Sprint(q.Rules) != "[r2]" || day.Of(q.From) != today(0) {
			t.Errorf("rules %q from %s were asked about", q.Rules, q.From)
		}
	}
	if len(x.around) != 2 || fmt.Sprint(x.days) != fmt.Sprintf("[%s %[1]s [r2]]", today(0)) {
		t.Errorf("%d times and the days %q were asked about", len(x.around), x.days)
	}
	var counts []string
	for _, n := range near {
		counts = append(counts, fmt.Sprint(n.Asked, n.RuleID, n.N))
	}
	for _, p := range present {
		counts = append(counts, fmt.Sprint(p.RuleID, p.N))
	}
	if got, want := fmt.Sprint(counts), "[0r01 0r11 0r22 1r11 1r22 r01 r11 r22]"; got != want {
		t.Errorf("%s is answered, want %s", got, want)
	}
}
