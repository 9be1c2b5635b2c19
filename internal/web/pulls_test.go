package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"candor/internal/pull"
	"candor/internal/web"
)

// pulled is the standing of a server: one source answers, one was never asked, one came in
// part and one cannot be pulled.
func pulled() pull.Standing {
	at := today.Add(-time.Hour)
	return pull.Standing{File: "corp.pulls.yaml", Read: at, Wrong: `corp.pulls.yaml:9: every: "often" is no time from 1m to 7d`, Pulls: []pull.Status{
		{Name: "corp-elastic", Product: "elastic", Address: "https://search.example:9200", Parts: []string{"rules", "alerts"}, Every: "15m", State: pull.Works, Tried: at, Ended: at.Add(time.Minute),
			Succeeded: at.Add(time.Minute), Next: at.Add(15 * time.Minute), Records: 1234, Collected: map[string]time.Time{"alerts": at, "rules": at}, Last: []pull.PulledPart{
				{Name: "rules", Kind: "rules", Came: 12, Unchanged: 11, New: 1, Retired: 1, Batches: []string{"rules-0123456789ab"}},
				{Name: "alerts", Kind: "alerts", From: at.Add(-time.Hour), To: at, Came: 30, Known: 30}}},
		{Name: "corp-hive", Product: "thehive", Address: "https://hive.example", Parts: []string{"alerts"}, Every: "1h", State: pull.Never, Pulling: true, Collected: map[string]time.Time{}},
		{Name: "corp-splunk", Product: "splunk", Address: "https://splunk.example:8089", Parts: []string{"alerts", "closures"}, Every: "15m", State: pull.Partly, Tried: at, Ended: at, Succeeded: at.Add(-48 * time.Hour),
			Failed: "corp-splunk: alerts: <b>429</b> asks to wait", Failing: at.Add(-2 * time.Hour), Next: at.Add(time.Hour), Collected: map[string]time.Time{"alerts": at.Add(-50 * time.Hour)},
			Last: []pull.PulledPart{{Name: "alerts", Kind: "alerts", From: at.Add(-time.Hour), Failed: "corp-splunk: alerts: <b>429</b> asks to wait"}}},
		{Name: "moved", Product: "wazuh", Address: "https://indexer.example:9200", Parts: []string{"alerts"}, Every: "15m", State: pull.Refused, Failed: "moved.json: the state under the name moved is of another source", Collected: map[string]time.Time{}},
	}}
}

// unlinked is the same without a batch, which a desk need not have.
func unlinked() pull.Standing {
	s := pulled()
	s.Pulls[0].Last[0].Batches = nil
	return s
}

func withPulls(s *pull.Standing) func(*desk, *web.Deps) {
	return func(_ *desk, deps *web.Deps) { deps.Pulls = func() pull.Standing { return *s } }
}

func TestThePullsOfAServerAreOnAPage(t *testing.T) {
	s := pulled()
	d := openDesk(t, t.TempDir(), withPulls(&s))
	a, doc := d.page("/pulls")
	says(t, doc, "As corp.pulls.yaml said at 2026-11-20 14:00 UTC", "what it said before holds. corp.pulls.yaml:9: every", "2 sources of 4 did not answer whole",
		"elastic at https://search.example:9200", "answers", "2026-11-20 14:01 UTC", "2026-11-20 14:15 UTC every 15m", "alerts 2026-11-20 14:00 UTC", "1,234",
		"12 came, 1 new, 11 unchanged, 1 retired", "30 came, 30 as they were", "all there is", "never pulled being pulled now", "not yet", "now every 1h",
		"incomplete since 2026-11-20 12:00 UTC", "last whole: 2026-11-18 14:00 UTC", "closures not yet", "<b>429</b> asks to wait", "not pulled", "is of another source")
	if to := linked(doc); !to["/evidence/rules-0123456789ab"] || strings.Contains(a.body, "<b>429") {
		t.Errorf("%v", to)
	}
	if cached := a.Header().Get("ETag"); cached != "" {
		t.Errorf("what has to be so now is kept as %s", cached)
	}
	_, evidence := d.page("/evidence")
	if !linked(evidence)["/pulls"] {
		t.Error("the evidence does not lead there")
	}
	s = pull.Standing{File: "corp.pulls.yaml", Pulls: []pull.Status{}}
	_, doc = d.page("/pulls")
	says(t, doc, "corp.pulls.yaml is not there yet", "No source is named.", "candor pull check NAME")
	s = pull.Standing{}
	a, doc = d.page("/pulls")
	says(t, doc, "This server pulls nothing.")
	if a.Code != http.StatusOK {
		t.Error(a.Code)
	}
}
