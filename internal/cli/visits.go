package cli

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/crew"
	"candor/internal/people"
)

// keepVisitsEvery is how often is looked whether what was noted of who came in waited long
// enough for its entry.
const keepVisitsEvery = time.Minute

// noting runs what changes who may do what, and notes it where there are accounts. Without
// any, neither the stores of the data folder nor its hold are needed.
func (p *program) noting(cmd *cobra.Command, f func(note func(people.Visit)) error) error {
	if !p.accounts().Any() {
		return f(func(people.Visit) {})
	}
	return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
		if err := f(d.Visits.Note); err != nil {
			return err
		}
		return d.Visits.Keep(ctx, true)
	})
}

// auditLog is what candor audit prints.
type auditLog struct {
	Lines []people.Line `json:"lines"`
	// All is how many there are, of which Lines are the last.
	All int `json:"all"`
}

func (p *program) auditCommand() *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use: "audit", Short: "Who signed in, who was refused, and whose rights changed, the last first", Args: cobra.NoArgs,
		Long: `Audit shows who signed in and out at a server with accounts, who was refused, and which
accounts and tokens changed. What is alike is counted. It lies in the ledger: what happened
within five minutes, what was only refused within an hour, changes of accounts at once.`,
		Example: "  candor audit\n  candor audit --limit 0 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := atMost(limit)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				entries, err := d.Custody.Log().Where(ctx, people.Audited)
				if err != nil {
					return err
				}
				lines := people.Audit(entries, d.Visits.Waiting())
				l := auditLog{Lines: lines[:min(n, len(lines))], All: len(lines)}
				return p.emit(l, func(g *sheet) { showAudit(g, l) })
			})
		},
	}
	c.Flags().IntVar(&limit, "limit", 50, "how many to print at most; 0 prints all")
	return c
}

func showAudit(g *sheet, l auditLog) {
	if l.All == 0 {
		g.line("Nothing was noted yet: there are no accounts.\n  next: candor account add NAME --role admin")
		return
	}
	rows := [][]string{{"LAST", "WHAT", "ACCOUNT", "TOKEN", "FROM", "ASKED FOR", "BY", "TIMES", "ENTRY"}}
	for _, x := range l.Lines {
		entry := "not yet"
		if x.Entry != nil {
			entry = strconv.FormatInt(*x.Entry, 10)
		}
		rows = append(rows, []string{minute(&x.Last, ""), x.What, x.Account, x.Token, x.From, x.Route, x.By, group3(x.Times), entry})
	}
	g.table("", rows)
	if len(l.Lines) < l.All {
		g.line("the last %d of %s; all: --limit 0", len(l.Lines), plural(l.All, "line", "lines"))
	}
}

// keepVisits makes entries of who came in and who was refused, until ctx ends or what it
// returns is called, which makes one of what is left.
func (p *program) keepVisits(ctx context.Context, d *Desk, log *slog.Logger) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	tell := func(err error) { log.Warn("who came in is not noted", "error", err) }
	look := time.NewTicker(keepVisitsEvery)
	done := crew.Go(func() error {
		defer look.Stop()
		for {
			select {
			case <-ctx.Done():
				return d.Visits.Keep(context.WithoutCancel(ctx), true)
			case <-look.C:
				if err := d.Visits.Keep(ctx, false); err != nil {
					tell(err)
				}
			}
		}
	})
	return func() {
		stop()
		if err := <-done; err != nil {
			tell(err)
		}
	}
}
