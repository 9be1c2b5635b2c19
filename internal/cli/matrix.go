package cli

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/matrix"
)

func (p *program) matrixCommand() *cobra.Command {
	var j judging
	var a matrix.Asked
	var view string
	var csv, layer, svg bool
	c := &cobra.Command{
		Use:   "matrix",
		Short: "The ATT&CK matrix: each technique's worst case and distribution",
		Long: `Matrix lists the techniques and sub-techniques of a release under their tactics, each
with how many of its own analytics are in which state, and the worst of these. There is
no mean, and no score.

--view says what is looked at: rungs (the verdicts), visibility (is what they need seen),
claims (how many rules claim them), precision (what their alerts allow to conclude),
exercises, or age (of the oldest kind of evidence). --group, --software and --campaign
narrow to the techniques that ATT&CK says these use themselves.

--layer writes a layer of the ATT&CK Navigator (version 4.5), --svg a picture, --csv a
table with every state as a column.`,
		Example: "  candor matrix\n  candor matrix --view visibility --platform Linux --tactic discovery\n  candor matrix --group 'Sandworm Team' --layer > sandworm.json\n  candor matrix --svg > matrix.svg\n  candor matrix --view claims --source sigma --csv > claims.csv",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			req, err := p.request(j)
			if err != nil {
				return err
			}
			a.View, a.Platform = matrix.View(view), j.platform
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				m, err := d.Assessment.Matrix(ctx, req, a)
				if err != nil {
					return err
				}
				var file []byte
				switch {
				case p.json:
				case csv:
					file, err = m.CSV()
				case svg:
					file = m.SVG()
				case layer:
					file, err = m.Layer()
				}
				if err != nil || file != nil {
					_, wrong := p.Out.Write(file)
					return errors.Join(err, wrong)
				}
				return p.emit(m, func(g *sheet) { showMatrix(g, &m) })
			})
		},
	}
	j.flags(c)
	j.siteFlag(c)
	f := c.Flags()
	f.StringVar(&view, "view", string(matrix.Rungs), "what the cells say: "+viewNames())
	f.StringVar(&a.Group, "group", "", "only the techniques that this group uses, by ATT&CK ID, name or alias")
	f.StringVar(&a.Software, "software", "", "only the techniques that this software uses")
	f.StringVar(&a.Campaign, "campaign", "", "only the techniques that this campaign uses")
	f.StringVar(&a.Tactic, "tactic", "", "only one tactic, by ATT&CK ID, short name or name")
	f.StringVar(&a.Source, "source", "", "only the analytics that a rule of this source claims")
	f.BoolVar(&csv, "csv", false, "print a table as CSV")
	f.BoolVar(&layer, "layer", false, "print a layer of the ATT&CK Navigator")
	f.BoolVar(&svg, "svg", false, "print a picture")
	c.MarkFlagsMutuallyExclusive("csv", "layer", "svg")
	return c
}

func viewNames() string {
	var names []string
	for _, v := range matrix.Views() {
		names = append(names, string(v))
	}
	return strings.Join(names, ", ")
}

func showMatrix(g *sheet, m *matrix.Matrix) {
	rows := [][]string{{"TACTIC", "TECHNIQUE", "NAME", "WORST CASE", "DISTRIBUTION"}}
	for i := range m.Tactics {
		t := &m.Tactics[i]
		name := clip(t.Of.Name, 20)
		row := func(c *matrix.Cell, in string) {
			worst := "–"
			if c.Worst != "" {
				worst = m.State(c.Worst).Name
			}
			rows = append(rows, []string{name, in + c.Of.ATTACKID, clip(c.Of.Name, 40), worst, m.Says(c)})
			name = ""
		}
		for k := range t.Cells {
			c := &t.Cells[k]
			row(c, "")
			for s := range c.Subs {
				row(&c.Subs[s], "  ")
			}
		}
	}
	if len(rows) == 1 {
		g.line("no technique matches")
	} else {
		g.table("", rows)
	}
	g.head("%s: techniques by their worst case, and analytics", m.View.Title())
	rows = [][]string{{"STATE", "TECHNIQUES", "ANALYTICS", "MEANING"}}
	for _, l := range m.Legend {
		rows = append(rows, []string{l.Code + " " + l.Name, strconv.Itoa(l.Techniques), strconv.Itoa(l.Analytics), l.Meaning})
	}
	g.table("  ", rows)
	of := ""
	if w := m.Of.Words(); w != "" {
		of = "; " + w
	}
	g.line("\n%s  as of %s, policy %s%s: %s and %s, %s", m.Release, m.AsOf.UTC().Format("2006-01-02"), m.Policy, of,
		plural(m.Techniques, "technique", "techniques"), plural(m.SubTechniques, "sub-technique", "sub-techniques"), plural(m.Analytics, "analytic", "analytics"))
	for i, l := range m.Limits {
		if i == 0 {
			g.head("Limits")
		}
		g.wrap("  ", l, 100)
	}
}
