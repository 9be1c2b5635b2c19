package ingest

import (
	"strings"
	"testing"

	"candor/internal/fault"
)

func TestManyRejectsEndWithWhatTheyHaveInCommon(t *testing.T) {
	b := newBench(t)
	lines := func(good int, wrong ...string) string {
		text := "id,rule_id,time\n"
		for i := range good {
			text += "g" + strings.Repeat("x", i) + ",r,2026-03-01\n"
		}
		return text + strings.Join(wrong, "\n") + "\n"
	}
	noted := func(warnings []string) string {
		for _, w := range warnings {
			if strings.Contains(w, "alike") {
				return w
			}
		}
		return ""
	}
	res := b.add(b.request("alerts", b.write("a.csv", lines(4, "a,r,soon", "b,r,late", "c,,2026-03-01"))))
	if got := noted(res.Warnings); got != "3 of 7 records were rejected, 2 of them alike: time: not a time such as 2026-03-01T12:00:00Z" {
		t.Errorf("%q", res.Warnings)
	}
	for name, text := range map[string]string{ // few of many; no two alike; too few to tell
		"b.csv": lines(40, "a,r,soon", "b,r,late", "c,r,now"), "c.csv": lines(2, "a,r,soon", "b,,2026-03-01", "c,r"), "d.csv": lines(1, "a,r,soon", "b,r,late"),
	} {
		if res := b.add(b.request("alerts", b.write(name, text))); noted(res.Warnings) != "" {
			t.Errorf("%s: %q", name, res.Warnings)
		}
	}
	err := b.refused(b.request("alerts", b.write("e.csv", lines(0, "a,r,soon", "b,r,late", "c,r,now"))), fault.Invalid)
	if !strings.Contains(err.Error(), "3 of 3 records were rejected, 3 of them alike: time: not a time") {
		t.Error(err)
	}
}

func TestRejectsOfOtherKindsEndSoToo(t *testing.T) {
	b := newBench(t)
	for kind, text := range map[string]string{
		"feeds":     "date,source,channel,events,hosts\n2026-01-01,a,,1,1\nsoon,a,,1,1\nlate,a,,1,1\nnow,a,,1,1\n",
		"exercises": "technique,analytic,test,time,outcome,rule_id,notes\nT1059,,a,2026-01-01,alerted,,\nT1059,,b,soon,alerted,,\nT1059,,c,late,alerted,,\nT1059,,d,now,alerted,,\n",
		"signals":   "id,time,entity,name\n1,2026-01-01,e,n\n2,soon,e,n\n3,late,e,n\n4,now,e,n\n",
	} {
		res := b.add(b.request(kind, b.write(kind+".csv", text)))
		if all := strings.Join(res.Warnings, "\n"); !strings.Contains(all, "3 of 4 records were rejected, 3 of them alike") {
			t.Errorf("%s: %q", kind, res.Warnings)
		}
	}
}
