package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/report"
)

func (p *program) reportMarkdownCommand() *cobra.Command {
	var r reporting
	c := &cobra.Command{
		Use:   "markdown [ID|RULE]",
		Short: "Where detection stands, or one analytic or rule, for a repository or a ticket",
		Long: `Markdown reports where detection stands: how many analytics stand where, by tactic, each
analytic that a rule claims with why it stands there and what the gate for reporting says, what
is refused, what to do next, gaps, and what stops counting soon. With an analytic or a rule it
is what candor report verdict says of that. Names that others wrote are no markup in it.`,
		Example: "  candor report markdown --to docs/detection.md\n  candor report markdown AN1058 | gh issue create --title AN1058 --body-file -",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := report.Wanted{Report: report.OfMarkdown}
			if len(args) > 0 {
				w.Of = args[0]
			}
			return p.report(cmd, r, w)
		},
	}
	r.flags(c, report.OfMarkdown)
	r.narrowFlags(c)
	return c
}

func (p *program) reportEngineeringCommand() *cobra.Command {
	var r reporting
	var table string
	c := &cobra.Command{
		Use:   "engineering",
		Short: "Every analytic, rule, log source and next step in figures, as CSV, workbook or JSON",
		Long: `Engineering has all that is judged and measured in four tables: analytics, rules, log
sources and next steps. Beside a proportion stand the columns with what it is of, how many of
that, and its interval; what is not known is empty, which is not zero. A workbook has every
table and, on its first sheet, the limits; CSV has the one that --table names, and each row
takes limits, release, policy and the ledger's head along. The CSV of rules can be added again
with candor evidence add rules. No cell is a formula.`,
		Example: "  candor report engineering --to coverage.xlsx\n  candor report engineering --table rules --to rules.csv\n  candor report engineering --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.report(cmd, r, report.Wanted{Report: report.OfEngineering, Table: table})
		},
	}
	r.flags(c, report.OfEngineering)
	r.narrowFlags(c)
	c.Flags().StringVar(&table, "table", report.TableAnalytics, "for .csv: "+strings.Join(report.Tables(), ", "))
	_ = c.RegisterFlagCompletionFunc("table", cobra.FixedCompletions(report.Tables(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (p *program) reportNavigatorCommand() *cobra.Command {
	var r reporting
	var before, after string
	c := &cobra.Command{
		Use:   "navigator LAYER",
		Short: "A layer of the ATT&CK Navigator: rung, visibility, precision, claims, exercises, profile, difference",
		Long: `Navigator writes a layer of the ATT&CK Navigator, version 4.5. Each technique has the colour
of the worst case of its own analytics and the distribution as comment; the metadata of the
layer have limits, policy, and the head and entries of the ledger. rung, visibility, precision,
claims, exercises and age are views of the matrix; profile is rungs of the techniques of the
threat profile that --profile names; difference is what moved from the kept assessment
--before to --after, or to now. No layer has a score, but that of claims, where it counts
claims. A page or Markdown says the same in words, and the page can be verified.`,
		Example:   "  candor report navigator rung --to rungs.json\n  candor report navigator profile --profile retail-2027 --to retail.json\n  candor report navigator difference --before january --to since-january.json",
		Args:      cobra.ExactArgs(1),
		ValidArgs: report.Layers(),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.report(cmd, r, report.Wanted{Report: report.OfNavigator, Of: args[0], Before: before, After: after})
		},
	}
	r.flags(c, report.OfNavigator)
	r.narrowFlags(c)
	c.Flags().StringVar(&before, "before", "", "of a difference: the kept assessment from which it is (candor assess list)")
	c.Flags().StringVar(&after, "after", "", "of a difference: the kept assessment to which it is (default: the assessment now)")
	return c
}

func (p *program) reportDeTTECTCommand() *cobra.Command {
	var r reporting
	c := &cobra.Command{
		Use:   "dettect data-sources|techniques",
		Short: "A file of DeTT&CT: data sources with their quality, or techniques with their scores",
		Long: `Dettect writes a data source administration (version 1.1) or a technique administration (version
1.2) of DeTT&CT 2.2.0. Each platform is a system. A data source is a data component that is said
to be collected or was looked for; scores of data quality are of hosts and latency alone, and 0
where nothing is known. A rung is not a score of DeTT&CT: of the analytics of a technique on a
platform the lowest counts, 4 is reliable, 3 proven, both only where the gate for reporting lets
it through; a rule alone has at most 1, no rule -1. Each comment says what a score was derived
from. candor evidence add telemetry and add rules read the files back, as what someone says.`,
		Example:   "  candor report dettect data-sources --to data-sources.yaml\n  candor report dettect techniques --as-of 2026-03-31 --to techniques.yaml",
		Args:      cobra.ExactArgs(1),
		ValidArgs: report.Administrations(),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.report(cmd, r, report.Wanted{Report: report.OfDeTTECT, Of: args[0]})
		},
	}
	r.flags(c, report.OfDeTTECT)
	r.narrowFlags(c)
	return c
}
