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
)

func (p *program) nextCommand() *cobra.Command {
	var m measuring
	var limit int
	c := &cobra.Command{
		Use:   "next",
		Short: "What to do next: what would change which verdicts",
		Long: `Next tries, for the whole organisation, what would change the verdicts: this log
source collected and measured, that external source registered, these rules enabled,
these exercises passed, these runbooks written, these alerts labelled at the current
estimate. It judges again with each, and lists which analytics would move from which
rung to which: what makes the most analytics reliable for each thing to do comes
first, then what lifts the most past the question that stops them. Where the policy
states costs (costs.*), what lifts the most for its cost comes first.`,
		Example: "  candor next\n  candor next --limit 5 --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			req, err := p.measurement(m)
			if err != nil {
				return err
			}
			if limit < 0 {
				return fault.New(fault.Usage, "%d is no limit", limit).At("--limit").Next("use a number from 1, or 0 for all")
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				plan, err := d.Assessment.Next(ctx, req, limit)
				if err != nil {
					return err
				}
				return p.emit(plan, func(g *page) { showPlan(g, &plan) })
			})
		},
	}
	m.flags(c)
	c.Flags().IntVar(&limit, "limit", 20, "how many to print at most; 0 prints all")
	return c
}

func showPlan(g *page, plan *assessment.Plan) {
	t := plan.Totals
	g.line("%s  as of %s: %d of %d applicable analytics are reliable, %d are claimed", g.bold(plan.Release.String()),
		plan.AsOf.UTC().Format("2006-01-02"), t.Assured, t.Applicable, t.Claimed)
	if len(plan.Prospects) == 0 {
		g.line("Nothing that can be supposed would lift an analytic.")
	}
	for i := range plan.Prospects {
		showProspect(g, i+1, &plan.Prospects[i])
	}
	if n := plan.Found - len(plan.Prospects); n > 0 {
		g.line("\n%s (--limit 0 prints all)", plural(n, "more would lift something", "more would lift something"))
	}
	showBasis(g, plan.Basis)
	showLimits(g, plan.Limits)
}

func showProspect(g *page, n int, p *assure.Prospect) {
	lines := &page{paint: g.paint}
	lines.wrap("     ", p.Text, 110)
	g.line("\n%3d  %s", n, strings.TrimSpace(lines.String()))
	gain := fmt.Sprintf("lifts %s", plural(p.Lifted, "analytic", "analytics"))
	if p.Assured > 0 {
		gain += fmt.Sprintf(", %d of them to reliable", p.Assured)
	}
	if p.Fell > 0 {
		gain += fmt.Sprintf("; %d would turn out worse", p.Fell)
	}
	if p.Acts > 1 {
		gain += fmt.Sprintf("; %d things to do", p.Acts)
	}
	if p.Cost != nil {
		gain += fmt.Sprintf("; costs %g, %.3g analytics for each unit", *p.Cost, float64(p.Lifted)/(*p.Cost))
	}
	g.line("     %s", gain)
	for _, line := range movesByRung(p.Moves) {
		g.line("     %s", g.dim(line))
	}
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
