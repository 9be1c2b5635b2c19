package cli

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/alert"
	"candor/internal/assessment"
	"candor/internal/decode"
	"candor/internal/fault"
	"candor/internal/measure"
)

func (p *program) labelCommand() *cobra.Command {
	return group("label", "Which alerts to label, so that a question is settled",
		"Labels of whatever was easiest to close say little of the rest. A random sample does.", p.sampleCommand())
}

func (p *program) sampleCommand() *cobra.Command {
	var m measuring
	var draw measure.Drawing
	var asCSV bool
	c := &cobra.Command{
		Use:   "sample RULE",
		Short: "Draw unlabelled alerts of a rule at random",
		Long: `Sample draws alerts of a rule that carry no label that policy counts, from the days
of the window, each as likely as any other. The same seed and alerts give the same
sample, whatever order they came in; a larger N begins with the smaller sample.

With --csv the sample is Candor's own CSV of alerts: fill in the column disposition
(true_positive, benign_positive, false_positive, ...) and hand the file back with
candor evidence add alerts FILE. A cell that a spreadsheet would take for a formula
stands behind an apostrophe, and a character that a terminal would obey is spelled
(\u001b); both are taken back when the file comes back, as dispositions, too.`,
		Example: "  candor label sample W-Acc-400 -n 60\n  candor label sample W-Acc-400 -n 60 --seed 7 --csv > to-label.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := p.measurement(m)
			if err != nil {
				return err
			}
			if draw.N < 1 || draw.N > 1_000_000 {
				return fault.New(fault.Usage, "%d alerts cannot be drawn", draw.N).At("-n").Next("use 1 to 1000000")
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				s, err := d.Assessment.Sample(ctx, req, args[0], draw)
				if err != nil {
					return err
				}
				if asCSV && !p.json {
					return writeSample(p.Out, s.Alerts)
				}
				return p.emit(s, func(g *page) { showSample(g, &s) })
			})
		},
	}
	m.flags(c)
	c.Flags().IntVarP(&draw.N, "number", "n", 20, "how many to draw at most")
	c.Flags().Uint64Var(&draw.Seed, "seed", 1, "seed of the draw")
	c.Flags().BoolVar(&asCSV, "csv", false, "print CSV to fill in and hand back")
	return c
}

func showSample(g *page, s *assessment.Sampled) {
	if len(s.Alerts) == 0 {
		g.line("No alert of %s from %s to %s is unlabelled, by policy %s.", s.RuleID, s.Window.From, s.Window.To, s.Policy)
		return
	}
	rows := [][]string{{"ID", "TIME", "SITE", "ENTITY", "SEVERITY", "SCORE", "CASE"}}
	for _, a := range s.Alerts {
		rows = append(rows, []string{a.ID, a.Time.UTC().Format("2006-01-02 15:04:05"), a.Site, a.Entity, a.Severity, scoreText(a), a.CaseID})
	}
	g.table("", rows)
	g.line("\n%d of %s unlabelled alerts of %s from %s to %s, drawn at random with seed %d", len(s.Alerts), group3(s.Unlabelled),
		s.RuleID, s.Window.From, s.Window.To, s.Seed)
	if int64(s.Asked) > s.Unlabelled {
		g.line("%d were asked for and there are no more", s.Asked)
	}
	g.line("policy %s counts labels by %s", s.Policy, strings.Join(s.Provenances, ", "))
}

func scoreText(a *alert.Alert) string {
	if a.Score == nil {
		return ""
	}
	return strconv.FormatFloat(*a.Score, 'g', -1, 64)
}

// writeSample writes alerts as Candor's own CSV with the columns of a disposition
// left empty, and with no cell that a spreadsheet would take for a formula.
func writeSample(w io.Writer, alerts []*alert.Alert) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"id", "rule_id", "time", "site", "entity", "severity", "score", "case_id",
		"disposition", "disposition_time", "disposition_by", "provenance"})
	for _, a := range alerts {
		row := []string{a.ID, a.RuleID, a.Time.UTC().Format(time.RFC3339Nano), a.Site, a.Entity, a.Severity, scoreText(a), a.CaseID,
			"", "", "", string(alert.Analyst)}
		for i := range row {
			row[i] = decode.Inert(row[i])
		}
		_ = out.Write(row)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write the sample: %w", err)
	}
	return nil
}
