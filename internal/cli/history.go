package cli

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/attack"
	"candor/internal/library"
	"candor/internal/store"
)

func (p *program) historyCommand() *cobra.Command {
	var ref attack.ReleaseRef
	var values bool
	c := &cobra.Command{
		Use:     "history ID",
		Short:   "An object over all imported releases: hashes, and what changed",
		Example: "  candor attack history T1059.001\n  candor attack history T1059.001 --values",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				h, err := d.Library.History(ctx, args[0], selected(ref))
				if err != nil {
					return err
				}
				return p.emit(h, func(g *page) { showChapters(g, h, values) })
			})
		},
	}
	refFlags(c, &ref)
	c.Flags().BoolVar(&values, "values", false, "print the values before and after, too")
	return c
}

func showChapters(g *page, h library.History, values bool) {
	g.line("%s", g.bold(strings.TrimSpace(h.Object.ATTACKID+"  "+h.Object.Name)))
	g.line("  %s", h.Object.StixID)
	for _, c := range h.Chapters {
		version := ""
		if c.Version != "" {
			version = ", version " + c.Version
		}
		g.head("%s: %s%s", attackRelease(c.Moment), c.Status, version)
		if c.ObjectHash == "" {
			continue
		}
		g.table("  ", [][]string{
			{"modified", c.Modified}, {"object sha256", c.ObjectHash}, {"content sha256", c.ContentHash}, {"file sha256", c.FileHash},
		})
		if c.Category == "" {
			continue
		}
		fields := slices.Sorted(maps.Keys(c.Fields))
		g.line("  changed (%s): %s", strings.ReplaceAll(string(c.Category), "_", " "), strings.Join(fields, ", "))
		if !values {
			continue
		}
		for _, f := range fields {
			g.line("    %s\n      was %s\n      is  %s", f, clip(string(c.Fields[f].Old), 400), clip(string(c.Fields[f].New), 400))
		}
	}
}

func (p *program) oddCommand() *cobra.Command {
	var ref attack.ReleaseRef
	c := &cobra.Command{
		Use:   "odd",
		Short: "What was odd in a release when it was imported, by object",
		Long: `Odd lists what an import met and kept as it was: duplicate ids, fields of a wrong
type, a name that disagrees with the bundle. Nothing is silently repaired.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				r, err := d.Library.Release(ctx, selected(ref))
				if err != nil {
					return err
				}
				odd, err := d.Releases.Oddities(ctx, r)
				if err != nil {
					return err
				}
				return p.emit(append([]store.Oddity{}, odd...), func(g *page) { showOddities(g, r, odd) })
			})
		},
	}
	refFlags(c, &ref)
	return c
}

func showOddities(g *page, r attack.Release, odd []store.Oddity) {
	g.line("%s: %s", g.bold(r.String()), plural(len(odd), "oddity", "oddities"))
	rows := [][]string{}
	for _, o := range odd {
		rows = append(rows, []string{o.ATTACKID, o.StixID, o.What})
	}
	g.table("  ", rows)
}
