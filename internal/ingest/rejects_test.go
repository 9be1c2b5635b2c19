package ingest

import (
	"path/filepath"
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
	b.add(b.request("alerts", b.write("alerts.csv", "id,rule_id,time\n1,r,2026-03-01\n")))
	for kind, text := range map[string]string{
		"feeds":        "date,source,channel,events,hosts\n2026-01-01,a,,1,1\nsoon,a,,1,1\nlate,a,,1,1\nnow,a,,1,1\n",
		"exercises":    "technique,analytic,test,time,outcome,rule_id,notes\nT1059,,a,2026-01-01,alerted,,\nT1059,,b,soon,alerted,,\nT1059,,c,late,alerted,,\nT1059,,d,now,alerted,,\n",
		"dispositions": "id,disposition,disposition_time,disposition_by,provenance,case_id\n1,true_positive,2026-03-02,ann,analyst,\n2,true_positive,soon,ann,analyst,\n3,true_positive,late,ann,analyst,\n4,true_positive,now,ann,analyst,\n",
		"cases":        "case_id,title,occurred,opened,closed,classification,found_by,techniques,analytics,platforms,alerts,owner,lessons\n1,a,,2026-01-01,,,alert,,,,,,\n2,a,,soon,,,alert,,,,,,\n3,a,,late,,,alert,,,,,,\n4,a,,now,,,alert,,,,,,\n",
		"rules":        "rule_id,name,enabled,techniques,analytics,log_sources,owner\n1,a,true,T1059,,,\n2,a,perhaps,T1059,,,\n3,a,perhaps,T1059,,,\n4,a,perhaps,T1059,,,\n",
		"runs":         "rule_id,rule_name,start,end,status,executions,events,gap_seconds,source,site,reason\n1,a,2026-01-01,2026-01-01,ok,1,,,,,\n2,a,soon,2026-01-01,ok,1,,,,,\n3,a,late,2026-01-01,ok,1,,,,,\n4,a,now,2026-01-01,ok,1,,,,,\n",
		"fields":       "source,channel,field,share,date,events,site\na,b,c,0.5,2026-01-01,9,\na,b,d,0.5,soon,9,\na,b,e,0.5,late,9,\na,b,f,0.5,now,9,\n",
		"exceptions":   "rule_id,condition,reason,owner,expires,since\n1,\"entity = a\",r,o,2026-05-01,2026-01-01\n2,\"entity = a\",r,o,soon,\n3,\"entity = a\",r,o,late,\n4,\"entity = a\",r,o,now,\n",
		"renames":      "old,new,domain,by,notes\nT1001,T1002,enterprise,x,\nsoon,T1002,enterprise,x,\nlate,T1002,enterprise,x,\nnow,T1002,enterprise,x,\n",
		"tuning":       "- {analytic: AN0001, element: E, value: 1, by: ann, date: 2026-01-01}\n- {analytic: one, element: E, value: 1, by: ann, date: 2026-01-01}\n- {analytic: two, element: E, value: 1, by: ann, date: 2026-01-01}\n- {analytic: three, element: E, value: 1, by: ann, date: 2026-01-01}\n",
		"signals":      "id,time,entity,name\n1,2026-01-01,e,n\n2,soon,e,n\n3,late,e,n\n4,now,e,n\n",
	} {
		res := b.add(b.request(kind, b.write(kind+map[bool]string{true: ".yaml", false: ".csv"}[kind == "tuning"], text)))
		if all := strings.Join(res.Warnings, "\n"); !strings.Contains(all, "3 of 4 records were rejected, 3 of them alike") {
			t.Errorf("%s: %q", kind, res.Warnings)
		}
	}
}

// TestRejectsOfFilesEndSoToo reads kinds whose records are no rows: entries of a file of YAML, and
// whole files of a folder.
func TestRejectsOfFilesEndSoToo(t *testing.T) {
	b := newBench(t)
	entries := func(list ...string) string {
		return "kind: telemetry\nversion: 1\nlog_sources:\n" + strings.Join(list, "\n") + "\n"
	}
	head := func(applies string) string {
		return "---\ntitle: t\napplies_to: [" + applies + "]\nowner: o\nreviewed: 2026-01-01\n---\ntext\n"
	}
	for name, text := range map[string]string{"a": head("AN0001"), "b": "# no head\n", "c": "# none here\n", "d": "text\n", "e": head("AN0002, whatever")} {
		b.write("books/"+name+".md", text)
	}
	for _, in := range []struct{ kind, path, want string }{
		{"telemetry", b.write("sources.yaml", entries("  - {name: a, hosts: 3}", "  - {name: b, hosts: many}", "  - {name: c, hosts: some}", "  - {name: d, hosts: few}", "  - {channel: x}")),
			"4 of 5 records were rejected, 3 of them alike: hosts: not a whole number from 0 to 1073741824"},
		{"runbooks", filepath.Join(b.dir, "books"), "4 of 5 records were rejected, 3 of them alike: no front matter: the first line is not ---"},
	} {
		res := b.add(b.request(in.kind, in.path))
		if all := strings.Join(res.Warnings, "\n"); !strings.Contains(all, in.want) {
			t.Errorf("%s: %q", in.kind, res.Warnings)
		}
	}
	none := b.request("runbooks", b.write("none/a.md", "text\n"), b.write("none/b.md", "text\n"), b.write("none/c.md", "text\n"))
	if err := b.refused(none, fault.Invalid); !strings.Contains(err.Error(), "3 of 3 records were rejected, 3 of them alike: no front matter") {
		t.Error(err)
	}
}
