package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"candor/internal/attack/adjacency"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/runbook"
	"candor/internal/triage"
)

func (p *program) evidenceTemplateCommand() *cobra.Command {
	var j judging
	var analytic string
	c := &cobra.Command{
		Use:   "template KIND",
		Short: "Print a file to start from",
		Long: `Template prints a file to start from, which candor evidence add takes in as it is;
lines marked "change" are those to change. Where a format has no comments, the notes
go to standard error.

template runbook --for AN1989 drafts a triage runbook of one analytic, filled in with
what is known: the telemetry that it needs and its state here, what is tuned, the
stages next to it, the verdict and where it ends. Owner, date and contacts are yours.`,
		Example:   "  candor evidence template feeds > feeds.csv\n  candor evidence template runbook --for AN1989 > runbooks/an1989.md",
		Args:      cobra.ExactArgs(1),
		ValidArgs: append(ingest.Templates(), "runbook"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case args[0] == "runbook" && analytic != "":
				return p.with(cmd, false, func(ctx context.Context, d *Desk) error { return p.draftRunbook(ctx, d, j, analytic) })
			case analytic != "":
				return fault.New(fault.Usage, "only a runbook is drafted for an analytic").Next("candor evidence template runbook --for %s", analytic)
			case args[0] == "runbook":
				args[0] = "runbooks"
			}
			return p.template(args[0])
		},
	}
	j.flags(c)
	c.Flags().StringVar(&analytic, "for", "", "draft a runbook of this analytic")
	return c
}

func (p *program) template(kind string) error {
	t, err := ingest.TemplateOf(kind, day.Of(p.Now()))
	if err != nil || p.json {
		return p.emitOr(err, t)
	}
	if !p.quiet {
		for _, n := range t.Notes {
			p.note("# %s", n)
		}
	}
	_, err = io.WriteString(p.Out, t.Text)
	return err
}

// emitOr returns err, or prints v as JSON when there is none.
func (p *program) emitOr(err error, v any) error {
	if err != nil {
		return err
	}
	return p.emitJSON(v)
}

// draftRunbook prints a triage runbook of one analytic.
func (p *program) draftRunbook(ctx context.Context, d *Desk, j judging, analytic string) error {
	req, err := p.request(j)
	if err != nil {
		return err
	}
	v, err := d.Assessment.Verdict(ctx, req, analytic)
	if err != nil {
		return err
	}
	a, err := d.Assessment.Assess(ctx, req)
	if err != nil {
		return err
	}
	ref := selected(j.ref)
	ref.Domain, ref.Version = a.Release.Domain, a.Release.Version
	page, err := d.Library.Page(ctx, v.Analytic.StixID, ref)
	if err != nil {
		return err
	}
	near := adjacency.Result{}
	if len(v.Techniques) > 0 {
		if near, err = d.Library.Adjacent(ctx, v.Techniques[0].StixID, ref, ""); err != nil {
			return err
		}
	}
	tuned, err := tuningOf(ctx, d, v.Analytic.ATTACKID)
	if err != nil {
		return err
	}
	text := triage.Runbook(triage.Input{Assessment: a, Verdict: v, Knobs: slices.Clone(page.Object.Mutable), Tuning: tuned, Adjacent: near})
	if p.json {
		return p.emitJSON(ingest.Template{Kind: "runbook", Adds: "runbooks", File: v.Analytic.ATTACKID + ".md", Notes: []string{}, Text: text})
	}
	_, err = io.WriteString(p.Out, text)
	return err
}

// tuningOf returns the records in force of the knobs of an analytic.
func tuningOf(ctx context.Context, d *Desk, analytic string) ([]runbook.Tuning, error) {
	records, err := d.Evidence.Current(ctx, evidence.RecordTuning)
	if err != nil {
		return nil, err
	}
	var out []runbook.Tuning
	for _, r := range records {
		var t runbook.Tuning
		if err := json.Unmarshal(r.Body, &t); err != nil {
			return nil, fmt.Errorf("read tuning record %q: %w", r.Key, err)
		}
		if t.Analytic == analytic {
			out = append(out, t)
		}
	}
	return out, nil
}
