package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/assessment"
	"candor/internal/correlate/worth"
	"candor/internal/ingest"
)

// keeps keeps a file of definitions.
func (d *desk) keeps(name, text string) {
	d.t.Helper()
	must(d.assess.KeepDefinitions(d.t.Context(), assessment.DefinitionFile{Name: name, Text: text, By: "Ann Lee", At: today}))(d.t)
}

// asks is a definition that counts the alerts of a rule.
func asks(name, rule, more string) string {
	return fmt.Sprintf("title: Many <b>of one</b>\nname: %s\nlevel: high\n%scorrelation:\n  type: event_count\n  rules: [%q]\n  group-by: [entity]\n  timespan: 1d\n  condition: {gte: 1}\n", name, more, rule)
}

// says fails unless a page answers and says all of words.
func (p *person) says(place string, words ...string) answer {
	p.t.Helper()
	a := p.opens(place)
	if a.Code != http.StatusOK {
		p.t.Fatalf("%s: %d %s", place, a.Code, a.body)
	}
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			p.t.Errorf("%s does not say %q: it has %d bytes", place, w, len(a.body))
		}
	}
	return a
}

func TestThePageOfChainsInItsStates(t *testing.T) {
	d := demonstration(t, writing)
	ann, rule := d.someone("ann", "dispositions"), d.unlabelled()
	ann.says("/chains", "No definition of chains is kept")
	ann.says("/chains/worth", "Nobody measured yet")
	d.keeps("chains.yml", asks("many", rule, "enabled: false\n"))
	ann.says("/chains", `<span class="tag">off</span>`, "not measured", "No chain was found")
	d.keeps("chains.yml", asks("many", "no such", ""))
	ann.says("/chains", `<span class="tag live">on</span>`, "No chain was found")
	d.keeps("broken.yml", "title: x\ncorrelation: {type: temporal}\n")
	ann.says("/chains", "Nothing is looked for", "broken.yml:")
	d.keeps("broken.yml", asks("other", "no such", "enabled: false\n"))
	d.keeps("chains.yml", asks("many", rule, ""))
	req := assessment.Request{AsOf: today, Policy: d.policy}
	found := must(d.assess.Chains(t.Context(), req))(t).Findings
	if len(found) < 2 {
		t.Fatalf("%d findings", len(found))
	}
	page := ann.says("/chains", "/chains/findings/"+found[0].ID, "not kept as an alert")
	if strings.Contains(page.body, "<b>of one") {
		t.Error("a title is not escaped")
	}
	at := "/chains/findings/" + found[0].ID
	ann.says(at, "the definition many first held at", `<svg class="chain"`, found[0].Members[0].ID, "It is labelled once it is kept")
	if a := ann.opens("/chains/findings/chain-0"); a.Code != http.StatusNotFound {
		t.Errorf("no finding: %d", a.Code)
	}
	d.findings(req)
	form := ann.form(ann.says(at, "Record the label"), "/label?rule="+url.QueryEscape(assessment.ChainSource+"\x1f"+assessment.ChainRule("many")))
	form.Set("class.0", "true_positive")
	if a := ann.send("/label?rule="+url.QueryEscape(found[0].Rule()), form); a.Code != http.StatusSeeOther {
		t.Fatalf("the label is not taken: %d %s", a.Code, a.body)
	}
	ann.says(at, "true positive by ann (analyst)")
	ann.says("/chains", "1 true, 0 not")
	ann.says("/chains?definition=other", "No chain was found", "by other")
}

// findings keeps what definitions find as alerts, as a server does.
func (d *desk) findings(req assessment.Request) {
	d.t.Helper()
	u := must(d.assess.UnstoredChains(d.t.Context(), req, today))(d.t)
	var text strings.Builder
	for _, a := range u.Ready {
		if err := json.NewEncoder(&text).Encode(a); err != nil {
			d.t.Fatal(err)
		}
	}
	path := filepath.Join(d.t.TempDir(), "found.jsonl")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		d.t.Fatal(err)
	}
	in := ingest.NewEvidence(d.keeper.Evidence(d.evidence), d.keeper.Alerts(d.alerts), clock)
	must(in.Add(d.t.Context(), ingest.Request{Kind: "alerts", Paths: []string{path}, By: "test"}))(d.t)
	if again := must(d.assess.UnstoredChains(d.t.Context(), req, today))(d.t); len(u.Ready) == 0 || len(again.Ready) > 0 {
		d.t.Errorf("%d findings, of which %d are found again", len(u.Ready), len(again.Ready))
	}
}

func TestThePageOfWhatChainsAreWorthSaysWhetherItCounts(t *testing.T) {
	d := demonstration(t, writing)
	ann, rule := d.someone("ann", "dispositions"), d.unlabelled()
	d.keeps("chains.yml", asks("many", rule, ""))
	q := assessment.Correlation{Request: assessment.Request{AsOf: today, Policy: d.policy}, Unit: worth.Sliding, Repeats: 3}
	kept := must(d.assess.KeptDefinitions(t.Context()))(t)
	q.Plan, _ = kept.Plan()
	w := must(d.assess.WorthOf(t.Context(), q))(t)
	if err := d.assess.KeepWorth(t.Context(), q, &w, " ", today); err == nil {
		t.Error("nobody measured it")
	}
	if err := d.assess.KeepWorth(t.Context(), q, &w, "Ann Lee", today); err != nil {
		t.Fatal(err)
	}
	ann.says("/chains/worth", "Measured by Ann Lee", "No credit: there is no null", `<svg class="chain"`, "labelled chains that are true")
	ann.says("/chains", "/chains/worth#")
	for _, place := range []string{"/api/v1/chains", "/api/v1/chains/worth"} {
		ann.says(place, `"Ann Lee"`)
	}
	d.instead(ann, q)
	must(d.assess.Switch(t.Context(), "many", false, "Ann Lee", today))(t)
	ann.says("/chains/worth", "It does not count any more:</strong> the definition is off")
	d.keeps("chains.yml", strings.Replace(asks("many", rule, ""), "1d", "2d", 1))
	ann.says("/chains/worth", "the definition was changed since it was measured")
	d.keeps("chains.yml", asks("another", rule, ""))
	ann.says("/chains/worth", "no such definition is kept any more")
}

// instead measures a chain of two tactics, and fails unless what cannot be seen says what
// it is worth to look at the other.
func (d *desk) instead(ann *person, q assessment.Correlation) {
	d.t.Helper()
	d.keeps("early.yml", "title: Early\nname: early\ncorrelation:\n  type: temporal_ordered\n  rules: [\"tactic:reconnaissance\", \"tactic:initial-access\"]\n  group-by: [entity]\n  timespan: 1d\n")
	kept := must(d.assess.KeptDefinitions(d.t.Context()))(d.t)
	q.Plan, _ = kept.Plan()
	w := must(d.assess.WorthOf(d.t.Context(), q))(d.t)
	if err := d.assess.KeepWorth(d.t.Context(), q, &w, "Ann Lee", today); err != nil {
		d.t.Fatal(err)
	}
	const no = "chain early earned no credit: "
	ann.says("/gaps?show=unstated&text=T1589.003", no, "it lines this up with T1")
	ann.says("/gap?id=T1589.003", "Where to look instead", "<b>early</b>, with T1", "/chains/worth")
	ann.says("/matrix?tactic=reconnaissance", "chain early: no credit")
	for _, place := range []string{"/api/v1/gaps", "/api/v1/matrix", "/api/v1/objects/T1589.003/adjacent"} {
		ann.says(place, `"definition":"early"`, `"earns_credit":false`)
	}
}

func TestADefinitionIsTurnedOnInThePage(t *testing.T) {
	d := demonstration(t, writing)
	d.keeps("chains.yml", asks("many", "no such", "enabled: false\n"))
	form := url.Values{"definition": {"many"}, "to": {"on"}}
	bo := d.someone("bo", "gaps")
	if body := bo.opens("/chains").body; strings.Contains(body, "Turn many on") {
		t.Error("somebody is offered what they may not do")
	}
	if a := bo.send("/chains", form); a.Code != http.StatusForbidden {
		t.Errorf("a token for something else turns it on: %d", a.Code)
	}
	ann := d.someone("ann", "evidence")
	ann.says("/chains", `<span class="tag">off</span>`, `aria-label="Turn many on"`)
	if a := ann.send("/chains", form); a.Code != http.StatusSeeOther || a.Header().Get("Location") != "/chains" {
		t.Fatalf("%d to %q: %s", a.Code, a.Header().Get("Location"), a.body)
	}
	ann.says("/chains", `<span class="tag live">on</span>`, `aria-label="Turn many off"`)
	files := must(d.assess.DefinitionFiles(t.Context()))(t)
	if len(files) != 1 || !files[0].Switched["many"] || !strings.HasSuffix(files[0].By, "ann") || files[0].Batch == "" {
		t.Errorf("kept is %+v", files)
	}
	for _, wrong := range []url.Values{{"definition": {"many"}, "to": {"maybe"}}, {"definition": {"none"}, "to": {"on"}}} {
		if a := ann.send("/chains", wrong); a.Code < 400 || a.Code >= 500 {
			t.Errorf("%v: %d", wrong, a.Code)
		}
	}
}
