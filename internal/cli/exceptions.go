package cli

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/figure"
)

func (p *program) evidenceExceptionsCommand() *cobra.Command {
	var n narrowing
	c := &cobra.Command{
		Use:   "exceptions [TEXT]",
		Short: "Every exception of a rule: what it passes over, who answers for it, and what it would have hidden",
		Long: `Exceptions lists every exception in force, once for each rule that it holds for: its
condition, owner and end, what is wanting of it, how many of the rule's alerts that are
known to be true it would have hidden in the window, and the batch that brought it. One
that holds for no rule is listed with the reason. TEXT narrows to exceptions whose id,
name, rule, owner, condition or reason holds it.`,
		Example: "  candor evidence exceptions\n  candor evidence exceptions \"no owner\"\n  candor evidence exceptions --csv > exceptions.csv",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n.Text = strings.Join(args, "")
			req, err := p.measurement(n.measuring)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				m, err := d.Assessment.Exceptions(ctx, req)
				if err != nil {
					return err
				}
				m = m.Only(n.Narrow)
				if n.csv && !p.json {
					return writeCSV(p.Out, exceptionRows(m.Exceptions))
				}
				return p.emit(m, func(g *sheet) { showExceptionsMade(g, &m) })
			})
		},
	}
	n.add(c)
	return c
}

func showExceptionsMade(g *sheet, m *assessment.ExceptionsMade) {
	if len(m.Exceptions) == 0 {
		g.line("No exception is in force that this is true of.\n  next: candor evidence add exceptions PATH, or leave the filters out")
		return
	}
	rows := [][]string{{"RULE", "EXCEPTION", "CONDITION", "OWNER", "UNTIL", "HIDES", "KNOWN TRUE", "WHAT IS WANTING", "BATCH"}}
	for i := range m.Exceptions {
		e := &m.Exceptions[i]
		rows = append(rows, []string{clip(cmp.Or(e.Rule, e.RuleID, e.List), 36), clip(e.Called(), 28), clip(e.Condition, 48), clip(e.Owner, 20), string(e.Expires),
			figure.Sprintf("%d", e.Hides), figure.Sprintf("%d", e.True), clip(wantingOf(e), 60), e.Batch})
	}
	g.table("", rows)
	g.line("\n%s of rules; %d would have hidden alerts that are known to be true in %s to %s; of %d something is wanting",
		plural(len(m.Exceptions), "exception", "exceptions"), m.Hiding, m.Window.From, m.Window.To, m.Wanting)
}

// wantingOf says what is wanting of an exception.
func wantingOf(e *assessment.ExceptionMade) string {
	var words []string
	for _, w := range []string{e.Why, e.Sentence} {
		if w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, "; ")
}

// exceptionRows are exceptions as CSV.
func exceptionRows(list []assessment.ExceptionMade) [][]string {
	rows := [][]string{{"rule_id", "rule", "id", "name", "list", "source", "condition", "reason", "owner", "since", "expires", "state", "wanting", "known_true", "hides", "unknown", "alerts", "why_not", "batch"}}
	for i := range list {
		e := &list[i]
		rows = append(rows, []string{e.RuleID, e.Rule, e.ID, e.Name, e.List, e.Source, e.Condition, e.Reason, e.Owner, string(e.Since), string(e.Expires), e.State, e.Sentence,
			strconv.FormatInt(e.True, 10), strconv.FormatInt(e.Hides, 10), strconv.FormatInt(e.Unknown, 10), strings.Join(e.Alerts, ";"), e.Why, e.Batch})
	}
	return rows
}
