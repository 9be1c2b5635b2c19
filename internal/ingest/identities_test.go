package ingest

import (
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/store"
)

func TestAlertsOfOneIDAreTold(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		source, text, told string
		of                 [3]int64 // new, updated, unchanged
	}{
		{"", "591,r1,2026-03-01,berlin\n591,r2,2026-03-02,paris\n", `1 alert has an id that an alert of another source or site has, the first "paris/591"`, [3]int64{2, 0, 0}},
		{"", "592,r1,2026-03-01,berlin\n592,r1,2026-03-02,berlin\n", "", [3]int64{1, 1, 0}},
		{"", "593,r1,2026-03-01,\n593,r1,2026-03-01,paris\n", "", [3]int64{1, 1, 0}},
		{"", "594,r1,2026-03-01,\n594,r2,2026-03-02,paris\n", `1 alert changed the rule of an alert that is known by a source or a site which they leave out, or the other way round, the first "paris/594"`, [3]int64{1, 1, 0}},
		{"west", "595,r1,2026-03-01,\n", "", [3]int64{1, 0, 0}},
		{"east", "595,r1,2026-03-01,\n", `the first "east/595"`, [3]int64{1, 0, 0}},
	} {
		req := b.request("alerts", b.write("a.csv", "id,rule_id,time,site\n"+c.text))
		req.Source = c.source
		checked := strings.Join(b.check(req).Warnings, "\n")
		res := b.add(req)
		notes := strings.Join(res.Warnings, "\n")
		if of := "an id that"; strings.Contains(checked, of) != strings.Contains(notes, of) || strings.Contains(c.told, `first "`) && strings.Contains(notes, of) && !strings.Contains(checked, c.told) {
			t.Errorf("%scheck says %s, add %s", c.text, checked, notes)
		}
		if c.told == "" && (strings.Contains(notes, "an id that") || strings.Contains(notes, "the rule of an alert")) || !strings.Contains(notes, c.told) {
			t.Errorf("%s%q", c.text, res.Warnings)
		}
		if got := [3]int64{res.Batch.New, res.Batch.Updated, res.Batch.Unchanged}; got != c.of {
			t.Errorf("%s%v, want %v", c.text, got, c.of)
		}
	}
}

func TestAStatementStaysWithTheAlertThatItMeant(t *testing.T) {
	b := newBench(t)
	say := func(text string) Result {
		return b.add(b.request("dispositions", b.write("d.csv", "id,disposition,disposition_time,source,site\n"+text)))
	}
	berlin := b.add(b.request("alerts", b.write("berlin.csv", "id,rule_id,time,site\n591,r1,2026-03-01,berlin\n")))
	if res := say("591,true_positive,2026-03-02,,\n"); res.Batch.Updated != 1 {
		t.Fatalf("of the only one: %+v", res.Batch)
	}
	b.add(b.request("alerts", b.write("paris.csv", "id,rule_id,time,site\n591,r1,2026-03-01,paris\n")))
	res := say("591,test,2026-03-03,,\n591,false_positive,2026-03-03,,PARIS\n591,test,2026-03-03,,rome\n592,test,2026-03-03,,\n")
	var why []string
	for _, r := range res.Rejects {
		why = append(why, r.Reason)
	}
	want := "2 alerts have this id: berlin/591, paris/591; say which by its source and site|no alert of this id, source and site is known; there is berlin/591, paris/591|no alert of this id is known"
	if strings.Join(why, "|") != want || res.Batch.Updated != 1 {
		t.Errorf("%q, %+v", why, res.Batch)
	}
	class := func(site string) alert.Class {
		a, err := b.alerts.Find(t.Context(), alert.Identity{ID: "591", Site: site})
		if err != nil {
			t.Fatal(err)
		}
		if a.Disposition == nil {
			return ""
		}
		return a.Disposition.Class
	}
	if class("berlin") != alert.TruePositive || class("paris") != alert.FalsePositive {
		t.Errorf("berlin %s, paris %s", class("berlin"), class("paris"))
	}
	if err := b.alerts.Withdraw(t.Context(), berlin.Batch.ID, store.Withdrawal{Reason: "wrong"}); err != nil {
		t.Fatal(err)
	}
	if class("paris") != alert.FalsePositive || class("") != alert.FalsePositive {
		t.Errorf("paris is %s once berlin is withdrawn", class("paris"))
	}
}

func TestACaseTiesTheAlertThatItNames(t *testing.T) {
	b := newBench(t)
	b.add(b.request("alerts", b.write("a.csv", "id,rule_id,time,site\n591,r1,2026-03-01,berlin\n591,r1,2026-03-01,paris\n7/8,r1,2026-03-01,rome\n")))
	res := b.add(b.request("cases", b.write("c.jsonl", `{"case_id":"c1","opened":"2026-03-02","class":"true_positive","closed":"2026-03-03","alerts":["591","7/8","oslo/9"]}
{"case_id":"c2","opened":"2026-03-02","class":"true_positive","closed":"2026-03-03","alerts":["paris/591"]}
{"case_id":"c3","opened":"2026-03-02","class":"true_positive","closed":"2026-03-03","site":"berlin","alerts":["591"]}
`)))
	notes := strings.Join(res.Warnings, "\n")
	for _, want := range []string{"1 alert id of cases that no alert here has: oslo/9", "1 alert id of cases that several alerts here have, and that ties none of them: 591 (berlin/591, paris/591)"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%q lacks %q", notes, want)
		}
	}
	for of, want := range map[alert.Identity]string{{ID: "591", Site: "berlin"}: "c3", {ID: "591", Site: "paris"}: "c2", {ID: "7/8"}: "c1"} {
		if a, err := b.alerts.Find(t.Context(), of); err != nil || a.CaseID != want {
			t.Errorf("%s is of case %+v, %v, want %s", of, a, err, want)
		}
	}
}

func TestAMappingSaysWhichAlertIsMeant(t *testing.T) {
	b := newBench(t)
	b.add(b.request("alerts", b.write("a.csv", "id,rule_id,time,site\n591,r1,2026-03-01,berlin\n591,r1,2026-03-01,paris\n")))
	req := b.request("dispositions", b.write("d.csv", "nr,ort,v,t\n591,Berlin,fp,2026-03-02T00:00:00Z\n"))
	req.Mapping = b.write("m.yaml", "kind: mapping\nversion: 2\nof: dispositions\ncolumns: {id: nr, site: ort, disposition: {column: v, values: {fp: false_positive}}, disposition_time: t}\n")
	if res := b.add(req); res.Batch.Updated != 1 {
		t.Errorf("%+v", res)
	}
	if a, err := b.alerts.Find(t.Context(), alert.Identity{ID: "591", Site: "berlin"}); err != nil || a.Disposition == nil {
		t.Errorf("berlin's: %+v, %v", a, err)
	}
}
