package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/figure"
)

func (p *program) exerciseCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "exercise",
		Short: "Exercises, held against the alerts of their time",
		Long: `An exercise states what came of it. Exercise shows what it comes to when the statement is
held against the alerts from 5 minutes before it to readiness.corroborate_hours after: borne
out by an alert of a rule that claims the analytic, by statement only, contradicted, or of
another rule.`,
	}
	c.AddCommand(p.exerciseListCommand(), p.exerciseExplainCommand())
	return c
}

func (p *program) exerciseListCommand() *cobra.Command {
	var m measuring
	c := &cobra.Command{
		Use:     "list",
		Short:   "The exercises, newest first, and what each comes to",
		Example: "  candor exercise list\n  candor exercise list --as-of 2026-06-30 --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			req, err := p.measurement(m)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				xs, err := d.Assessment.Exercises(ctx, req)
				if err != nil {
					return err
				}
				return p.emit(xs, func(g *sheet) { showExercises(g, &xs) })
			})
		},
	}
	m.flags(c)
	return c
}

func (p *program) exerciseExplainCommand() *cobra.Command {
	var m measuring
	c := &cobra.Command{
		Use:   "explain EXERCISE",
		Short: "Why an exercise comes to what it does: which rule fired, when, and the chance of coincidence",
		Long: `Explain says for each analytic that an exercise speaks for what its result rests on. An
exercise is named by its id, by the beginning of it, or by the name of its test.`,
		Example: "  candor exercise explain ex-3f2a9c01d4\n  candor exercise explain \"Port scan\" --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := p.measurement(m)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				x, err := d.Assessment.Exercise(ctx, req, args[0])
				if err != nil {
					return err
				}
				return p.emit(x, func(g *sheet) { showExercise(g, &x) })
			})
		},
	}
	m.flags(c)
	return c
}

func showExercises(g *sheet, xs *assessment.Exercises) {
	if len(xs.Exercises) == 0 {
		g.line("No exercise is known up to %s; candor evidence add exercises FILE adds them.", xs.AsOf.UTC().Format("2006-01-02"))
	} else {
		rows := [][]string{{"ID", "TIME", "OF", "HOST", "STATED", "COMES TO", "TEST"}}
		for i := range xs.Exercises {
			x := &xs.Exercises[i]
			rows = append(rows, []string{x.ID, x.Time.UTC().Format("2006-01-02 15:04"), exerciseOf(x), clip(x.Host, 24), string(x.Outcome), comesTo(x), clip(x.Test, 50)})
		}
		g.table("", rows)
	}
	g.line("\nas of %s, %s, policy %s; one exercise: candor exercise explain ID", xs.AsOf.UTC().Format("2006-01-02"), xs.Release, xs.Policy)
}

func exerciseOf(x *assessment.Exercised) string {
	if x.Analytic != "" {
		return x.Analytic
	}
	return x.Technique
}

// comesTo says in short what an exercise comes to.
func comesTo(x *assessment.Exercised) string {
	if x.Elsewhere != "" {
		return string(x.Provenance) + ": " + x.Elsewhere
	}
	if len(x.Results) == 0 {
		return "of nothing that is live in the release"
	}
	var parts []string
	for _, r := range x.Results {
		part := r.Result + ", " + r.Basis.Words()
		if len(x.Results) > 1 {
			part += fmt.Sprintf(" (%d)", r.Analytics)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

func showExercise(g *sheet, x *assessment.ExplainedExercise) {
	e := &x.Exercise
	g.line("%s  %s", g.bold(e.ID), e.Test)
	where := strings.Join(nonEmpty(e.Platform, e.Host, e.Site), ", ")
	if where == "" {
		where = "no platform, host or site is named"
	}
	rule := ""
	if e.RuleID != "" {
		rule = ", by rule " + e.RuleID
	}
	g.line("  %s, %s; %s; stated: %s%s", strings.Join(nonEmpty(e.Technique, e.Analytic), " "), e.Time.UTC().Format("2006-01-02 15:04"), where, e.Outcome, rule)
	if e.Notes != "" {
		g.wrap("  ", e.Notes, 110)
	}
	g.line("  %s", g.dim("batch "+e.Batch))
	if len(x.Trials) == 0 {
		g.line("\n  %s has no live analytic that it speaks for.", x.Release)
	}
	for i := range x.Trials {
		showTrial(g, &x.Trials[i])
	}
	g.line("\nas of %s, policy %s: alerts up to %d hours after count, and a chance of coincidence of at most %s", x.AsOf.UTC().Format("2006-01-02"), x.Policy,
		x.Hours, figure.Percent(x.MaxChance))
	showLimits(g, x.Limits)
}

func showTrial(g *sheet, o *assessment.TrialOf) {
	t := &o.Trial
	g.line("\n  %s  %s  %s  %s", g.bold(o.Analytic.ATTACKID), nameList(o.Techniques, 1), strings.Join(o.Platforms, ", "), g.dim("rung "+strings.ReplaceAll(string(o.Rung), "_", " ")))
	g.line("      %s, %s", t.Result, t.Basis.Words())
	g.wrap("      ", t.Why, 106)
	var rows [][]string
	for _, fs := range []struct {
		what string
		list []assure.Firing
	}{{"claims it", t.Fired}, {"another rule", t.Others}} {
		for _, f := range fs.list {
			rows = append(rows, []string{f.First.UTC().Format("2006-01-02 15:04:05"), clip(f.RuleID, 36), clip(f.RuleName, 40), fs.what, group3(f.Alerts), f.Entity, f.Site, f.AlertID})
		}
	}
	if len(rows) > 0 {
		g.table("      ", append([][]string{{"FIRST", "RULE", "NAME", "", "ALERTS", "ON", "AT", "ALERT"}}, rows...))
	}
}

func nonEmpty(list ...string) []string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}
