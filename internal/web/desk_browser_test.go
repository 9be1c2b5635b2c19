package web_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"candor/internal/token"
)

// quiet fails where something went wrong in the tab.
func (b *tab) quiet(t *testing.T, where string) {
	t.Helper()
	for _, wrong := range b.complaints() {
		t.Errorf("%s: %s", where, wrong)
	}
}

// judged has axe-core look at the page as it is, where there is one.
func (b *tab) judged(t *testing.T, where string, axe string) {
	t.Helper()
	b.quiet(t, where)
	b.shoot(t, "desk-"+where)
	if axe == "" {
		return
	}
	var said string
	b.run(t, chromedp.Evaluate(judge, &said, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	var found struct {
		Violations []finding `json:"violations"`
	}
	if err := json.Unmarshal([]byte(said), &found); err != nil {
		t.Fatal(err)
	}
	for _, v := range found.Violations {
		t.Errorf("%s: %s: %s\n\t%s", where, v.ID, v.Help, strings.Join(v.Places[:min(len(v.Places), 4)], "\n\t"))
	}
}

// TestPeopleWorkInABrowser brings a file, labels alerts with the keyboard, sees the
// measurement change, and states a gap; then without script. After that what people do from
// day to day: a gap changes hands, a step is taken on and done, a profile comes and goes, and
// a list is sorted, narrowed, turned and taken along.
func TestPeopleWorkInABrowser(t *testing.T) {
	browserPath(t) // before the work
	d := demonstration(t, writing)
	b := browse(t, d)
	axe := ""
	if path := os.Getenv("CANDOR_AXE"); path != "" {
		axe = axeScript(t)
		b.run(t, chromedp.ActionFunc(func(ctx context.Context) error {
			_, err := page.AddScriptToEvaluateOnNewDocument(axe).Do(ctx)
			return err
		}))
	}
	_, secret, err := d.tokens.Create(token.Request{Name: "ann", Scopes: []string{"dispositions", "gaps", "evidence", "profiles"}}, today)
	if err != nil {
		t.Fatal(err)
	}
	rule := d.unlabelled()
	before := d.measured(rule)

	// A token is shown once, and no page, address or cookie of script's has it.
	b.run(t, chromedp.Navigate(b.home+"/evidence"))
	b.leads(t, chromedp.Click("a.sign"))
	b.run(t, chromedp.WaitVisible("#token"))
	b.judged(t, "session", axe)
	var cookies, place string
	b.leads(t, chromedp.SendKeys("#token", secret+"\r"))
	b.run(t, chromedp.WaitVisible(`a[href="/bring"]`), chromedp.Location(&place), chromedp.Evaluate("document.cookie + document.documentElement.outerHTML", &cookies))
	if strings.Contains(place+cookies, secret) || strings.Contains(cookies, "_session") || !strings.HasSuffix(place, "/evidence") {
		t.Errorf("the token or the session is in the page, or it leads to %s", place)
	}

	// A file is looked at, and lands. What it holds is inert.
	file := filepath.Join(t.TempDir(), "alerts.csv")
	hostile := `"<img src=x onerror=alert(1)><script>alert(2)</script>"`
	if err := os.WriteFile(file, []byte("id,rule_id,time,entity\nx-1,"+rule+",2026-11-19T08:00:00Z,"+hostile+"\nx-2,R,yesterday,"+hostile+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.leads(t, chromedp.Click(`a[href="/bring"]`))
	b.run(t, chromedp.WaitVisible("#files"))
	b.judged(t, "bring", axe)
	b.run(t, chromedp.SetUploadFiles("#files", []string{file}), chromedp.Click("button.main"), chromedp.WaitVisible(`button[value=land]`))
	b.judged(t, "checked", axe)
	b.run(t, chromedp.Click(`button[value=land]`), chromedp.WaitVisible(`a[href^="/evidence/alerts-"]`))
	b.judged(t, "landed", axe)

	// Alerts are labelled with keys, of which text fields know nothing.
	var tally string
	b.run(t, chromedp.Navigate(b.home+"/measurements/rules/"+rule))
	b.leads(t, chromedp.Click(`a[href^="/label"]`))
	b.run(t, chromedp.WaitVisible(".reading:focus"),
		chromedp.KeyEvent("t"), chromedp.KeyEvent("f"), chromedp.KeyEvent("b"), chromedp.KeyEvent("j"), chromedp.KeyEvent("k"), chromedp.KeyEvent("k"), chromedp.KeyEvent("u"),
		chromedp.Text(".tally", &tally))
	if !strings.HasPrefix(tally, "2 of ") {
		t.Errorf("after four keys and one taken back: %q", tally)
	}
	b.judged(t, "labelling", axe)
	b.leads(t, chromedp.Click(".send button"))
	b.run(t, chromedp.WaitVisible(`form[action="/label/undo"]`))
	b.judged(t, "labelled", axe)
	now := d.measured(rule)
	if now.TruePositive != before.TruePositive+1 || now.FalsePositive != before.FalsePositive+1 || now.BenignPositive != before.BenignPositive || now.Alerts != before.Alerts+1 {
		t.Errorf("before %+v, now %+v", before.Statement, now.Statement)
	}

	// A gap is stated, without script from here on, and changed on a narrow dark screen.
	b.run(t, emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(b.home+"/gaps?show=unstated"))
	b.leads(t, chromedp.Click(`a[href="/gap?id=T1589.003"]`))
	b.run(t, chromedp.WaitVisible("#gap-why"), chromedp.SetValue("#gap-decision", "accept"), chromedp.SendKeys("#gap-owner", "CISO"))
	b.leads(t, chromedp.Click(`button[value=set]`))
	b.run(t, chromedp.WaitVisible("#wrong"))
	b.quiet4xx(t, "gap-refused")
	b.run(t, emulation.SetDeviceMetricsOverride(400, 900, 1, false), chromedp.SetValue("#gap-until", "2027-01-31"))
	b.leads(t, chromedp.Click(`button[value=set]`))
	b.run(t, chromedp.WaitVisible("#stated"))
	b.quiet(t, "gap")
	b.shoot(t, "desk-gap")
	b.run(t, emulation.SetScriptExecutionDisabled(false), chromedp.Reload(), chromedp.WaitVisible("#stated"))
	b.judged(t, "gap-stated", axe)
	if got := d.stated("T1589.003"); len(got) != 1 || got[0].By != "ann" || got[0].Owner != "CISO" {
		t.Errorf("%+v", got)
	}
	// Labels work without script, too.
	b.run(t, emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(b.home+"/label?rule="+rule), chromedp.WaitVisible("fieldset"),
		chromedp.Click(`input[name="class.1"][value=benign_positive]`))
	b.leads(t, chromedp.Click(".send button"))
	b.leads(t, chromedp.Click(`form[action="/label/undo"] button`))
	b.run(t, chromedp.WaitVisible(`[role=status]`))
	b.quiet(t, "without script")
	if got := d.measured(rule); got.BenignPositive != now.BenignPositive || got.Unlabelled != now.Unlabelled {
		t.Errorf("undone: %+v", got.Statement)
	}
	b.run(t, emulation.SetScriptExecutionDisabled(false), emulation.ClearDeviceMetricsOverride())
	b.gapIsChanged(t, d, "T1589.003")
	b.stepIsTakenOn(t)
	b.profileIsKept(t, d)
	b.listIsWalked(t, d.loudest())
}

// quiet4xx fails where something went wrong but that a form was refused, which the
// browser says in its console.
func (b *tab) quiet4xx(t *testing.T, where string) {
	t.Helper()
	for _, wrong := range b.complaints() {
		if !strings.Contains(wrong, "422") {
			t.Errorf("%s: %s", where, wrong)
		}
	}
}
