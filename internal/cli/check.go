package cli

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ingest"
)

func (p *program) evidenceCheckCommand() *cobra.Command {
	r, complete := ingest.Request{}, ""
	c := &cobra.Command{
		Use:   "check [KIND] PATH...",
		Short: "Say what adding would come to, without adding",
		Long: `Check reads files as add does and says what would come of them: the format, the
counts, what would be rejected and why, what was passed over. It writes nothing, and
needs no data folder; with one it also says what is there already. Where no kind is
named it is told from the content.

Exit code 0: every record would be taken in; 1: some would be rejected, or nothing
would land.

` + evidenceKinds(),
		Example:   "  candor evidence check export.json\n  candor evidence check rules ./sigma/rules\n  candor evidence check alerts --mapping mapping.yaml alerts.csv.gz",
		Args:      cobra.MinimumNArgs(1),
		ValidArgs: ingest.Kinds(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := ofSource(&r, complete); err != nil {
				return err
			}
			if err := p.kindAndPaths(&r, args); err != nil {
				return err
			}
			if _, err := os.Stat(p.path(p.data)); err != nil {
				return p.check(cmd.Context(), ingest.NewEvidence(nil, nil, p.Now), r)
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error { return p.check(ctx, d.Ingest, r) })
		},
	}
	sourceFlags(c, &r, &complete)
	return c
}

// kindAndPaths reads what is to be checked: a kind and paths, or paths alone. A
// mapping goes with alerts.
func (p *program) kindAndPaths(r *ingest.Request, args []string) error {
	r.Dir = p.Dir
	_, err := os.Stat(p.path(args[0]))
	switch named := slices.Contains(ingest.Kinds(), args[0]); {
	case named && len(args) > 1:
		r.Kind, r.Paths = args[0], args[1:]
		return p.existing(r.Paths)
	case named && err != nil:
		return fault.New(fault.Usage, "no path was given").Next("name the file or folder that holds the %s", args[0])
	case err != nil && len(args) > 1:
		return fault.New(fault.Usage, "there is no kind of evidence %q, and no such file", args[0]).
			Next("use one of: %s", strings.Join(ingest.Kinds(), ", "))
	}
	if err := p.existing(args); err != nil {
		return err
	}
	r.Paths, r.Kind = args, evidence.Alerts
	if r.Mapping == "" {
		r.Kind, err = r.KindOf()
	}
	return err
}

func (p *program) check(ctx context.Context, in *ingest.Evidence, r ingest.Request) error {
	bar := p.progress("read " + r.Kind)
	r.Progress = func(done, total int64) { bar.bytes(done, total, "read "+r.Kind) }
	c, err := in.Check(ctx, r)
	bar.done()
	if err != nil {
		return err
	}
	if err := p.emit(c, func(g *sheet) { showCheck(g, &c) }); err != nil {
		return err
	}
	if c.Lands && c.Rejected > 0 {
		return fault.New(fault.Invalid, "%s of %s would be rejected", group3(c.Rejected), count(c.Read, "record", "records")).
			Next("correct them, or add the input as it is: the rest would land")
	}
	return nil
}

func showCheck(g *sheet, c *ingest.Check) {
	if !c.Lands {
		g.line("unchanged %s: this input is already there, added %s", g.bold(c.ID), c.Added.UTC().Format("2006-01-02 15:04"))
		return
	}
	g.line("would add %s (%s)", g.bold(c.ID), c.Format)
	g.line("  %s read: %s good, %s rejected", group3(c.Read), group3(c.Good), group3(c.Rejected))
	if c.Counted {
		g.line("  of the good: %s new, %s updated, %s unchanged", group3(c.New), group3(c.Updated), group3(c.Unchanged))
	} else {
		g.line("  how many of them are known already is told by adding them")
	}
	showGone(g, "would retire", c.Source, c.Gone)
	if !c.First.IsZero() {
		g.line("  from %s to %s", c.First.UTC().Format("2006-01-02 15:04"), c.Last.UTC().Format("2006-01-02 15:04"))
	}
	for _, w := range c.Warnings {
		g.line("  note: %s", w)
	}
	for _, j := range c.Rejects {
		g.line("  rejected %s", j)
	}
	if more := c.Rejected - int64(len(c.Rejects)); more > 0 {
		g.line("  … and %s more", group3(more))
	}
}
