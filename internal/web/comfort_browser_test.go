package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tellsTimes looks at one batch from Kathmandu, with the script
// and without: the time is the same, and the page says of which zone it is.
func (b *tab) tellsTimes(t *testing.T, d *desk) {
	t.Helper()
	id := d.batchOf("rules")
	var said, title, stamp, foot string
	look := func(place string) {
		b.run(t, chromedp.Navigate(b.home+place), chromedp.WaitVisible("footer"),
			chromedp.Evaluate(`document.querySelector("main time").textContent`, &said), chromedp.Evaluate(`document.querySelector("main time").title`, &title),
			chromedp.Evaluate(`document.querySelector("main time").dateTime`, &stamp), chromedp.Text("footer", &foot))
	}
	b.run(t, emulation.SetTimezoneOverride("Asia/Kathmandu"))
	look("/evidence/" + id)
	if said != "2026-11-20 20:45 UTC+5:45" || title != "2026-11-20 15:00 UTC" || stamp != "2026-11-20T15:00:00Z" || !strings.Contains(foot, "Times are of Asia/Ka") {
		t.Errorf("with the script: %q, %q, %q, %q", said, title, stamp, foot)
	}
	b.run(t, emulation.SetScriptExecutionDisabled(true))
	look("/evidence/" + id)
	if said != "2026-11-20 15:00 UTC" || title != "" || strings.Contains(foot, "Times are") {
		t.Errorf("without: %q, %q, %q", said, title, foot)
	}
	b.quiet(t, "times")
}

// enter is the key as a keyboard sends it: what it would do follows from its going down
// alone, and not where a page prevents that.
var enter = chromedp.Tasks{
	input.DispatchKeyEvent(input.KeyDown).WithKey("Enter").WithCode("Enter").WithWindowsVirtualKeyCode(13).WithText("\r"),
	input.DispatchKeyEvent(input.KeyUp).WithKey("Enter").WithCode("Enter").WithWindowsVirtualKeyCode(13),
}

// suggests types as people do, and goes where arrows and Enter
// lead; Escape leaves the words as they are.
func (b *tab) suggests(t *testing.T) {
	var state, told, place string
	b.run(t, chromedp.Navigate(b.home+"/evidence"), chromedp.WaitVisible("footer"), chromedp.SendKeys("#find", "an1989"), chromedp.WaitVisible("#find-list .rung"),
		chromedp.Text("#find-list", &told))
	if !strings.Contains(told, "AN1989") || !strings.Contains(told, "outside visibility") || !strings.Contains(told, "analytic") {
		t.Errorf("suggested is %q", told)
	}
	b.shoot(t, "suggested")
	const look = `[find.value, find.getAttribute("aria-expanded"), find.getAttribute("aria-activedescendant"), document.querySelectorAll("[role=option][aria-selected=true]").length].join(" ")`
	b.run(t, chromedp.KeyEvent(kb.Escape), chromedp.WaitNotVisible("#find-list"), chromedp.Evaluate(look, &state))
	if state != "an1989 false  0" {
		t.Errorf("after Escape: %q", state)
	}
	b.run(t, chromedp.KeyEvent(kb.ArrowDown), chromedp.WaitVisible("#find-list .rung"), chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowDown), chromedp.Evaluate(look, &state))
	if state != "an1989 true find-0 1" {
		t.Errorf("after the arrows: %q", state)
	}
	b.leads(t, enter)
	if b.run(t, chromedp.WaitVisible("footer"), chromedp.Location(&place)); !strings.HasSuffix(place, "/objects/AN1989") {
		t.Errorf("Enter leads to %s", place)
	}
	b.run(t, chromedp.SendKeys("#find", "employee"), chromedp.WaitVisible("#find-list .rung"))
	b.leads(t, enter)
	if b.run(t, chromedp.WaitVisible("footer"), chromedp.Location(&place)); !strings.Contains(place, "/objects?text=employee") {
		t.Errorf("Enter without a choice leads to %s", place)
	}
	b.quiet(t, "suggestions")
}
