package cli

import (
	"context"

	"github.com/spf13/cobra"

	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/fault"
)

func (p *program) gateCommand() *cobra.Command {
	var m measuring
	var purpose string
	c := &cobra.Command{
		Use:   "gate ID|RULE",
		Short: "May this be reported, may it start a response? Exit code 0 or 3",
		Long: `Gate answers whether an analytic or a rule may be used for a purpose, by the policy
in force: reporting (told to executives as something that works) or automation (start
a response without a person). It exits with 0 when the gate is open and with 3 when it
is closed, and says what was found and what is missing. Precision is held to the lower
of its two lower bounds, by alerts and by episodes; with fewer than 5 labelled
episodes no gate opens. The keys gate.* of candor policy show are what is asked.

A waiver in force opens a gate all the same, and the answer says so.`,
		Example: "  candor gate AN0001 --for reporting\n  candor gate W-Acc-400 --for automation && ./block.sh\n  candor gate waive AN0001 --for reporting --reason 'vendor fix due' --by ciso --second 'head of audit' --until 2026-12-31",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := p.measurement(m)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				g, err := d.Assessment.Gate(ctx, req, args[0], assure.Purpose(purpose))
				if err != nil {
					return err
				}
				if err := p.emit(g, func(pg *sheet) { showDecision(pg, &g) }); err != nil || g.Allowed {
					return err
				}
				return fault.New(fault.Refused, "the gate is closed").Answered()
			})
		},
	}
	m.flags(c)
	m.siteFlag(c)
	purposeFlag(c, &purpose)
	c.AddCommand(p.waiveCommand(), p.waiversCommand())
	return c
}

func purposeFlag(c *cobra.Command, purpose *string) {
	c.Flags().StringVar(purpose, "for", "", "what it is to be used for: reporting, automation")
	_ = c.MarkFlagRequired("for")
}

func showDecision(g *sheet, d *assure.Decision) {
	word := g.red("closed")
	switch {
	case d.Waived:
		word = g.code("33", "open by waiver")
	case d.Allowed:
		word = g.code("32", "open")
	}
	g.line("%s  %s  gate for %s: %s", g.bold(d.ID), d.Name, d.Purpose, g.bold(word))
	if d.Allowed {
		g.wrap("  ", d.Reason, 110) // of a closed one the checks that do not hold are the reason
	}
	g.line("")
	rows := [][]string{}
	for _, c := range d.Checks {
		state := "ok"
		if !c.OK {
			state = "not ok"
		}
		rows = append(rows, []string{c.Name, state, c.Text})
	}
	g.table("  ", rows)
	for i, m := range d.Missing {
		if i == 0 {
			g.head("Missing")
		}
		g.wrap("  ", m, 110)
	}
	showWaivers(g, d.Waivers, d.AsOf)
	showLimits(g, d.Limits)
	g.line("\nas of %s, policy %s", d.AsOf, d.Policy)
}

// waiversHead says which waivers are listed: those in force, or all where a day tells
// them apart.
func waiversHead(today day.Date) string {
	if today == "" {
		return "Waivers in force"
	}
	return "Waivers"
}

// showWaivers lists waivers, those that have ended as such.
func showWaivers(g *sheet, ws []assure.Waiver, today day.Date) {
	for i := range ws {
		if i == 0 {
			g.head(waiversHead(today))
		}
		w := &ws[i]
		state := "until " + string(w.Until)
		switch {
		case w.Void != "":
			state = "void, since " + w.Void
		case today != "" && !w.InForce(today):
			state = "ended on " + string(w.Until)
		}
		by := w.By
		if w.Second != "" {
			by += " and " + w.Second
		}
		g.wrap("  ", w.ID+" for "+string(w.For)+", "+state+", by "+by+": "+w.Reason, 110)
	}
}

func (p *program) waiveCommand() *cobra.Command {
	var m measuring
	var purpose, until string
	var w assure.Waiver
	c := &cobra.Command{
		Use:   "waive ID|RULE",
		Short: "Open a gate until a day, with a reason and someone who answers for it",
		Long: `Waive records that an analytic or a rule may be used for a purpose although its gate
is closed. The waiver is evidence: it has a batch, is shown with the verdict and with
every answer of the gate, and ends by itself. Somebody else has to agree to it, and it
holds for no longer than policy gate.max_waiver_days.`,
		Example: "  candor gate waive AN0001 --for reporting --reason 'vendor fix due' --by ciso --until 2026-12-31",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := p.measurement(m)
			if err != nil {
				return err
			}
			last, err := day.Parse(until)
			if err != nil {
				return fault.New(fault.Usage, "%q is not a day", until).At("--until").Next("write it as 2006-01-02")
			}
			w.ID, w.For, w.Until, w.Made = args[0], assure.Purpose(purpose), last, p.Now().UTC()
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
				made, err := d.Assessment.Waive(ctx, req, w)
				if err != nil {
					return err
				}
				return p.emit(made, func(g *sheet) {
					g.line("%s may be used for %s until %s, by waiver of %s and %s", g.bold(made.ID), made.For, made.Until, made.By, made.Second)
				})
			})
		},
	}
	m.flags(c)
	purposeFlag(c, &purpose)
	c.Flags().StringVar(&w.Reason, "reason", "", "why it may be used all the same")
	c.Flags().StringVar(&w.By, "by", "", "who answers for it")
	c.Flags().StringVar(&w.Second, "second", "", "who else agreed to it")
	c.Flags().StringVar(&until, "until", "", "the last day on which the waiver holds, 2006-01-02")
	for _, required := range []string{"reason", "by", "second", "until"} {
		_ = c.MarkFlagRequired(required)
	}
	return c
}

func (p *program) waiversCommand() *cobra.Command {
	return &cobra.Command{
		Use: "waivers", Short: "List the waivers, in force or ended", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				pol, err := p.policyInForce("")
				if err != nil {
					return err
				}
				ws, err := d.Assessment.Waivers(ctx, pol.Gates)
				if err != nil {
					return err
				}
				return p.emit(ws, func(g *sheet) {
					if len(ws) == 0 {
						g.line("No waiver was made.")
						return
					}
					showWaivers(g, ws, day.Of(p.Now()))
				})
			})
		},
	}
}
