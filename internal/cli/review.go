package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assure"
	"candor/internal/measure"
)

func (p *program) reviewCommand() *cobra.Command {
	var m measuring
	c := &cobra.Command{
		Use:   "review [CASE]",
		Short: "What each analytic did in an incident; without a case, the incidents",
		Long: `Review says of every analytic that an incident involved (those that the case names, and
those of the techniques that it names, on its platforms) what it did there: contributed
evidence, contributed only noise, stayed silent although it could see and a rule claims
it, had no rule, or could not have seen it. Visibility is judged as of the day of the
incident. Without a case it lists the cases and how the incidents became known.`,
		Example: "  candor review\n  candor review IR-2026-014\n  candor review IR-2026-014 --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := p.measurement(m)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				if len(args) == 0 {
					rs, err := d.Assessment.Reviews(ctx, req)
					if err != nil {
						return err
					}
					return p.emit(rs, func(g *page) { showReviews(g, &rs) })
				}
				r, err := d.Assessment.Review(ctx, req, args[0])
				if err != nil {
					return err
				}
				return p.emit(r, func(g *page) { showReview(g, &r) })
			})
		},
	}
	m.flags(c)
	return c
}

func showReviews(g *page, rs *assure.Reviews) {
	if len(rs.Cases) == 0 {
		g.line("No case is known; candor evidence add cases FILE adds them.")
	} else {
		rows := [][]string{{"CASE", "OCCURRED", "CLASS", "FOUND BY", "ALERTS", "NAMES", "TITLE"}}
		for _, c := range rs.Cases {
			state := strings.ReplaceAll(string(c.Class), "_", " ")
			if !c.Closed {
				state += " (open)"
			}
			named := strings.Join(append(append([]string{}, c.Techniques...), c.Analytics...), ", ")
			rows = append(rows, []string{c.ID, c.Occurred.UTC().Format("2006-01-02"), state, foundBy(string(c.FoundBy)), group3(c.Alerts), clip(named, 40), clip(c.Title, 50)})
		}
		g.table("", rows)
		k := &rs.Known
		g.line("\nincidents: %s; %d by alert, %d otherwise, %d too late, %d not said", knownByAlert(k), k.ByAlert, k.Otherwise, k.Missed, k.Unsaid)
	}
	g.line("as of %s, policy %s", rs.AsOf.UTC().Format("2006-01-02"), rs.Policy)
}

func foundBy(s string) string {
	if s == "" {
		return "not said"
	}
	return s
}

func knownByAlert(k *measure.CaseRecall) string {
	if k.Recall == nil {
		return "none of which it is said how it became known"
	}
	return fmt.Sprintf("an alert of ours led to %d of %d (interval %s)", k.ByAlert, k.Incidents, short(k.Interval))
}

func showReview(g *page, r *assure.Review) {
	c := &r.Case
	g.line("%s  %s", g.bold(c.ID), c.Title)
	closed := "open"
	if !c.Closed.IsZero() {
		closed = "closed " + c.Closed.UTC().Format("2006-01-02")
	}
	g.line("  %s, %s, occurred %s, %s, found by: %s", strings.ReplaceAll(string(c.Class), "_", " "), closed, r.AsOf,
		r.Release, foundBy(string(c.FoundBy)))
	var refs []string
	for _, e := range r.Refs {
		refs = append(refs, e.Kind+" "+e.ID)
	}
	g.line("  %s", g.dim(strings.Join(refs, "; ")))
	showInvolved(g, r.Involved)
	if len(r.Unknown) > 0 {
		g.line("\n  %s has no live analytic for: %s", r.Release, strings.Join(r.Unknown, ", "))
	}
	showShares(g, r.Alerts)
	if c.Lessons != "" {
		g.head("Lessons")
		g.wrap("  ", c.Lessons, 110)
	}
	g.line("\nvisibility as of %s, policy %s", r.AsOf, r.Policy)
	showLimits(g, r.Limits)
}

func showInvolved(g *page, involved []assure.Involvement) {
	if len(involved) == 0 {
		g.line("\n  The case names no technique and no analytic of the release: nothing is said of any analytic.")
	}
	var role assure.Role
	for i := range involved {
		x := &involved[i]
		if x.Role != role {
			role = x.Role
			g.head("%s", roleWords(role))
		}
		g.line("  %s  %s  %s", g.bold(x.Analytic.ATTACKID), nameList(x.Techniques, 1), strings.Join(x.Platforms, ", "))
		g.wrap("      ", x.Reason.Text, 106)
		var refs []string
		for _, e := range x.Reason.Refs {
			if e.Kind == "batch" {
				refs = append(refs, e.Kind+" "+e.ID)
			}
		}
		g.line("      %s", g.dim("["+x.Reason.Code+"] "+clip(strings.Join(refs, "; "), 120)))
	}
}

func roleWords(r assure.Role) string {
	switch r {
	case assure.GaveEvidence:
		return "Contributed evidence"
	case assure.GaveNoise:
		return "Contributed only noise"
	case assure.GaveUnknown:
		return "Raised alerts that nobody has labelled"
	case assure.StayedSilent:
		return "Stayed silent"
	case assure.NoRule:
		return "No rule"
	}
	return "Could not have seen it"
}

func showShares(g *page, shares []assure.Share) {
	if len(shares) == 0 {
		g.line("\n  No alert names the case.")
		return
	}
	g.head("Alerts of the case")
	rows := [][]string{{"RULE", "NAME", "ALERTS", "TRUE", "FALSE OR BENIGN", "UNLABELLED"}}
	for _, s := range shares {
		rows = append(rows, []string{s.RuleID, clip(s.RuleName, 50), group3(s.Alerts), group3(s.True), group3(s.Other), group3(s.Unlabelled)})
	}
	g.table("  ", rows)
}
