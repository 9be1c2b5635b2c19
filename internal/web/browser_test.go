package web_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"candor/internal/edge"
)

// browserPath returns the browser to test with. CANDOR_BROWSER names one, or any
// other value asks for whichever is installed; when it is set, a missing browser
// fails the test instead of skipping it.
func browserPath(t *testing.T) string {
	t.Helper()
	asked := os.Getenv("CANDOR_BROWSER")
	for _, name := range []string{asked, "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	if asked != "" {
		t.Fatalf("CANDOR_BROWSER is %q and there is no Chromium", asked)
	}
	t.Skip("no Chromium is installed; CANDOR_BROWSER=1 makes this a failure")
	return ""
}

// tab is a browser's tab that remembers what went wrong in it.
type tab struct {
	context.Context
	home string

	mu    sync.Mutex
	wrong []string
}

func (b *tab) complain(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrong = append(b.wrong, fmt.Sprintf(format, args...))
}

// complaints returns what went wrong since it was last asked.
func (b *tab) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := b.wrong
	b.wrong = nil
	return said
}

// hear notes errors of the console, refusals by the security policy, exceptions,
// and requests that go elsewhere.
func (b *tab) hear(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err != nil || u.Scheme != "data" && "http://"+u.Host != b.home {
			b.complain("a request to %s", e.Request.URL)
		}
	case *network.EventLoadingFailed:
		if e.Canceled {
			return // by the next page: the icon of one may still be under way when the other is asked for
		}
		b.complain("loading failed: %s %s", e.ErrorText, e.BlockedReason)
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.LevelError || e.Entry.Level == cdplog.LevelWarning || e.Entry.Source == cdplog.SourceSecurity {
			b.complain("the browser says: %s %s", e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		b.complain("the console was written to: %s", e.Type)
	case *runtime.EventExceptionThrown:
		b.complain("an exception: %s", e.ExceptionDetails.Error())
	}
}

// serve serves a data folder until the test or ctx ends, and returns the address.
func serve(t *testing.T, ctx context.Context, d *desk) string {
	t.Helper()
	ctx, stop := context.WithCancel(ctx)
	l, done := must((&edge.Place{}).Listen(ctx, "127.0.0.1:0"))(t), make(chan error, 1)
	go func() { done <- (&edge.Place{}).Serve(ctx, l, d, slog.New(slog.DiscardHandler), func() {}) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

// browse serves a data folder and opens a browser for it.
func browse(t *testing.T, d *desk) *tab {
	t.Helper()
	path := browserPath(t)
	ctx, stop := context.WithTimeout(t.Context(), 9*time.Minute)
	home := serve(t, ctx, d)
	profile := must(os.MkdirTemp("", "candor-browser-"))(t)
	t.Cleanup(func() { _ = os.RemoveAll(profile) }) // helpers of the browser outlive it by moments and may still write
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.Flag("headless", true), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.WSURLReadTimeout(time.Minute))
	alloc, endAlloc := chromedp.NewExecAllocator(ctx, options...)
	b := &tab{home: home}
	var endTab context.CancelFunc
	b.Context, endTab = chromedp.NewContext(alloc)
	t.Cleanup(func() {
		endTab()
		endAlloc()
		stop()
	})
	chromedp.ListenTarget(b, b.hear)
	if err := chromedp.Run(b); err != nil { // by itself: the browser lives as long as what it is started for
		t.Fatal(err)
	}
	b.run(t, network.Enable(), cdplog.Enable(), runtime.Enable())
	return b
}

// run does what a person does, and fails where a minute passes: what is waited for does not come.
func (b *tab) run(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	ctx, stop := context.WithTimeout(b, time.Minute)
	defer stop()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// leads does what leads to another page, and waits until that has loaded: what is waited
// for by how it looks may stand on the page before, too.
func (b *tab) leads(t *testing.T, action chromedp.Action) {
	t.Helper()
	ctx, stop := context.WithTimeout(b, time.Minute)
	defer stop()
	answer, err := chromedp.RunResponse(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	if answer == nil {
		t.Fatal("no page was asked for")
	}
}

// faint lists the texts of a page whose contrast is below what WCAG 2.1 asks for
// at level AA (1.4.3): 4.5 to 1, and 3 to 1 for large letters.
const faint = `(() => {
  const channels = (s) => (s.match(/[\d.]+/g) || []).map(Number);
  const light = (c) => {
    const [r, g, b] = c.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = channels(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0.5) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const said = new Set(), texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = texts.nextNode());) {
    const e = n.parentElement, style = getComputedStyle(e), on = ground(e), box = e.getBoundingClientRect();
    if (!n.textContent.trim() || !box.width || e.closest("svg, [aria-hidden]")) continue;
    const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
    let opacity = 1;
    for (let p = e; p; p = p.parentElement) opacity *= getComputedStyle(p).opacity;
    const ink = channels(style.color).slice(0, 3).map((v, i) => v * opacity + on[i] * (1 - opacity));
    const have = contrast(ink, on);
    if (have < (large ? 3 : 4.5)) said.add(have.toFixed(2) + " " + n.textContent.trim().slice(0, 40));
  }
  for (const text of document.querySelectorAll("svg g > text")) {
    const style = getComputedStyle(text), under = getComputedStyle(text.parentNode.querySelector("rect"));
    const have = contrast(channels(style.fill), channels(under.fill));
    if (style.display !== "none" && have < 4.5) said.add(have.toFixed(2) + " " + text.textContent);
  }
  return [...said];
})()`

// sees opens a page and checks that every text is visible in it and can be read,
// that it fits the width, and that nothing went wrong.
func (b *tab) sees(t *testing.T, place string, texts ...string) {
	t.Helper()
	var body string
	var wide, view int64
	var pale []string
	b.run(t, chromedp.Navigate(b.home+place), chromedp.WaitVisible("footer"), chromedp.Evaluate("document.body.innerText", &body),
		chromedp.Evaluate("document.documentElement.scrollWidth", &wide), chromedp.Evaluate("innerWidth", &view),
		chromedp.Evaluate(faint, &pale))
	for _, want := range texts {
		if !strings.Contains(body, want) {
			t.Errorf("%s: %q is not to be seen", place, want)
		}
	}
	if len(pale) > 0 {
		t.Errorf("%s: too little contrast: %q", place, pale)
	}
	if wide > view {
		t.Errorf("%s: %d pixels wide in a view of %d", place, wide, view)
	}
	for _, wrong := range b.complaints() {
		t.Errorf("%s: %s", place, wrong)
	}
}

// shoot keeps a picture of the page in the folder that CANDOR_SHOTS names.
func (b *tab) shoot(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("CANDOR_SHOTS")
	if dir == "" {
		return
	}
	var picture []byte
	b.run(t, chromedp.FullScreenshot(&picture, 100))
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600); err != nil {
		t.Error(err)
	}
}

// sight is a page and what must be seen on it, without a click.
type sight struct {
	name, place string
	texts       []string
}

// sights are pages of every sort.
var sights = []sight{
	{"overview", "/", []string{"Claimed", "Assured", "Distance", "This library is a miniature.", "outside visibility", "Reconnaissance", "What would lift most", "Limits"}},
	{"an1989", "/objects/AN1989", []string{"AN1989", "DET0857", "T1589.003", "TA0043", "What the miniature says", "outside visibility",
		"ATT&CK names no log source", "Register an external source", "Object SHA-256", "Across releases", "Relations"}},
	{"an1989-history", "/objects/AN1989/history", []string{"What changed, release by release", "Content SHA-256", "current bundle"}},
	{"an1275", "/objects/AN1275", []string{"noisy", "Actionable precision", "95 % interval", "WinEventLog:Security"}},
	{"t1110", "/objects/T1110", []string{"Verdicts on", "analytics"}},
	{"verdicts", "/verdicts", []string{"Verdicts", "AN1989"}},
	{"objects", "/objects?text=phishing", []string{"Objects", "Phishing"}},
	{"evidence", "/evidence", []string{"alerts.jsonl", "ledger"}},
	{"ledger", "/ledger", []string{"Root", "candor ledger verify"}},
	{"pulls", "/pulls", []string{"corp-elastic", "being pulled now", "What kept it from being whole:"}},
	{"operation", "/operation", []string{"Operation", "messages were put aside", "What is looked at"}},
	{"next", "/next", []string{"Next steps", "reliable", "Limits"}},
	{"gates", "/gates/AN1275", []string{"Reporting:", "Automation:", "closed", "Missing:"}},
	{"measurements", "/measurements", []string{"Measurements", "Limits"}},
	{"reviews", "/reviews", []string{"Incidents", "MF-rev-017"}},
	{"policy", "/policy", []string{"measure.min_precision"}},
	{"reports", "/reports", []string{"The server makes one at a time"}},
}

func TestPagesInABrowser(t *testing.T) {
	browserPath(t) // before the work
	t.Parallel()
	d := demonstration(t)
	b := browse(t, d)
	seen := append(slices.Clone(sights), sight{"batch", "/evidence/" + d.batchOf("rules"), []string{"In the ledger", "Root", "What became of"}})
	for _, way := range []struct {
		name, scheme string
		width        int64
		script       bool
	}{
		{"wide", "light", 1280, true}, {"narrow", "light", 400, true}, {"dark", "dark", 1280, true},
		{"without-script", "light", 1280, false}, {"narrow-without-script", "dark", 400, false},
	} {
		b.run(t, emulation.SetDeviceMetricsOverride(way.width, 900, 1, false),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: way.scheme}}),
			emulation.SetScriptExecutionDisabled(!way.script))
		for _, s := range seen {
			t.Run(way.name+"/"+s.name, func(t *testing.T) {
				b.sees(t, s.place, s.texts...)
				b.shoot(t, way.name+"-"+s.name)
			})
		}
	}
}

// TestWhatAScriptDoesAndWhatGoesWithoutIt has one browser for all that only reads.
func TestWhatAScriptDoesAndWhatGoesWithoutIt(t *testing.T) {
	browserPath(t) // before the work
	d := demonstration(t)
	b := browse(t, d)
	t.Run("the search suggests while typing", b.suggests)
	t.Run("slash moves to the search and hashes can be copied", b.movesAndCopies)
	t.Run("times are of the zone of who reads", func(t *testing.T) { b.tellsTimes(t, d) })
	t.Run("lists fit their paper", b.fitsPaper)
	t.Run("forms work without it", b.goesWithoutScript)
}

// fitsPaper looks at lists as wide as a sheet of letter paper that lies across, within
// margins of 8 mm: nothing ends beyond it.
func (b *tab) fitsPaper(t *testing.T) {
	const paper = 1056 - 2*30
	b.run(t, emulation.SetDeviceMetricsOverride(paper, 900, 1, false), emulation.SetEmulatedMedia().WithMedia("print"))
	for _, place := range []string{"/evidence/rules", "/evidence/telemetry", "/evidence/externals", "/evidence/runbooks", "/evidence/signals", "/evidence", "/exercises", "/verdicts"} {
		var widest float64
		b.run(t, chromedp.Navigate(b.home+place), chromedp.WaitVisible("footer"),
			chromedp.Evaluate(`Math.max(...[...document.querySelectorAll("table.list, table.list *")].map((e) => e.getBoundingClientRect().right))`, &widest))
		if widest < paper/2 || widest > paper {
			t.Errorf("%s: a list ends at %.0f of %d pixels", place, widest, paper)
		}
	}
	b.run(t, emulation.ClearDeviceMetricsOverride(), emulation.SetEmulatedMedia())
}

func (b *tab) goesWithoutScript(t *testing.T) {
	var at, body string
	b.run(t, emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(b.home+"/"), chromedp.WaitVisible("#find"))
	b.leads(t, chromedp.SendKeys("#find", "employee names\r"))
	b.run(t, chromedp.WaitVisible("table.list"), chromedp.WaitVisible("footer"), chromedp.Location(&at),
		chromedp.Evaluate("document.body.innerText", &body))
	if !strings.Contains(at, "/objects?text=employee+names") || !strings.Contains(body, "T1589.003") {
		t.Errorf("the search led to %s", at)
	}
	b.run(t, chromedp.Navigate(b.home+"/verdicts"), chromedp.WaitVisible("form.filters"),
		chromedp.SetValue("form.filters select[name=rung]", "noisy"))
	b.leads(t, chromedp.Click("form.filters button"))
	b.run(t, chromedp.WaitReady(`option[value=noisy][selected]`), chromedp.WaitVisible("footer"), chromedp.Evaluate("document.body.innerText", &body))
	if !strings.Contains(body, "AN1275") || strings.Contains(body, "AN1989") {
		t.Errorf("the filter shows %s", body)
	}
	for _, wrong := range b.complaints() {
		t.Error(wrong)
	}
}

func (b *tab) movesAndCopies(t *testing.T) {
	var focus string
	var buttons int
	b.run(t, chromedp.Navigate(b.home+"/objects/AN1989"), chromedp.WaitVisible("button.copy"), chromedp.KeyEvent("/"),
		chromedp.Evaluate("document.activeElement.id", &focus),
		chromedp.Evaluate("document.querySelectorAll('button.copy').length", &buttons))
	if focus != "find" {
		t.Errorf("after / the focus is on %q", focus)
	}
	if buttons < 3 {
		t.Errorf("%d hashes can be copied", buttons)
	}
	for _, wrong := range b.complaints() {
		t.Error(wrong)
	}
}
