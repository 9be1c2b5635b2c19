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
	"candor/internal/figure"
)

func (p *program) labelCommand() *cobra.Command {
	return group("label", "Which alerts to label, so that a question is settled",
		"Labels of whatever was easiest to close say little of the rest. A random sample does.", p.sampleCommand())
}

func (p *program) sampleCommand() *cobra.Command {
	var m measuring
	var by assessment.Sampling
	var asCSV bool
	c := &cobra.Command{
		Use:   "sample RULE",
		Short: "Draw alerts of a rule at random, to label or to read a second time",
		Long: `Sample draws alerts of a rule that carry no label that policy counts, from the days
of the window, each as likely as any other. The same seed and alerts give the same
sample, whatever order they came in; without strata a larger N begins with the smaller
sample.

Once drawn alerts are labelled, the same command says what the sample says of all alerts
of the window: it counts the alerts at the head of the draw as far as each is labelled, so
that alerts which were labelled because they were easy tell nothing. With --stratify the
alerts are parted by severity, or by class (what was said of them so far, by automation for
example); half of the sample is drawn in equal parts, low severities included, half in
proportion, and the estimate weighs each stratum by its alerts. --without leaves strata out.

With --second it draws alerts that have a label and hands them out without it, for somebody
else to read: name that person with --reader, so that no label of theirs is among them. What
comes back changes no class. It is compared, and automation asks for it where one person
labelled everything.

With --csv the sample is Candor's own CSV of alerts: fill in the column disposition
(true_positive, benign_positive, false_positive, ...) and hand the file back with
candor evidence add alerts FILE. A cell that a spreadsheet would take for a formula
stands behind an apostrophe, and a character that a terminal would obey is spelled
(\u001b); both are taken back when the file comes back, as dispositions, too.`,
		Example: "  candor label sample W-Acc-400 -n 60\n  candor label sample W-Acc-400 -n 60 --seed 7 --csv > to-label.csv\n  candor label sample W-Acc-400 -n 60 --stratify severity\n  candor label sample W-Acc-400 -n 30 --second --reader bob --csv > to-read.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := p.measurement(m)
			if err != nil {
				return err
			}
			if by.N < 1 || by.N > 1_000_000 {
				return fault.New(fault.Usage, "%d alerts cannot be drawn", by.N).At("-n").Next("use 1 to 1000000")
			}
			if by.Reader != "" && !by.Second {
				return fault.New(fault.Usage, "--reader is for second readings").Next("add --second")
			}
			if len(by.Without) > 0 && by.Stratify == "" {
				return fault.New(fault.Usage, "--without leaves out strata, and there are none").Next("add --stratify severity")
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				if k, err := d.Veil.Find(); by.Reader != "" {
					if err != nil {
						return err
					}
					if k != nil {
						by.Called = k.Person(by.Reader)
					}
				}
				s, err := d.Assessment.Sample(ctx, req, args[0], by)
				if err != nil {
					return err
				}
				if asCSV && !p.json {
					return writeSample(p.Out, &s)
				}
				return p.emit(s, func(g *sheet) { showSample(g, &s) })
			})
		},
	}
	m.flags(c)
	c.Flags().IntVarP(&by.N, "number", "n", 20, "how many to draw at most")
	c.Flags().Uint64Var(&by.Seed, "seed", 1, "seed of the draw")
	c.Flags().BoolVar(&by.Second, "second", false, "draw labelled alerts, without their labels, for a second reading")
	c.Flags().StringVar(&by.Reader, "reader", "", "who reads them, whose own labels are left out")
	c.Flags().StringVar(&by.Stratify, "stratify", "", "part the alerts by severity or class")
	c.Flags().StringSliceVar(&by.Without, "without", nil, "strata to leave out")
	c.Flags().BoolVar(&asCSV, "csv", false, "print CSV to fill in and hand back")
	return c
}

// shownNames is how many entities of an alert a table names.
const shownNames = 3

func showSample(g *sheet, s *assessment.Sampled) {
	if len(s.Alerts) == 0 {
		what := "is unlabelled"
		if s.Second {
			what = "is left that has a label and was not read a second time"
		}
		g.line("No alert of %s from %s to %s %s, by policy %s.", s.RuleID, s.Window.From, s.Window.To, what, s.Policy)
		showEstimate(g, s)
		return
	}
	rows := [][]string{{"ID", "TIME", "SITE", "ENTITY", "SEVERITY", "SCORE", "CASE"}}
	for _, a := range s.Alerts {
		rows = append(rows, []string{a.ID, a.Time.UTC().Format("2006-01-02 15:04:05"), a.Site, a.Names(shownNames), a.Severity, scoreText(a), a.CaseID})
	}
	g.table("", rows)
	of := "unlabelled alerts"
	if s.Second {
		of = "labelled alerts, shown without their labels,"
	}
	g.line("\n%d of %s %s of %s from %s to %s, drawn at random with seed %d", len(s.Alerts), group3(s.Unlabelled), of,
		s.RuleID, s.Window.From, s.Window.To, s.Seed)
	if int64(s.Asked) > s.Unlabelled {
		g.line("%d were asked for and there are no more", s.Asked)
	}
	g.line("policy %s counts labels by %s", s.Policy, strings.Join(s.Provenances, ", "))
	showEstimate(g, s)
}

// showEstimate says what the sample says so far.
func showEstimate(g *sheet, s *assessment.Sampled) {
	if s.Estimate == nil || s.Estimate.Alerts == 0 {
		return
	}
	if s.Stratify != "" {
		rows := [][]string{{strings.ToUpper(s.Stratify), "ALERTS", "UNLABELLED", "DRAWN NOW", "LABELLED OF THE DRAW", "TRUE"}}
		for _, x := range s.Strata {
			rows = append(rows, []string{x.Name, group3(x.Alerts), group3(x.Unlabelled), strconv.Itoa(x.Chosen), group3(x.Drawn), group3(x.Hits)})
		}
		g.line("")
		g.table("", rows)
	}
	e := s.Estimate
	if e.Precision == nil {
		g.wrap("", "The draw says nothing yet: its first alert is not labelled.", 110)
		return
	}
	text := figure.Sprintf("The first %d alerts of the draw are labelled, %d as true: of all %d that are not left out, precision is estimated as %s, %s interval %s.",
		e.Drawn, e.Hits, e.Alerts, figure.Percent(*e.Precision), figure.Percent(s.Confidence), figure.Percents(e.Interval[0], e.Interval[1]))
	if e.Whole() {
		text = figure.Sprintf("All %d alerts that are not left out are labelled, %d as true: precision is %s.", e.Alerts, e.Hits, figure.Percent(*e.Precision))
	}
	if e.Unseen > 0 {
		text += figure.Sprintf(" %d of them are of strata of which nothing is labelled yet, and may all be true or none.", e.Unseen)
	}
	g.wrap("", text+" It is of the alerts of this window, and of no others.", 110)
}

func scoreText(a *alert.Alert) string {
	if a.Score == nil {
		return ""
	}
	return strconv.FormatFloat(*a.Score, 'g', -1, 64)
}

// writeSample writes alerts as Candor's own CSV with the columns of a disposition
// left empty, and with no cell that a spreadsheet would take for a formula.
// entitiesText has the other entities of an alert as a cell of Candor's CSV has them.
func entitiesText(a *alert.Alert) string {
	var list []string
	for _, e := range a.Others {
		list = append(list, e.String())
	}
	return strings.Join(list, ";")
}

func writeSample(w io.Writer, s *assessment.Sampled) error {
	out := csv.NewWriter(w)
	header := []string{"id", "rule_id", "time", "source", "site", "entity", "entity_type", "entities", "severity", "score", "case_id",
		"disposition", "disposition_time", "disposition_by", "provenance"}
	if s.Second {
		header = append(header, "reading")
	}
	_ = out.Write(header)
	for _, a := range s.Alerts {
		row := []string{a.ID, a.RuleID, a.Time.UTC().Format(time.RFC3339Nano), a.Source, a.Site, a.Entity, string(a.EntityType), entitiesText(a), a.Severity, scoreText(a), a.CaseID,
			"", "", s.Reader, string(alert.Analyst)}
		if s.Second {
			row = append(row, "second")
		}
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
