package web_test

import (
	"strings"
	"testing"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/matrix"
)

func TestObjectsStandSideBySide(t *testing.T) {
	d := demonstration(t)
	req := assessment.Request{AsOf: today, Policy: d.policy}
	board := must(d.assess.Board(t.Context(), req))(t)
	groups := must(d.assess.Roster(t.Context(), req, "groups"))(t)
	if len(groups.Rows) < 2 {
		t.Fatalf("%d groups", len(groups.Rows))
	}
	one, other := groups.Rows[0].Cells[0].Text, groups.Rows[1].Cells[0].Text
	l := must(d.assess.Compare(t.Context(), req, []string{one, other}))(t)
	_, doc := d.page("/compare?id=" + one + "&id=" + other)
	all := strings.Join(strings.Fields(text(doc)), " ")
	for i, of := range []string{one, other} {
		s := must(d.assess.Standing(t.Context(), req, of))(t)
		have := 0
		for _, r := range l.Rows {
			if r.Cells[3+i].Text != "" {
				have++
			}
		}
		if have != len(s.Techniques) {
			t.Errorf("%s: %d techniques in the table, %d of its own", of, have, len(s.Techniques))
		}
		if !strings.Contains(all, s.Of.Name) {
			t.Errorf("the page does not name %s", s.Of.Name)
		}
		for _, x := range s.Techniques {
			if worst := board.Group(x.Of.StixID).Worst; worst != "" && !strings.Contains(all, matrix.LookOf(assure.Rung(worst)).Name) {
				t.Errorf("%s: the page does not say %s", x.Of.ATTACKID, worst)
			}
		}
	}
	for target, want := range map[string]int{"/compare?id=G0034": 400, "/compare?id=G0034+G9999": 404, "/compare?id=" + one + "+" + other: 200, "/compare": 200} {
		if a := d.get(target); a.Code != want {
			t.Errorf("GET %s: %d, want %d", target, a.Code, want)
		}
	}
}
