package cli

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/attack"
	"candor/internal/attack/odd"
	"candor/internal/fault"
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
				return p.emit(h, func(g *sheet) { showChapters(g, h, values) })
			})
		},
	}
	refFlags(c, &ref)
	c.Flags().BoolVar(&values, "values", false, "print the values before and after, too")
	return c
}

func showChapters(g *sheet, h library.History, values bool) {
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
	var kind string
	c := &cobra.Command{
		Use:   "odd",
		Short: "What is odd in a release, by object",
		Long: `Odd lists what an import met and kept as it was (kind import): duplicate ids, repeated
keys, fields of a wrong type, a name that disagrees with the bundle. And it lists what is
odd about the release as a whole:

  dangling   a relation leads to what the release does not have
  creator    who made or changed objects is not in the release
  successor  a revoked object leads to no other
  id         several live objects have one ATT&CK ID
  platform   an analytic names a log source of another platform

Nothing is silently repaired, and nothing here says whose mistake it is.`,
		Example: "  candor attack odd --kind platform",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if kind != "" && !slices.Contains(kindsOfOddity[:], kind) {
				return fault.New(fault.Usage, "there is no kind of oddity %q", kind).At("--kind").Next("use %s", strings.Join(kindsOfOddity[:], ", "))
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				r, err := d.Library.Release(ctx, selected(ref))
				if err != nil {
					return err
				}
				odd, err := d.Library.Oddities(ctx, attack.ReleaseRef{Domain: r.Domain, Version: r.Version})
				if err != nil {
					return err
				}
				if kind != "" {
					odd = slices.DeleteFunc(odd, func(o store.Oddity) bool { return kindOfOddity(o) != kind })
				}
				return p.emit(append([]store.Oddity{}, odd...), func(g *sheet) { showOddities(g, r, odd) })
			})
		},
	}
	refFlags(c, &ref)
	c.Flags().StringVar(&kind, "kind", "", "only of one kind: "+strings.Join(kindsOfOddity[:], ", "))
	return c
}

// kindsOfOddity are the kinds that the command knows.
var kindsOfOddity = [...]string{"import", odd.Dangling, odd.Creator, odd.Successor, odd.SameID, odd.Platform}

// kindOfOddity is what an oddity is of; what an import met has no name for it.
func kindOfOddity(o store.Oddity) string { return cmp.Or(o.Kind, "import") }

func showOddities(g *sheet, r attack.Release, odd []store.Oddity) {
	g.line("%s: %s", g.bold(r.String()), plural(len(odd), "oddity", "oddities"))
	rows := [][]string{}
	for _, o := range odd {
		rows = append(rows, []string{kindOfOddity(o), cmp.Or(o.ATTACKID, o.StixID), o.What})
	}
	g.table("  ", rows)
}
