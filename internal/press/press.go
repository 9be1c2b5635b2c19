// Package press has a browser print a page, which loads nothing.
//
// The browser is whichever Chromium the machine has. The package refuses a page that takes it
// longer than a minute, and leaves no file behind.
package press

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"candor/internal/fault"
	"candor/internal/scratch"
)

// Browser is the name under which a Chromium is looked for.
const Browser = "chromium"

// patience bounds how long a browser may take to print.
const patience = time.Minute

// Print returns a page as PDF, printed by the browser of a name or path. It is
// fault.Unavailable where there is no such browser, or it printed nothing.
func Print(ctx context.Context, browser string, page []byte) ([]byte, error) {
	path, err := exec.LookPath(browser)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "there is no browser that could print the report").At("--browser %s", browser).Next("take the page, .html, and print it where there is one; --browser names a Chromium that is installed")
	}
	work, err := scratch.Make(os.TempDir(), "candor-report-")
	if err != nil {
		return nil, fault.New(fault.Unavailable, "there is no room to print in").Because(err).Next("check the space in %s; TMPDIR names another folder", os.TempDir())
	}
	defer work.Remove()
	in, out := filepath.Join(work.Path(), "report.html"), filepath.Join(work.Path(), "report.pdf")
	if err := os.WriteFile(in, page, 0o600); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	said, err := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", "--disable-background-networking", "--user-data-dir="+filepath.Join(work.Path(), "browser"),
		"--print-to-pdf="+out, "file://"+in).CombinedOutput()
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the browser printed nothing").At("%s", path).Because(err).Next("it said: %s", strings.TrimSpace(string(said[max(0, len(said)-200):])))
	}
	return os.ReadFile(out)
}
