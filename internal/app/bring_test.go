package app_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"candor/internal/door"
	"candor/internal/identity"
	"candor/internal/ingest"
)

// brought is a server that files are brought to by someone who may.
type brought struct {
	*house
	auth string
}

// bring sends a file and returns what came of it, whose answer has the code.
func (b brought) bring(code int, pattern, query, body string) (res ingest.Result, text string) {
	b.t.Helper()
	w := b.request(door.Route{Pattern: pattern}, "", body, "query", query, "Authorization", b.auth)
	text = w.Body.String()
	if w.Code != code {
		b.t.Fatalf("%s?%s: %d, want %d: %s", pattern, query, w.Code, code, text)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &res); code < 300 && (err != nil || res.Rejects == nil || res.Warnings == nil) {
		b.t.Fatal(err, text)
	}
	return res, text
}

// rules lists the ids of the rules of a source that are in force.
func (b brought) rules(source string) (ids []string) {
	b.t.Helper()
	w := b.request(door.Route{Pattern: "GET /api/v1/rules"}, "", "", "query", "source="+source)
	var list struct {
		Rules []struct{ ID, Source string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &list); w.Code != http.StatusOK || err != nil {
		b.t.Fatal(w.Code, err, w.Body)
	}
	for _, r := range list.Rules {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestASourceHasAStateOverTheAPI(t *testing.T) {
	h := newHouse(t, identity.Rules{})
	b := brought{h, "Bearer " + h.token("siem", identity.Evidence)}
	const put, post = "PUT /api/v1/evidence/rules/corp", "POST /api/v1/evidence/rules/corp"
	const header, one, two = "rule_id,name,enabled,techniques,analytics,log_sources,owner\n", "r-1,One,true,T1059,,,\n", "r-2,Two,true,T1003,,,\n"

	res, _ := b.bring(http.StatusCreated, put, "file=rules.csv", header+one+two)
	if !res.Whole || res.Source != "corp" || res.New != 2 || res.By != "token:siem" || !slices.Equal(res.Paths, []string{"rules.csv"}) {
		t.Errorf("%+v", res)
	}
	if res, _ = b.bring(http.StatusOK, put, "file=rules.csv", header+one+two); res.Fresh {
		t.Errorf("the same again: %+v", res)
	}
	if res, _ = b.bring(http.StatusCreated, post, "file=rules.csv", header+one); len(res.Gone) != 0 || !strings.Contains(strings.Join(res.Warnings, "\n"), "--complete corp") || len(b.rules("corp")) != 2 {
		t.Errorf("a part: %+v", res)
	}
	if res, _ = b.bring(http.StatusCreated, put, "file=rules.csv", header+one+"r-3,,maybe,,,,\n"); len(res.Gone) != 0 || res.Rejected != 1 || len(b.rules("corp")) != 2 {
		t.Errorf("with a reject: %+v", res)
	}
	if res, _ = b.bring(http.StatusCreated, put, "file=rules.csv", header+one); !slices.Equal(res.Gone, []string{"r-2 (Two)"}) || !slices.Equal(b.rules("corp"), []string{"r-1"}) {
		t.Errorf("without one: %+v, in force %v", res, b.rules("corp"))
	}
	for _, wrong := range []struct {
		code                       int
		pattern, query, body, want string
	}{
		{http.StatusUnprocessableEntity, put, "", "AnalysisType: rule\nFilename: x.py\nRuleID: X\n", "no format of rules knows this file"},
		{http.StatusUnprocessableEntity, put, "", "", "no YAML document"},
		{http.StatusBadRequest, put, "file=../rules.csv", one, "no name of a file"},
		{http.StatusBadRequest, put, "files=x", one, `parameter \"files\"`},
		{http.StatusBadRequest, put, "format=cobol", one, "cobol"},
		{http.StatusNotFound, "PUT /api/v1/evidence/alerts/corp", "", one, ""},
	} {
		if _, text := b.bring(wrong.code, wrong.pattern, wrong.query, wrong.body); !strings.Contains(text, wrong.want) {
			t.Errorf("%s?%s: %s", wrong.pattern, wrong.query, text)
		}
	}
	if !slices.Equal(b.rules("corp"), []string{"r-1"}) {
		t.Error("what was refused changed something")
	}
	b.auth = "Bearer " + h.token("edr", "alerts")
	b.bring(http.StatusForbidden, put, "", header+one)
}

func TestEveryKindOfASourceIsBrought(t *testing.T) {
	h := newHouse(t, identity.Rules{})
	b := brought{h, "Bearer " + h.token("siem", identity.Evidence)}
	for kind, text := range map[string][2]string{
		"telemetry":  {"kind: telemetry\nversion: 1\nlog_sources:\n  - {component: Process Creation, name: \"WinEventLog:Sysmon\", channel: EventCode=1, platforms: [Windows]}\n  - {component: File Creation, name: \"WinEventLog:Sysmon\", channel: EventCode=11, platforms: [Windows]}\n", "kind: telemetry\nversion: 1\nlog_sources:\n  - {component: Process Creation, name: \"WinEventLog:Sysmon\", channel: EventCode=1, platforms: [Windows]}\n"},
		"exercises":  {"technique,analytic,test,time,outcome,rule_id,notes\nT1059,,a,2026-11-01T10:00:00Z,alerted,,\nT1003,,b,2026-11-01T10:00:00Z,alerted,,\n", "technique,analytic,test,time,outcome,rule_id,notes\nT1059,,a,2026-11-01T10:00:00Z,alerted,,\n"},
		"exceptions": {"rule_id,condition,reason,owner,expires\nr-1,entity = a,x,ann,2027-01-01\nr-2,entity = b,y,ann,2027-01-01\n", "rule_id,condition,reason,owner,expires\nr-1,entity = a,x,ann,2027-01-01\n"},
	} {
		pattern := "PUT /api/v1/evidence/" + kind + "/corp"
		if res, _ := b.bring(http.StatusCreated, pattern, "", text[0]); res.New != 2 {
			t.Errorf("%s: %+v", kind, res)
		}
		if res, _ := b.bring(http.StatusCreated, pattern, "", text[1]); len(res.Gone) != 1 {
			t.Errorf("%s: %+v", kind, res)
		}
	}
	runbook := "---\nid: rb-1\ntitle: One\nowner: ann\nreviewed: 2026-10-01\napplies_to: [T1059]\n---\nDo it.\n"
	if res, _ := b.bring(http.StatusCreated, "PUT /api/v1/evidence/runbooks/corp", "file=rb-1.md", runbook); res.New != 1 {
		t.Errorf("%+v", res)
	}
}
