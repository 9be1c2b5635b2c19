package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/correlate/credit"
	"candor/internal/fault"
	"candor/internal/gap"
)

func (p *program) gapCommand() *cobra.Command {
	return group("gap", "The register of what cannot be seen or relied on, with owner, decision and expiry",
		`A gap is a limit that somebody owns: why it is there, what was decided about it (accept,
transfer, compensate, fix) and until when. Verdicts say which techniques cannot be seen;
a gap says what people do about it. It is evidence, with a batch and an entry in the
ledger; a later statement takes the place of an earlier one, and the history has both.
No verdict rests on it: what is accepted is not covered.`,
		p.gapListCommand(), p.gapSetCommand(), p.gapCloseCommand(), p.gapHistoryCommand())
}

func (p *program) gapListCommand() *cobra.Command {
	var j judging
	var unstated, overdue bool
	c := &cobra.Command{
		Use:   "list",
		Short: "The gaps as they stand: overdue first, then what verdicts say and nobody stated",
		Long: `List shows every gap with its owner, its decision, its last day and how far what it is
about can be seen and relied on now. One about an object is done when every analytic of it
that applies is reliable, and one that takes on a next step when no verdict on the object
names that step any more.`,
		Example: "  candor gap list\n  candor gap list --overdue\n  candor gap list --unstated --platform Linux",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			req, err := p.request(j)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				r, err := d.Assessment.Gaps(ctx, req)
				if err != nil {
					return err
				}
				if overdue {
					r.Gaps = r.Gaps[:r.Overdue]
				}
				return p.emit(r, func(g *sheet) { showGaps(g, &r, unstated, overdue) })
			})
		},
	}
	j.flags(c)
	j.siteFlag(c)
	c.Flags().BoolVar(&unstated, "unstated", false, "list each technique that cannot be seen, or is claimed and not reliable, and that no gap is about")
	c.Flags().BoolVar(&overdue, "overdue", false, "only those whose day has passed")
	return c
}

func showGaps(g *sheet, r *gap.Register, unstated, overdue bool) {
	showNarrowed(g, r.Narrowed)
	switch {
	case len(r.Gaps) > 0:
		rows := [][]string{{"GAP", "STATE", "DECISION", "OWNER", "UNTIL", "NOW", "TITLE"}}
		for i := range r.Gaps {
			l := &r.Gaps[i]
			now := "–"
			switch {
			case l.Target != "":
				now = plural(l.Named, "verdict names it", "verdicts name it")
			case l.Object != nil:
				now = l.Reach.Words()
			}
			decision := string(l.Decision)
			if l.CompensatedBy != "" {
				decision += " by " + clip(l.CompensatedBy, 24)
			}
			rows = append(rows, []string{clip(l.ID, 32), strings.ReplaceAll(string(l.State), "_", " "), decision, clip(l.Owner, 24), string(l.Until), now, clip(l.Title, 50)})
		}
		g.table("", rows)
	case overdue:
		g.line("No gap is overdue.")
	default:
		g.line("No gap is stated. candor gap set ID --why ... --by ... states one.")
	}
	showLooked(g, r, unstated && !overdue)
	if overdue {
		return
	}
	if unstated {
		showCandidates(g, "Cannot be seen, and no gap is about it", r.Unstated)
		showCandidates(g, "Claimed and not reliable, and no gap is about it", r.Unreliable)
	} else if n := len(r.Unstated); n > 0 {
		g.line("\n%s cannot be seen, and no gap is about %s (--unstated lists them)", plural(n, "technique", "techniques"), map[bool]string{true: "it", false: "them"}[n == 1])
	}
	for _, l := range r.Limits {
		if !slices.Contains(r.Narrowed, l) { // which its head says
			g.wrap("", l, 110)
		}
	}
	g.line("\n%s  as of %s, policy %s; a decision moves no verdict", r.Release, r.AsOf, r.Policy)
}

// showLooked says of what cannot be seen what chains are worth that line it up with
// adjacent stages; of what nobody stated only where that is listed.
func showLooked(g *sheet, r *gap.Register, unstated bool) {
	rows := [][]string{{"OF", "WITH", "CHAIN", "CREDIT", "BECAUSE"}}
	add := func(of string, chains []credit.Lined) {
		for i := range chains {
			c := &chains[i]
			rows = append(rows, []string{clip(of, 32), c.Beside(), clip(c.Definition, 40), map[bool]string{true: "yes", false: "no"}[c.Earned], c.Why})
		}
	}
	for i := range r.Gaps {
		add(r.Gaps[i].ID, r.Gaps[i].Chains)
	}
	if unstated {
		for i := range r.Unstated {
			add(r.Unstated[i].Of.ATTACKID, r.Unstated[i].Chains)
		}
	}
	if len(rows) == 1 {
		return
	}
	g.head("Where to look instead: chains that line what cannot be seen up with an adjacent stage; they move no verdict")
	g.table("  ", rows)
}

// showCandidates lists what could be stated.
func showCandidates(g *sheet, title string, list []gap.Candidate) {
	if len(list) == 0 {
		return
	}
	g.head(title)
	rows := [][]string{{"TECHNIQUE", "NAME", "WORST CASE", "NOW", "WHY"}}
	for i := range list {
		c := &list[i]
		rows = append(rows, []string{c.Of.ATTACKID, clip(c.Of.Name, 40), words(c.Worst), c.Reach.Words(), clip(c.Why, 70)})
	}
	g.table("  ", rows)
}

// given returns what a flag was set to; nil where it was not.
func given(cmd *cobra.Command, name string) *string {
	f := cmd.Flags().Lookup(name)
	if f == nil || !f.Changed {
		return nil
	}
	text := f.Value.String()
	return &text
}

// changeOf makes the change that flags stand for.
func (p *program) changeOf(cmd *cobra.Command, id, action, by string) gap.Change {
	return gap.Change{ID: id, Action: action, By: by, At: p.Now(), Title: given(cmd, "title"), Why: given(cmd, "why"), Owner: given(cmd, "owner"),
		Decision: given(cmd, "decision"), CompensatedBy: given(cmd, "compensated-by"), Note: given(cmd, "note"), Until: given(cmd, "until")}
}

func (p *program) gapSetCommand() *cobra.Command {
	var j judging
	var action, by string
	c := &cobra.Command{
		Use:   "set ID",
		Short: "State a gap, or change what is stated of it",
		Long: `Set states a gap about an analytic, a detection strategy, a technique or a tactic, or,
with --title, about something that no verdict is about. Of one that is there only what is
given changes. Every decision needs an owner and a last day; to compensate needs what does
so, named.

--action takes on a next step that verdicts on the object name, for example exercise or
write_rule: it is done when none of them names it any more.`,
		Example: "  candor gap set T1589.003 --why 'happens outside our network' --decision accept --owner CISO --until 2027-06-30 --by 'Ann Lee'\n" +
			"  candor gap set T1110 --action exercise --why 'never tested' --owner 'red team' --decision fix --until 2027-01-31 --by 'Ann Lee'\n" +
			"  candor gap set ot-network --title 'No sensor in the plant' --why 'the contract forbids agents' --by 'Ann Lee'",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.stateGap(cmd, j, p.changeOf(cmd, args[0], action, by))
		},
	}
	refFlags(c, &j.ref)
	f := c.Flags()
	f.StringVar(&action, "action", "", "the next step that is taken on, as verdicts name it")
	f.String("title", "", "what the gap is called (default: the object's name)")
	f.String("why", "", "why it cannot be seen or relied on")
	f.String("owner", "", "who answers for it")
	f.String("decision", "", "undecided, accept, transfer, compensate or fix")
	f.String("compensated-by", "", "what takes its place, named")
	f.String("until", "", "the last day on which the decision holds, or by which it is fixed, 2006-01-02")
	f.String("note", "", "more words")
	f.StringVar(&by, "by", "", "who says so (required)")
	_ = c.MarkFlagRequired("by")
	_ = c.RegisterFlagCompletionFunc("decision", cobra.FixedCompletions([]string{"undecided", "accept", "transfer", "compensate", "fix"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// stateGap records a change, and prints what is stated then.
func (p *program) stateGap(cmd *cobra.Command, j judging, change gap.Change) error {
	req, err := p.request(j)
	if err != nil {
		return err
	}
	return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
		made, fresh, err := d.Assessment.State(ctx, req, change)
		if err != nil {
			return err
		}
		return p.emit(made, func(g *sheet) {
			word := "stated"
			switch {
			case made.Closed:
				word = "closed"
			case !fresh:
				word = "unchanged:"
			}
			g.line("%s gap %s: %s", word, g.bold(made.ID), made.Title)
			showGap(g, &made)
		})
	})
}

func showGap(g *sheet, m *gap.Gap) {
	decision := string(m.Decision)
	if m.Owner != "" {
		decision += ", owned by " + m.Owner
	}
	if m.Until != "" {
		decision += ", until " + string(m.Until)
	}
	if m.CompensatedBy != "" {
		decision += ", compensated by " + m.CompensatedBy
	}
	g.wrap("  ", decision, 100)
	g.wrap("  ", m.Why, 100)
	if m.Note != "" {
		g.wrap("  ", m.Note, 100)
	}
}

func (p *program) gapCloseCommand() *cobra.Command {
	var by string
	c := &cobra.Command{
		Use:     "close ID",
		Short:   "Say that a gap is none any more; its history stays",
		Example: "  candor gap close T1110/exercise --by 'Ann Lee' --note 'exercised on Friday, EX-31'",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			change := p.changeOf(cmd, args[0], "", by)
			change.Close = true
			return p.stateGap(cmd, judging{}, change)
		},
	}
	c.Flags().StringVar(&by, "by", "", "who says so (required)")
	c.Flags().String("note", "", "why (required)")
	_, _ = c.MarkFlagRequired("by"), c.MarkFlagRequired("note")
	return c
}

func (p *program) gapHistoryCommand() *cobra.Command {
	return &cobra.Command{
		Use: "history ID", Short: "Everything that was ever stated of a gap, oldest first, with its batches", Example: "  candor gap history T1110", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				all, err := d.Assessment.GapHistory(ctx, args[0])
				if err != nil {
					return err
				}
				if len(all) == 0 {
					return fault.New(fault.NotFound, "nothing was stated of %q", args[0])
				}
				return p.emit(all, func(g *sheet) {
					for i := range all {
						s := &all[i]
						state := ""
						if s.Closed {
							state = ", closed"
						}
						g.line("%s  %s%s, by %s  %s", s.At.Format("2006-01-02 15:04"), g.bold(s.ID), state, s.By, s.Batch)
						showGap(g, &s.Gap)
					}
				})
			})
		},
	}
}
