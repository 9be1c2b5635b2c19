package criterion

import (
	"strings"
	"testing"

	"candor/internal/assure"
	"candor/internal/fault"
)

func verdict(id string, rung assure.Rung, claimed bool) assure.Verdict {
	return assure.Verdict{Analytic: assure.Name{StixID: id, ATTACKID: id}, Rung: rung, Claimed: claimed}
}

func TestConditionsCountAndName(t *testing.T) {
	before := &assure.Assessment{Verdicts: []assure.Verdict{verdict("A1", assure.Reliable, true), verdict("A2", assure.Blind, false), verdict("A3", assure.Reliable, true), verdict("A5", assure.Reliable, true)}}
	now := &assure.Assessment{Verdicts: []assure.Verdict{verdict("A1", assure.Contradicted, true), verdict("A2", assure.RuleOnly, true), verdict("A3", assure.Reliable, true), verdict("A4", assure.Contradicted, true)}}
	now.Verdicts[2].Exercises.State = "expired"
	for text, want := range map[string]string{
		"newly contradicted > 0": "A1 A4 true", "contradicted >= 3": "A1 A4 false", "lost reliable>0": "A1 A5 true", "rule only = 1": "A2 true", "rule_only != 1": "A2 false",
		"claimed < 5": "A1 A2 A3 A4 true", "assured <= 0": "A3 false", "distance > 2": "A1 A2 A4 true", "stale > 0": "A3 true", "newly stale > 0": "A3 true", "Not Applicable > 0": " false", "reportable = 0": " true", "lost claimed > 0": "A5 true",
	} {
		c, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		m, err := c.Judge(now, before)
		var ids []string
		for _, n := range m.Analytics {
			ids = append(ids, n.ATTACKID)
		}
		got := strings.Join(ids, " ") + map[bool]string{true: " true", false: " false"}[m.Met]
		if err != nil || got != want || m.Count != len(ids) {
			t.Errorf("%s: %q, want %q, %v", text, got, want, err)
		}
	}
	c, err := Parse("newly blind > 0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Judge(now, nil); fault.KindOf(err) != fault.Usage {
		t.Errorf("new against nothing: %v", err)
	}
}

func TestWhatCannotBeReadIsRefusedWithItsPosition(t *testing.T) {
	for text, where := range map[string]string{"": "column 1", "newly": "column 6", "newly contradicted": "column 19", "> 0": "column 1", "newly > 0": "column 7", "contradicted >": "column 15", "contradicted > many": "column 16",
		"contradicted > -1": "column 16", "contradicted => 1": "column 14", "contradicted > 0 and blind > 0": "column 18", "contradictd > 0": "column 1", "newly newly blind > 0": "column 7", "blind > 0.5": "column 9"} {
		_, err := Parse(text)
		if fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), where) {
			t.Errorf("%q: %v, want %s", text, err, where)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("newly contradicted > 0")
	f.Add("rule only<=2")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := Parse(text); err == nil {
			if _, err := c.Judge(&assure.Assessment{}, &assure.Assessment{}); err != nil {
				t.Errorf("%q is read and not judged: %v", text, err)
			}
		} else if fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %v", text, err)
		}
	})
}
