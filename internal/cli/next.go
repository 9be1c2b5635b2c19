package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/fault"
	"candor/internal/gap"
)

func (p *program) nextCommand() *cobra.Command {
	var m measuring
	var limit, step int
	c := &cobra.Command{
		Use:   "next",
		Short: "What to do next: what would change which verdicts",
		Long: `Next tries, for the whole organisation, what would change the verdicts: this log
source collected and measured, that external source registered, these rules enabled,
these exercises passed, these runbooks written, these alerts labelled at the current
estimate. It judges again with each, and lists which analytics would move from which
rung to which: what makes the most analytics reliable for each thing to do comes
first, then what lifts the most past the question that stops them. Of steps that gain
the same, those about measured rules come first, then those whose techniques more
groups use, then those that rest on the oldest evidence. Where the policy states costs
(costs.*), what lifts the most for its cost comes first. Equal actions are one step;
--step N lists what it is to be done to, each with what it unlocks. Last comes what
verdicts name and nothing can be supposed of, as tuning.

assess, the overview and the API have the same steps in the same order.`,
		Example: "  candor next\n  candor next --step 2\n  candor next --limit 5 --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			req, err := p.measurement(m)
			if err != nil {
				return err
			}
			if _, err := atMost(limit); err != nil {
				return err
			}
			if step < 0 || step == 0 && cmd.Flags().Changed("step") {
				return fault.New(fault.Usage, "%d is no step", step).At("--step").Next("use the number that candor next gives it, from 1")
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				if step > 0 {
					return p.nextStep(ctx, d, req, step)
				}
				plan, err := d.Assessment.Next(ctx, req, limit)
				if err != nil {
					return err
				}
				return p.emit(plan, func(g *sheet) { showPlan(g, &plan) })
			})
		},
	}
	c.AddCommand(p.nextTakeCommand())
	m.flags(c)
	m.profileFlag(c)
	m.siteFlag(c)
	c.Flags().IntVar(&limit, "limit", 20, "how many to print at most; 0 prints all")
	c.Flags().IntVar(&step, "step", 0, "print this step alone, with each thing that it is to be done to")
	c.MarkFlagsMutuallyExclusive("limit", "step")
	return c
}

func (p *program) nextTakeCommand() *cobra.Command {
	var j judging
	var by string
	c := &cobra.Command{
		Use:   "take ACTION TARGET",
		Short: "Take on a next step: who does it, until when",
		Long: `Take says who does a next step and until when. The step is named by its action and what
it is to be done to, as candor next --json and the verdicts name them. It is done by
itself when no verdict names it any more, because the evidence arrived; until then it is
in the register of gaps (candor gap list), and overdue there once its day has passed.
Said again it changes what is given; candor gap close takes it back.

It is evidence, with a batch and an entry in the ledger. No verdict rests on it.`,
		Example: "  candor next take enable_rule W-Acc-400 --owner 'Ann Lee' --due 2027-01-31 --by 'Ann Lee'\n" +
			"  candor next take exercise T1110 --owner 'red team' --due 2027-01-31 --note 'in the January round' --by 'Ann Lee'",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.stateGap(cmd, j, gap.Change{Action: args[0], Target: args[1], By: by, At: p.Now(),
				Owner: given(cmd, "owner"), Until: given(cmd, "due"), Note: given(cmd, "note")})
		},
	}
	refFlags(c, &j.ref)
	c.Flags().String("owner", "", "who does it")
	c.Flags().String("due", "", "the day by which it is done, 2006-01-02")
	c.Flags().String("note", "", "more words")
	c.Flags().StringVar(&by, "by", "", "who says so (required)")
	_ = c.MarkFlagRequired("by")
	return c
}

func showPlan(g *sheet, plan *assessment.Plan) {
	t := plan.Totals
	g.line("%s  as of %s: %d of %d applicable analytics are reliable, %d are claimed", g.bold(plan.Release.String()),
		plan.AsOf.UTC().Format("2006-01-02"), t.Assured, t.Applicable, t.Claimed)
	if len(plan.Steps) == 0 {
		g.line("Nothing that can be supposed would lift an analytic.")
	}
	for i := range plan.Steps {
		showLift(g, i+1, &plan.Steps[i])
	}
	if n := plan.Found - len(plan.Steps); n > 0 {
		g.line("\n%s (--limit 0 prints all)", plural(n, "more step", "more steps"))
	}
	showBasis(g, plan.Basis)
	showLimits(g, plan.Limits)
}

// nextStep prints one step with all its parts.
func (p *program) nextStep(ctx context.Context, d *Desk, req assessment.Request, step int) error {
	plan, err := d.Assessment.Next(ctx, req, 0)
	if err != nil {
		return err
	}
	if step > plan.Found {
		return fault.New(fault.NotFound, "there is no step %d: there are %d", step, plan.Found).At("--step").Next("see candor next --limit 0")
	}
	plan.Steps = plan.Steps[step-1 : step]
	l := &plan.Steps[0]
	return p.emit(plan, func(g *sheet) {
		showLift(g, step, l)
		for i := range l.Parts {
			part := &l.Parts[i]
			g.line("")
			g.wrap("     ", part.Text, 110)
			g.line("       %s", g.dim(part.Action+": "+strings.Join(part.Targets, ", ")))
			showOr(g, "       ", part)
			for _, line := range movesByRung(part.Moves) {
				g.line("       %s", g.dim(line))
			}
			if len(part.Named) > 0 {
				g.line("       %s", g.dim("for "+nameIDs(part.Named, 12)))
			}
			if why := ranked(part); why != "" {
				g.line("       %s", g.dim(why))
			}
		}
	})
}

// ranked says what the place of a part among its equals rests on.
func ranked(p *assure.Prospect) string {
	var parts []string
	if p.Measured > 0 {
		parts = append(parts, plural(p.Measured, "analytic with a measured rule", "analytics with a measured rule"))
	}
	if p.Groups > 0 {
		parts = append(parts, "used by "+plural(p.Groups, "group", "groups"))
	}
	if p.Evidence != "" {
		parts = append(parts, "newest evidence of "+string(p.Evidence))
	}
	return strings.Join(parts, ", ")
}

// fewThings is how many of the things that a step is done to are named.
const fewThings = 8

func showLift(g *sheet, n int, l *assure.Lift) {
	lines := &sheet{paint: g.paint}
	lines.wrap("     ", l.Text, 110)
	g.WriteString(fmt.Sprintf("\n%3d  %s\n", n, strings.TrimSpace(lines.String()))) // which were held when they were wrapped
	if things := l.Things(); len(l.Parts) > 1 {
		var named []string
		for _, t := range things[:min(fewThings, len(things))] {
			named = append(named, clip(t, 60))
		}
		text := strings.Join(named, "; ")
		if more := len(things) - fewThings; more > 0 {
			text += fmt.Sprintf(" and %d more (--step %d)", more, n)
		}
		g.wrap("     ", text, 110)
	}
	if len(l.Parts) == 1 {
		showOr(g, "     ", &l.Parts[0])
	}
	if l.Named > 0 {
		g.line("     %s", l.Unlocks)
		return
	}
	g.line("     %s", gainOf(l))
	for _, line := range movesByRung(l.Moves()) {
		g.line("     %s", g.dim(line))
	}
}

// showOr says what would do as well.
func showOr(g *sheet, indent string, p *assure.Prospect) {
	if n := len(p.Or); n > 0 {
		g.line("%s%s", indent, g.dim(fmt.Sprintf("or %s, which would change the same: %s", plural(n, "other", "others"), clip(strings.Join(p.Or, "; "), 90))))
	}
}

// gainOf says what a step lifts, for what.
func gainOf(l *assure.Lift) string {
	gain := fmt.Sprintf("lifts %s", plural(l.Lifted, "analytic", "analytics"))
	if l.Assured > 0 {
		gain += fmt.Sprintf(", %d of them to reliable", l.Assured)
	}
	if l.Fell > 0 {
		gain += fmt.Sprintf("; %d would turn out worse", l.Fell)
	}
	if l.Acts > 1 {
		gain += fmt.Sprintf("; %d things to do", l.Acts)
	}
	if l.Cost != nil {
		gain += fmt.Sprintf("; costs %g, %.3g analytics for each unit", *l.Cost, float64(l.Lifted)/(*l.Cost))
	}
	return gain
}

// movesByRung sums moves by where they lead from and to, the most first.
func movesByRung(moves []assure.Move) []string {
	type way struct{ from, to assure.Rung }
	ids := map[way][]string{}
	var ways []way
	for _, m := range moves {
		w := way{m.From, m.To}
		if ids[w] == nil {
			ways = append(ways, w)
		}
		ids[w] = append(ids[w], m.Analytic.ATTACKID)
	}
	slices.SortStableFunc(ways, func(a, b way) int { return cmp.Compare(len(ids[b]), len(ids[a])) })
	var lines []string
	for _, w := range ways {
		named := ids[w][:min(6, len(ids[w]))]
		line := fmt.Sprintf("%d from %s to %s: %s", len(ids[w]), words(w.from), words(w.to), strings.Join(named, ", "))
		if more := len(ids[w]) - len(named); more > 0 {
			line += fmt.Sprintf(" and %d more", more)
		}
		lines = append(lines, line)
	}
	return lines
}
