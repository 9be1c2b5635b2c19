package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/archive"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/fault"
)

// autoName stands for a name that is to be made up.
const autoName = "auto"

// keepFlag adds --keep, whose name may be left out or follow as an argument.
func keepFlag(c *cobra.Command, keep *string) {
	c.Flags().StringVar(keep, "keep", "", "keep the assessment, under a name of letters, digits, dots and dashes (auto: its day and hash)")
	c.Flags().Lookup("keep").NoOptDefVal = autoName
	c.Args = func(_ *cobra.Command, args []string) error {
		if *keep == autoName && len(args) == 1 {
			*keep = args[0]
			return nil
		}
		if len(args) > 0 {
			return unknown(c, args[0])
		}
		return nil
	}
}

func (p *program) archive() archive.Archive {
	return archive.In(p.path(filepath.Join(p.data, "assessments")))
}

// keepAssessment keeps a, and says so beside what the command prints.
func (p *program) keepAssessment(name string, a assure.Assessment) error {
	if name == "" {
		return nil
	}
	k, fresh, err := p.archive().Keep(strings.TrimPrefix(name, autoName), p.Now(), a)
	if err != nil {
		return err
	}
	word := "kept as"
	if !fresh {
		word = "unchanged, kept before as"
	}
	p.note("%s %s, sha256 %s", word, k.Name, k.SHA256)
	return nil
}

func (p *program) keptCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the assessments that are kept", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ks, err := p.archive().List()
			if err != nil {
				return err
			}
			if len(ks) > 0 {
				if err := p.with(cmd, false, func(ctx context.Context, d *Desk) error {
					gone, err := goneReleases(ctx, d)
					archive.Mark(ks, gone)
					return err
				}); err != nil {
					return err
				}
			}
			return p.emit(ks, func(g *sheet) {
				if len(ks) == 0 {
					g.line("No assessment is kept; candor assess --keep NAME keeps one.")
					return
				}
				rows := [][]string{{"NAME", "KEPT", "AS OF", "RELEASE", "POLICY", "APPLICABLE", "CLAIMED", "ASSURED", "SHA-256"}}
				for _, k := range ks {
					release := k.Release
					if k.Removed != nil {
						release += " (removed " + k.Removed.At.UTC().Format("2006-01-02") + ")"
					}
					rows = append(rows, []string{k.Name, k.At.Format("2006-01-02 15:04"), k.AsOf.UTC().Format("2006-01-02"), release, k.Policy.String(),
						fmt.Sprint(k.Totals.Applicable), fmt.Sprint(k.Totals.Claimed), fmt.Sprint(k.Totals.Assured), k.SHA256[:12]})
				}
				g.table("", rows)
			})
		},
	}
}

func (p *program) compareCommand() *cobra.Command {
	var j judging
	c := &cobra.Command{
		Use:   "compare BEFORE [AFTER]",
		Short: "What moved between two kept assessments, and because of which evidence",
		Long: `Compare shows which analytics moved from which rung to which from one kept assessment
to another, or to one made now, and for each what it rests on that differs, with the
batches of evidence that are new and those that are gone.`,
		Example: "  candor assess --keep monday\n  candor assess compare monday\n  candor assess compare 2026-q2 2026-q3 --json",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, before, err := p.archive().Load(args[0])
			if err != nil {
				return err
			}
			show := func(ctx context.Context, d *Desk, after assure.Assessment) error {
				cmp := assure.Compare(before, after)
				gone, err := goneReleases(ctx, d)
				if err != nil {
					return err
				}
				cmp.Differences = archive.Differences(&cmp, gone)
				return p.emit(cmp, func(g *sheet) { showComparison(g, &cmp) })
			}
			if len(args) == 2 {
				_, after, err := p.archive().Load(args[1])
				if err != nil {
					return err
				}
				return p.with(cmd, false, func(ctx context.Context, d *Desk) error { return show(ctx, d, after) })
			}
			req, err := p.request(j)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				after, err := assessLike(ctx, d, req, before)
				if err != nil {
					return err
				}
				return show(ctx, d, after)
			})
		},
	}
	j.flags(c)
	return c
}

// goneReleases returns the releases that were removed and are not there now.
func goneReleases(ctx context.Context, d *Desk) (map[string]attack.Removal, error) {
	have, err := d.Releases.Releases(ctx)
	if err != nil {
		return nil, err
	}
	removals, err := d.Releases.Removals(ctx)
	return attack.Gone(have, removals), err
}

// assessLike assesses what before is of, unless the request names a release.
func assessLike(ctx context.Context, d *Desk, r assessment.Request, before assure.Assessment) (assure.Assessment, error) {
	if r.Release.Domain == "" {
		r.Release.Domain = before.Release.Domain
	}
	if r.Platform != "" {
		return assure.Assessment{}, fault.New(fault.Usage, "what is kept is of every platform").At("--platform").Next("leave --platform out")
	}
	if r.Profile != "" {
		return assure.Assessment{}, fault.New(fault.Usage, "what is kept is of every technique").At("--profile").Next("leave --profile out")
	}
	return d.Assessment.Assess(ctx, r)
}

// mostShifts bounds the shifts that are printed for people.
const mostShifts = 40

func showComparison(g *sheet, c *assure.Comparison) {
	g.line("%s", c.Order)
	g.table("", [][]string{
		{"", "RELEASE", "AS OF", "POLICY", "APPLICABLE", "CLAIMED", "ASSURED"}, standRow("before", &c.Before), standRow("after", &c.After)})
	for i, d := range c.Differences {
		if i == 0 {
			g.head("Judged by something else")
		}
		g.wrap("  ", d, 110)
	}
	g.head("Moved (%d)", len(c.Shifts))
	for _, w := range c.Ways {
		g.line("  %5d  %s to %s", w.Count, words(w.From), words(w.To))
	}
	for i := range c.Shifts {
		if i == mostShifts {
			g.line("\n  … and %d more (--json lists all)", len(c.Shifts)-i)
			break
		}
		showShift(g, &c.Shifts[i])
	}
	showOnly(g, "Only in the later", c.Appeared)
	showOnly(g, "Only in the earlier", c.Vanished)
}

func standRow(name string, s *assure.Stand) []string {
	return []string{name, s.Release, s.AsOf.UTC().Format("2006-01-02"), s.Policy.String(),
		fmt.Sprint(s.Totals.Applicable), fmt.Sprint(s.Totals.Claimed), fmt.Sprint(s.Totals.Assured)}
}

func showShift(g *sheet, s *assure.Shift) {
	g.line("\n  %s  %s to %s", g.bold(s.Analytic.ATTACKID), words(s.From), rungColour(g, s.To, words(s.To)))
	for _, w := range s.Waivers {
		g.wrap("    ", fmt.Sprintf("waiver of %s for %s until %s, by %s: %s", w.ID, w.For, w.Until, w.By, w.Reason), 110)
	}
	for _, c := range s.Because {
		g.wrap("    ", c.Text, 110)
		if len(c.New) > 0 {
			g.line("      %s", g.dim("new: "+clip(strings.Join(c.New, ", "), 100)))
		}
		if len(c.Gone) > 0 {
			g.line("      %s", g.dim("gone: "+clip(strings.Join(c.Gone, ", "), 100)))
		}
	}
}

func showOnly(g *sheet, title string, vs []assure.Verdicted) {
	if len(vs) == 0 {
		return
	}
	g.head("%s (%d)", title, len(vs))
	for i, v := range vs {
		if i == 20 {
			g.line("  … and %d more (--json lists all)", len(vs)-i)
			break
		}
		g.line("  %s %s", v.Analytic.ATTACKID, words(v.Rung))
	}
}
