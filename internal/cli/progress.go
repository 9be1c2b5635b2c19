package cli

import (
	"time"

	"github.com/schollz/progressbar/v3"

	"candor/internal/inert"
)

// bar draws progress on a terminal, and nothing elsewhere.
type bar struct {
	b     *progressbar.ProgressBar
	what  string
	start func(total int64, what string) *progressbar.ProgressBar
}

func (p *program) progress(what string) *bar { return p.bar(what, true) }

// counting draws progress of what is not measured in bytes.
func (p *program) counting(what string) *bar { return p.bar(what, false) }

func (p *program) bar(what string, bytes bool) *bar {
	b := &bar{what: what}
	if p.interactive() {
		b.start = func(total int64, what string) *progressbar.ProgressBar {
			return progressbar.NewOptions64(total,
				progressbar.OptionSetWriter(p.bare.Err), progressbar.OptionSetDescription(clip(inert.Line(what), 48)),
				progressbar.OptionShowBytes(bytes), progressbar.OptionClearOnFinish(),
				progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetWidth(30))
		}
	}
	return b
}

// bytes tells how much of an input is read. A total of -1 is unknown.
func (b *bar) bytes(done, total int64, what string) {
	if b.start == nil {
		return
	}
	if b.b == nil || what != b.what {
		b.done()
		b.what, b.b = what, b.start(total, what)
	}
	_ = b.b.Set64(done)
}

func (b *bar) done() {
	if b.b != nil {
		_ = b.b.Clear()
		b.b = nil
	}
}
