package storetest

import (
	"testing"

	"candor/internal/alert"
	"candor/internal/fault"
	"candor/internal/store"
)

func alertsFind(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	a, b := with(judged(fired("a", 0), alert.BenignPositive, 1), func(a *alert.Alert) { a.CaseID = "c1" }), fired("b", 1)
	appendAlerts(t, s, "b1", a, b)
	appendAlerts(t, s, "b2", &alert.Alert{ID: "b", CaseID: "c2"}, judged(fired("a", 0), alert.TruePositive, 5))
	for _, want := range []alert.Alert{
		inForce(a, judged(fired("a", 0), alert.TruePositive, 5).Disposition),
		inForce(with(fired("b", 1), func(a *alert.Alert) { a.CaseID = "c2" }), nil),
	} {
		got, err := s.Find(t.Context(), want.Identity())
		if err != nil {
			t.Fatal(err)
		}
		same(t, "alert "+want.ID, want, *got)
	}
	unknown(t, s, "c")
	odd := with(fired("o'x\x00y", 2), func(a *alert.Alert) { a.RuleID = "r'\x00" })
	appendAlerts(t, s, "b3", odd)
	if got, err := s.Find(t.Context(), odd.Identity()); err != nil {
		t.Error(err)
	} else {
		same(t, "an alert whose id could end a text", inForce(odd, nil), *got)
	}
	same(t, "the alerts of such a rule", []alert.Alert{inForce(odd, nil)}, everyAlert(t, s, odd.RuleID, "", ""))
	if c, ok := s.(store.Custody); ok {
		for _, batch := range []string{"b1", "b2"} {
			if err := c.Withdraw(t.Context(), batch, store.Withdrawal{Reason: "wrong"}); err != nil {
				t.Fatal(err)
			}
		}
		unknown(t, s, "a")
		unknown(t, s, "b")
	}
}

func unknown(t *testing.T, s store.Alerts, id string) {
	t.Helper()
	if got, err := s.Find(t.Context(), alert.Identity{ID: id}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("alert %s: %+v, %v; want none", id, got, err)
	}
}
