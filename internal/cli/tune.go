package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/measure/tune"
)

func (p *program) tuneCommand() *cobra.Command {
	var m measuring
	var svg string
	c := &cobra.Command{
		Use:   "tune RULE",
		Short: "What a threshold or an exclusion would have made of a rule's alerts",
		Long: `Tune tries every threshold on the score of a rule's alerts, and every value of every
field as an exclusion. It chooses on the older 70 % of the time from the rule's first
alert in the window to the last, and judges on the newer 30 %; both are shown. What
would be lost is named before anything is recommended. An exclusion is suggested only
if it removes no known true positive in either part, if the value marks misses beyond
chance among all values tried (Benjamini-Hochberg at 5 %), and if it rests on at least
five clusters. A field that spells a class, or that separates hits from misses without
exception, is a label in disguise and refused. Each exclusion says what would be left,
and on which hosts nothing would be.`,
		Example: "  candor tune W-Acc-400\n  candor tune RULE --svg sweep.svg --json > tune.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := p.measurement(m)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				t, err := d.Assessment.Tune(ctx, req, args[0])
				if err != nil {
					return err
				}
				if svg != "" {
					if err := p.writeSweep(svg, &t); err != nil {
						return err
					}
				}
				return p.emit(t, func(g *sheet) { showTuned(g, &t) })
			})
		},
	}
	m.flags(c)
	c.Flags().StringVar(&svg, "svg", "", "write the sweep of thresholds as a drawing to this file")
	return c
}

func (p *program) writeSweep(path string, t *assessment.Tuned) error {
	if len(t.Thresholds) == 0 {
		return fault.New(fault.NotFound, "there is no sweep of %s to draw", t.RuleID).Because(nil).Next("leave --svg out; %s", strings.TrimSuffix(t.NoChoice, "."))
	}
	if err := os.WriteFile(p.path(path), []byte(sweepSVG(t)), 0o644); err != nil {
		return fault.New(fault.Unavailable, "the drawing cannot be written").At("%s", path).Because(err).Next("name another file with --svg")
	}
	return nil
}

func showTuned(g *sheet, t *assessment.Tuned) {
	g.line("%s  %s", g.bold(t.RuleID), t.RuleName)
	g.line("%s from %s to %s: %s true of %s labelled, %s with a score", count(t.Alerts, "alert", "alerts"), t.Older.From, lastDay(t),
		group3(t.TruePositive), group3(t.Labelled), group3(t.Scored))
	g.head("Threshold on the score")
	if c := t.Choice; c == nil {
		g.wrap("  ", t.NoChoice, 110)
	} else {
		if c.Warning != "" {
			g.wrap("  ", g.red(c.Warning), 110)
		}
		g.wrap("  ", c.Text, 110)
		showLost(g, &c.Threshold)
	}
	showSweep(g, t)
	showExclusions(g, t)
	showValues(g, t)
	for _, a := range t.Analytics {
		if len(a.Knobs) > 0 {
			g.head("%s %s", a.Analytic.ATTACKID, a.Analytic.Name)
			showKnobs(g, a.Knobs, t.RuleID)
		}
	}
	showUnmappedTunings(g, t.Unmapped)
	showWaivers(g, t.Waivers, "")
	showBasis(g, t.Basis)
	showLimits(g, t.Limits)
}

func lastDay(t *assessment.Tuned) string {
	if t.Newer.Days > 0 {
		return string(t.Newer.To)
	}
	return string(t.Older.To)
}

func showLost(g *sheet, t *tune.Threshold) {
	for _, l := range []*tune.Lost{&t.Older.Lost, &t.Newer.Lost} {
		if len(l.Alerts) > 0 {
			g.wrap("    ", "true positives lost: "+strings.Join(l.Alerts, ", "), 110)
		}
		if len(l.Whole) > 0 {
			g.wrap("    ", "cases of which nothing would be left: "+strings.Join(l.Whole, ", "), 110)
		}
	}
}

// mostSteps bounds how many thresholds the table shows; --json has all.
const mostSteps = 15

func showSweep(g *sheet, t *assessment.Tuned) {
	if len(t.Thresholds) == 0 {
		return
	}
	g.line("\n  older part %s to %s, newer part %s to %s", t.Older.From, t.Older.To, t.Newer.From, t.Newer.To)
	rows := [][]string{{"SCORE FROM", "OLDER PER DAY", "TRUE OF LABELLED", "CLUSTERED", "EPISODES", "LOST", "NEWER PER DAY", "TRUE OF LABELLED", "CLUSTERED", "EPISODES", "LOST"}}
	every := max(1, (len(t.Thresholds)+mostSteps-1)/mostSteps)
	for i := range t.Thresholds {
		x := &t.Thresholds[i]
		chosen := t.Choice != nil && t.Choice.Threshold.At == x.At
		if i%every != 0 && !chosen && i != len(t.Thresholds)-1 {
			continue
		}
		name := fmt.Sprintf("%g", x.At)
		if chosen {
			name += " *"
		}
		rows = append(rows, append([]string{name}, append(outcomeCells(&x.Older), outcomeCells(&x.Newer)...)...))
	}
	g.table("  ", rows)
}

func outcomeCells(o *tune.Outcome) []string {
	return []string{figure.Fixed(o.AlertsPerDay, 2), ratio(o.TruePositive, o.Labelled), short(o.Interval),
		ratio(int64(o.EpisodeHits), int64(o.Episodes)), group3(o.Lost.TruePositives)}
}

func showExclusions(g *sheet, t *assessment.Tuned) {
	g.head("Exclusions that would have removed no known true positive (%d)", len(t.Exclusions))
	if len(t.Exclusions) == 0 {
		g.line("  none of %s tried", plural(t.Tried, "value", "values"))
	}
	for i := range t.Exclusions[:min(len(t.Exclusions), mostExclusions)] {
		x := &t.Exclusions[i]
		g.line("  %s %s", g.bold(x.Field), clip(x.Value, 80))
		g.table("    ", [][]string{
			{"", "REMOVED", "FALSE", "BENIGN", "UNLABELLED", "CLUSTERS", "LEFT A DAY", "TRUE OF LABELLED", "CLUSTERED", "EPISODES", "INTERVAL"},
			removalCells("older", &x.Older, &x.After.Older), removalCells("newer", &x.Newer, &x.After.Newer)})
		g.wrap("    ", x.Text, 110)
	}
	if n := len(t.Exclusions) - mostExclusions; n > 0 {
		g.line("  and %d more (--json lists them)", n)
	}
	showRefused(g, t.Refused)
}

// mostExclusions bounds how many exclusions and refusals are shown.
const mostExclusions = 12

func removalCells(part string, r *tune.Removal, after *tune.Outcome) []string {
	return []string{part, group3(r.All()), group3(r.FalsePositive), group3(r.BenignPositive), group3(r.Unlabelled), group3(int64(r.Clusters)),
		figure.Fixed(after.AlertsPerDay, 2), ratio(after.TruePositive, after.Labelled), short(after.Interval),
		ratio(int64(after.EpisodeHits), int64(after.Episodes)), short(after.EpisodeInterval)}
}

// showRefused says what is not suggested and why.
func showRefused(g *sheet, list []tune.Refusal) {
	if len(list) == 0 {
		return
	}
	g.head("Refused (%d)", len(list))
	for _, r := range list[:min(len(list), mostExclusions)] {
		name := g.bold(r.Field)
		if r.Reason == tune.FewClusters {
			name += " " + clip(r.Value, 80)
		}
		g.line("  %s", name)
		g.wrap("    ", r.Text, 110)
	}
	if n := len(list) - mostExclusions; n > 0 {
		g.line("  and %d more (--json lists them)", n)
	}
}

func showValues(g *sheet, t *assessment.Tuned) {
	if len(t.Values) == 0 {
		return
	}
	g.head("Values that tell hits from misses (%s tried, %s too rare to try)", group3(int64(t.Tried)), group3(int64(t.TooRare)))
	rows := [][]string{{"FIELD", "VALUE", "WITH", "WITHOUT", "LOG ODDS", "INTERVAL", "P", "CLUSTERS", "NEWER", ""}}
	for i := range t.Values {
		if i == 12 {
			break
		}
		v := &t.Values[i]
		passed := ""
		if v.Discovered {
			passed = "passes"
		}
		rows = append(rows, []string{v.Field, clip(v.Value, 48), ratio(v.Table[0], v.Table[0]+v.Table[1]), ratio(v.Table[2], v.Table[2]+v.Table[3]),
			fmt.Sprintf("%+.2f", v.LogOdds), fmt.Sprintf("%+.2f to %+.2f", v.Interval[0], v.Interval[1]), fmt.Sprintf("%.2g", v.P), group3(int64(v.Clusters)),
			ratio(v.Newer[0], v.Newer[0]+v.Newer[1]), passed})
	}
	g.table("  ", rows)
	g.line("  %s", g.dim("true of labelled with the value and without it, in the older part, and their clusters with the value; passes: beyond chance among all tried"))
}
