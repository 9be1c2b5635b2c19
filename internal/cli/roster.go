package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/fault"
	"candor/internal/matrix"
	"candor/internal/roster"
)

// rostering holds the flags of lists.
type rostering struct {
	measuring
	roster.Asked
	where         []string
	limit, offset int
	csv           bool
}

func (p *program) rosterCommand() *cobra.Command {
	var n rostering
	c := &cobra.Command{
		Use:   "list [NAME] [WORDS]",
		Short: "Lists of what is here and how it stands, as the pages have them",
		Long: `List prints one of the lists that the pages have: rules, log sources, external sources,
exercises, runbooks, signals, exceptions, incidents, measurements, and how the techniques
of tactics, groups, campaigns, software, mitigations and data components stand. Without a
NAME it says which there are. WORDS narrow to rows that say each of them; --where narrows
columns that have choices, and --sort sorts by a column.`,
		Example: "  candor list\n  candor list rules --where state=enabled --sort -alerts\n  candor list rules powershell --csv > rules.csv\n  candor list groups --sort reliable -n 20",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				all := assessment.Rosters()
				return p.emit(all, func(g *sheet) { showRosters(g, all) })
			}
			n.Text = strings.Join(args[1:], " ")
			req, err := p.measurement(n.measuring)
			if err != nil {
				return err
			}
			if n.limit < 0 || n.offset < 0 {
				return fault.New(fault.Usage, "rows are counted from 0").At("--limit, --offset").Next("write whole numbers from 0")
			}
			if n.Where, err = roster.Where(n.where); err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				l, err := d.Assessment.Roster(ctx, req, args[0])
				if err == nil {
					l, err = l.Only(n.Asked)
				}
				if err != nil {
					return err
				}
				part := l.Excerpt(n.offset, n.limit)
				if n.csv && !p.json {
					body, err := part.CSV()
					if err != nil {
						return err
					}
					_, err = p.Out.Write(body)
					return err
				}
				return p.emit(part, func(g *sheet) { showRoster(g, &part) })
			})
		},
	}
	n.flags(c)
	f := c.Flags()
	f.StringArrayVar(&n.where, "where", nil, "only rows that have this value, as column=value; several times for several columns")
	f.StringVar(&n.Sort, "sort", "", "the column to sort by, behind a minus from the last")
	f.IntVarP(&n.limit, "limit", "n", 0, "how many rows to print at most; 0 prints all")
	f.IntVar(&n.offset, "offset", 0, "how many rows to pass over, with --limit")
	f.BoolVar(&n.csv, "csv", false, "print CSV, entries of a cell joined by semicolons")
	return c
}

func showRosters(g *sheet, all []assessment.Roster) {
	rows := [][]string{{"LIST", "WHAT IT HAS"}}
	for _, r := range all {
		rows = append(rows, []string{r.Name, r.About})
	}
	g.table("", rows)
	g.line("\none of them: candor list NAME; its rows as a file: --csv or --json")
}

// mostCell is how much of a cell a terminal shows.
const mostCell = 44

func showRoster(g *sheet, l *roster.Excerpt) {
	if l.All == 0 {
		g.line("%s", l.Empty)
		return
	}
	g.wrap("", strings.TrimSpace(l.About), 110)
	g.line("")
	head := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		head[i] = strings.ToUpper(c.Name)
	}
	rows := [][]string{head}
	for i := range l.Rows {
		row := make([]string, len(head))
		for j := range l.Rows[i].Cells {
			c := &l.Rows[i].Cells[j]
			row[j] = clip(cellText(c, l.Columns[j].Kind), mostCell)
			if named := l.Columns[j].NoteKey; named == "name" || named == "title" {
				row[j] = clip(strings.TrimSpace(row[j]+"  "+c.Note), mostCell) // an id says little
			}
		}
		rows = append(rows, row)
	}
	if len(l.Rows) > 0 {
		g.table("", rows)
	}
	if l.Doubt != "" {
		g.wrap("", l.Doubt, 110)
	}
	keys := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		keys[i] = c.Key
	}
	g.line("\n%d of %d rows match, %d shown; sort by one of: %s", l.Total, l.All, len(l.Rows), strings.Join(keys, ", "))
}

// cellText is a cell on a terminal: the codes of rungs, or what it says.
func cellText(c *roster.Cell, kind roster.Kind) string {
	switch {
	case kind == roster.Rung && c.Text != "":
		return matrix.LookOf(assure.Rung(c.Text)).Name
	case kind == roster.Spread:
		var parts []string
		for _, r := range c.Rungs {
			if r.Count > 0 && r.Rung != assure.NotApplicable {
				parts = append(parts, matrix.LookOf(r.Rung).Code+" "+roster.Count(int64(r.Count)).Text)
			}
		}
		return strings.Join(parts, " ")
	}
	return c.Text
}
