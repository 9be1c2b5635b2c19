package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestAScriptShowsTimesInTheReadersZone looks at one batch from Kathmandu, with the script
// and without: the time is the same, and the page says of which zone it is.
func TestAScriptShowsTimesInTheReadersZone(t *testing.T) {
	browserPath(t) // before the work
	d := demonstration(t)
	b := browse(t, d)
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
