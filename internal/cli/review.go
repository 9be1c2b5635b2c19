package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/fault"
	"candor/internal/measure"
)

func (p *program) reviewCommand() *cobra.Command {
	var m measuring
	var t tying
	c := &cobra.Command{
		Use:   "review [CASE]",
		Short: "What each analytic did in an incident; without a case, the incidents",
		Long: `Review says of every analytic that an incident involved (those that the case names, and
those of the techniques that it names, on its platforms) what it did there: contributed
evidence, contributed only noise, stayed silent although it could see and a rule claims
it, had no rule, or could not have seen it. Visibility is judged as of the day of the
incident. Without a case it lists the cases and how the incidents became known.

Where no alert led to an incident, it lists the alerts at its place and time that are tied
to no case, by rules that claim what it involved. While there are any, it is not known
whether the incident was missed, the analytic is at most unproven, and its gates are closed.
--tie says that alerts are part of the incident, and --not with --why that they are not; all
stands for every untied alert, listed or not. What is said is evidence, with who said it.
An alert that lies outside the times, site and entities of the case is kept as said, and no
verdict takes it for part of the incident.`,
		Example: "  candor review\n  candor review IR-2026-014 --json\n  candor review IR-2026-014 --tie mf-000123,mf-000124 --by l.brandt\n  candor review IR-2026-014 --not all --why 'scanner of the auditors' --by l.brandt",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := p.measurement(m)
			if err != nil {
				return err
			}
			if t.given() {
				return p.tie(cmd, req, t, args)
			}
			if len(args) > 1 {
				return fault.New(fault.Usage, "%d cases are named", len(args)).Next("name one, or alerts with --tie or --not")
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				if len(args) == 0 {
					rs, err := d.Assessment.Reviews(ctx, req)
					if err != nil {
						return err
					}
					return p.emit(rs, func(g *sheet) { showReviews(g, &rs) })
				}
				r, err := d.Assessment.Review(ctx, req, args[0])
				if err != nil {
					return err
				}
				return p.emit(r, func(g *sheet) { showReview(g, &r) })
			})
		},
	}
	m.flags(c)
	t.flags(c)
	return c
}

// tying is what the flags of review say of alerts.
type tying struct {
	part, apart []string
	why, by     string
}

func (t *tying) given() bool { return len(t.part)+len(t.apart) > 0 }

func (t *tying) flags(c *cobra.Command) {
	c.Flags().StringSliceVar(&t.part, "tie", nil, "the alerts that are part of the incident; more may follow as arguments")
	c.Flags().StringSliceVar(&t.apart, "not", nil, "the alerts that are not; more may follow as arguments")
	c.Flags().StringVar(&t.why, "why", "", "why they are not, or are")
	c.Flags().StringVar(&t.by, "by", "", "who says so")
	c.MarkFlagsMutuallyExclusive("tie", "not")
}

// tie records what is said of alerts; arguments behind the case are further alerts.
func (p *program) tie(cmd *cobra.Command, req assessment.Request, t tying, args []string) error {
	if len(args) == 0 {
		return fault.New(fault.Usage, "no case is named").Next("name the case that the alerts are part of, or not")
	}
	said := assessment.Tying{Case: args[0], Part: t.part, Apart: t.apart, Why: t.why, By: t.by, Made: p.Now().UTC()}
	if len(t.part) > 0 {
		said.Part = append(said.Part, args[1:]...)
	} else {
		said.Apart = append(said.Apart, args[1:]...)
	}
	return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
		tied, err := d.Assessment.Tie(ctx, req, said)
		if err != nil {
			return err
		}
		return p.emit(tied, func(g *sheet) {
			what := "are no part of"
			if len(said.Part) > 0 {
				what = "are part of"
			}
			g.line("%s %s %s, by %s, in batch %s", plural(len(tied.Ties), "alert", "alerts"), what, g.bold(tied.Case), said.By, tied.Batch)
			if n := len(tied.Outside); n > 0 {
				lie := "lie"
				if n == 1 {
					lie = "lies"
				}
				g.wrap("  ", fmt.Sprintf("%s of them %s outside its place and time (%s): no verdict takes that for part of the incident, unless the case is added again with times, site and entities that say so.",
					group3(int64(n)), lie, clip(strings.Join(tied.Outside, ", "), 60)), 110)
			}
		})
	})
}

// showUntied lists the alerts that may be part of the incident.
func showUntied(g *sheet, r *assure.Review) {
	if len(r.Untied) > 0 {
		g.head("Untied alerts at its place and time")
		rows := [][]string{{"TIME", "RULE", "ON", "AT", "ALERT"}}
		for _, a := range r.Untied {
			name := a.RuleName
			if name == "" {
				name = a.RuleID
			}
			rows = append(rows, []string{a.Time.UTC().Format("2006-01-02 15:04:05"), clip(name, 50), a.Names(shownNames), a.Site, a.ID})
		}
		g.table("  ", rows)
		if all := r.UntiedAlerts; all > int64(len(r.Untied)) {
			g.line("  the first %d of %s", len(r.Untied), group3(all))
		}
		g.line("  say what they are: candor review %s --tie ALERT... | --not ALERT... --why TEXT, --by NAME", r.Case.ID)
	}
	for i := range r.Ties {
		if i == 0 {
			g.head("What was said of alerts")
		}
		t, what := &r.Ties[i], "no part of it"
		if t.Part {
			what = "part of it"
		}
		g.wrap("  ", fmt.Sprintf("%s is %s, by %s on %s. %s", t.AlertID, what, t.By, t.Made.UTC().Format("2006-01-02"), t.Why), 110)
	}
}

func showReviews(g *sheet, rs *assure.Reviews) {
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

func showReview(g *sheet, r *assure.Review) {
	c := &r.Case
	g.line("%s  %s", g.bold(c.ID), c.Title)
	closed := "open"
	if !c.Closed.IsZero() {
		closed = "closed " + c.Closed.UTC().Format("2006-01-02")
	}
	g.line("  %s, %s, occurred %s, %s, found by: %s", strings.ReplaceAll(string(c.Class), "_", " "), closed, r.AsOf,
		r.Release, foundBy(string(c.FoundBy)))
	g.wrap("  ", "judged by "+r.ReleaseWhy, 110)
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
	showUntied(g, r)
	if c.Lessons != "" {
		g.head("Lessons")
		g.wrap("  ", c.Lessons, 110)
	}
	g.line("\nvisibility as of %s, policy %s", r.AsOf, r.Policy)
	showLimits(g, r.Limits)
}

func showInvolved(g *sheet, involved []assure.Involvement) {
	if len(involved) == 0 {
		g.line("\n  The case names no technique and no analytic of the release: nothing is said of any analytic.")
	}
	var role assure.Role
	for i := range involved {
		x := &involved[i]
		if x.Role != role {
			role = x.Role
			g.head("%s", role.Words())
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

func showShares(g *sheet, shares []assure.Share) {
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
