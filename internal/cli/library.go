package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/attack/diff"
	"candor/internal/correlate/credit"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/library"
	"candor/internal/near"
	"candor/internal/store"
)

// listing is what a list or a search found.
type listing struct {
	Total   int      `json:"total"`
	Offset  int      `json:"offset"`
	Objects []listed `json:"objects"`
}

type listed struct {
	store.Header
	Domain  string `json:"domain"`
	Release string `json:"release"`
}

func newListing(ls []store.Located, total, offset int) listing {
	out := listing{Total: total, Offset: offset, Objects: []listed{}}
	for _, l := range ls {
		out.Objects = append(out.Objects, listed{l.Header, l.Release.Domain, l.Release.Version})
	}
	return out
}

func (l listing) show(g *sheet) {
	if len(l.Objects) == 0 {
		g.line("Nothing matches.")
		return
	}
	rows := [][]string{}
	for _, o := range l.Objects {
		state := ""
		if !o.Live() {
			state = "deprecated"
			if o.Revoked {
				state = "revoked"
			}
		}
		id := o.ATTACKID
		if id == "" {
			id = o.StixID
		}
		rows = append(rows, []string{id, clip(o.Name, 60), string(o.Kind), attack.ShortDomain(o.Domain) + " " + o.Release, state})
	}
	g.table("", rows)
	g.line("%s", g.dim(fmt.Sprintf("%s to %s of %s", group3(int64(l.Offset+1)), group3(int64(l.Offset+len(l.Objects))), group3(int64(l.Total)))))
}

func (p *program) searchCommand() *cobra.Command {
	var ref attack.ReleaseRef
	var limit int
	c := &cobra.Command{
		Use:   "search WORDS...",
		Short: "Find objects by id, name, alias, text, tool, CVE id or log channel",
		Long: `Search looks for words in ids, names, aliases, descriptions, log sources with their
channels, and in what MITRE tells of who used what: a CVE id or the name of a tool
finds the techniques, and who used it. Spaces and punctuation in names, endings, the
rest of the last word and slips of the hand are forgiven; where hardly anything has
every word, what has some is listed, too. What bears the id or the name comes first,
retired objects last.`,
		Example: "  candor attack search employee names\n  candor attack search mimkatz\n  candor attack search CVE-2017-11882\n  candor attack search WinEventLog:Security / EventCode=4688",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			most, err := atMost(limit)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				found, total, err := d.Library.Search(ctx, strings.Join(args, " "), selected(ref), most)
				if err != nil {
					return err
				}
				l := newListing(found, total, 0)
				return p.emit(l, l.show)
			})
		},
	}
	refFlags(c, &ref)
	c.Flags().IntVar(&limit, "limit", 20, "how many to print at most; 0 prints all")
	return c
}

func (p *program) listCommand() *cobra.Command {
	var ref attack.ReleaseRef
	var q store.Query
	var kinds []string
	var limit int
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the objects of a release, filtered and sorted",
		Example: "  candor attack list --kind analytic --platform Linux\n  candor attack list --kind technique --tactic initial-access --lifecycle live",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if q.Kinds, err = library.KindsOf(kinds); err != nil {
				return err
			}
			if q.Limit, err = atMost(limit); err != nil {
				return err
			}
			if q.Offset < 0 {
				return fault.New(fault.Usage, "%d objects cannot be passed over", q.Offset).At("--offset").Next("use a number from 0")
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) (err error) {
				if q.Release, err = d.Library.Release(ctx, selected(ref)); err != nil {
					return err
				}
				if q, err = d.Library.Narrowing(ctx, q); err != nil {
					return err
				}
				found, total, err := d.Library.List(ctx, q)
				if err != nil {
					return err
				}
				l := newListing(found, total, q.Offset)
				return p.emit(l, l.show)
			})
		},
	}
	refFlags(c, &ref)
	f := c.Flags()
	f.StringSliceVar(&kinds, "kind", nil, "kinds: "+strings.Join(library.KindWords(), ", "))
	f.StringVar(&q.Text, "text", "", "words to look for")
	f.StringVar(&q.Tactic, "tactic", "", "techniques of a tactic, by ATT&CK ID or short name")
	f.StringVar(&q.Platform, "platform", "", "objects of a platform")
	f.StringVar(&q.LogSource, "log-source", "", "what names a log source: analytics, data components, and the strategies and techniques of such analytics")
	f.StringVar(&q.Lifecycle, "lifecycle", "", "live, revoked or deprecated")
	f.StringVar(&q.Sort, "sort", "", "id, name or modified; with a leading - for descending")
	f.IntVar(&limit, "limit", 50, "how many to print at most; 0 prints all")
	f.IntVar(&q.Offset, "offset", 0, "how many to pass over")
	return c
}

func (p *program) statsCommand() *cobra.Command {
	var ref attack.ReleaseRef
	c := &cobra.Command{
		Use: "stats", Short: "Count the live objects of a release, as MITRE counts", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				s, err := d.Library.Stats(ctx, selected(ref))
				if err != nil {
					return err
				}
				return p.emit(s, func(g *sheet) { showStats(g, s) })
			})
		},
	}
	refFlags(c, &ref)
	return c
}

func showStats(g *sheet, s library.Stats) {
	g.line("%s, live objects", g.bold(s.Release.String()))
	rows := [][]string{}
	for _, c := range []struct {
		name string
		n    int
	}{
		{"tactics", s.Tactics}, {"techniques", s.Techniques}, {"sub-techniques", s.SubTechniques},
		{"groups", s.Groups}, {"software", s.Software}, {"campaigns", s.Campaigns}, {"mitigations", s.Mitigations},
		{"data sources", s.DataSources}, {"data components", s.DataComponents}, {"assets", s.Assets},
		{"detection strategies", s.Strategies}, {"analytics", s.Analytics},
	} {
		rows = append(rows, []string{c.name, group3(int64(c.n))})
	}
	g.table("  ", rows)
}

func (p *program) adjacentCommand() *cobra.Command {
	var j judging
	var tactic string
	var limit int
	c := &cobra.Command{
		Use:   "adjacent TECHNIQUE",
		Short: "Techniques of other tactics that the same groups and campaigns use",
		Long: `Adjacent lists the techniques of other tactics that the groups and campaigns which
use a technique also use: support (how many users), confidence (of the technique's
users) and lift (against all users). Where too few use the technique, the answer
rests on its parent or its tactic, and says so. An analytic or a detection strategy stands
for its technique.

Where there is evidence, each stands beside it with how its own analytics are judged:
the worst case, how many are reliable, and which. What cannot be seen at the technique
may be seen there; it is no coverage of the technique itself.`,
		Example: "  candor attack adjacent T1589.003 --tactic initial-access\n  candor attack adjacent AN1989\n  candor attack adjacent T1110 --site berlin --as-of 2026-06-30",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := p.request(j)
			if err != nil {
				return err
			}
			if _, err := atMost(limit); err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				near, err := d.Library.Adjacent(ctx, args[0], req.Release.Or(req.Policy.Release), tactic)
				if err != nil {
					return err
				}
				r, err := d.Assessment.Stages(ctx, req, near)
				if err != nil {
					return err
				}
				return p.emit(r, func(g *sheet) { showAdjacent(g, &r, limit) })
			})
		},
	}
	j.wholeFlags(c)
	j.siteFlag(c)
	c.Flags().StringVar(&tactic, "tactic", "", "only techniques of this tactic, by ATT&CK ID or short name")
	c.Flags().IntVar(&limit, "limit", 10, "techniques to print of each tactic; 0 prints all")
	return c
}

func showAdjacent(g *sheet, r *assessment.Stages, limit int) {
	g.line("%s in %s", g.bold(r.Technique.ATTACKID+"  "+r.Technique.Name), r.Release)
	var users []string
	for _, u := range r.Users {
		users = append(users, u.Name)
	}
	g.line("  %s: %s", plural(len(users), "known user", "known users"), strings.Join(users, ", "))
	g.wrap("  ", r.Note, 100)
	tactic, shown := "", 0
	for _, a := range r.Adjacent {
		if a.Tactic.StixID != tactic {
			tactic, shown = a.Tactic.StixID, 0
			g.head("%s %s", a.Tactic.ATTACKID, a.Tactic.Name)
		}
		if shown++; limit > 0 && shown > limit {
			continue
		}
		g.line("  %-10s %-44s %2d of %d users, confidence %s, lift %.2f%s", a.Technique.ATTACKID, clip(a.Technique.Name, 44), a.Support, r.BasisUsers, figure.Percent(a.Confidence), a.Lift, standsHere(r, &a))
	}
	g.line("\n%s", g.dim("support counts users that are known and public; it is no rate of what adversaries do"))
	if r.Judged {
		g.line("%s", g.dim("how a stage stands is of its own analytics, by their worst case; it is no coverage of the technique asked about"))
	}
}

// standsHere says how the analytics of a stage are judged, where there is evidence, and
// what chains are worth that line it up with the technique.
func standsHere(r *assessment.Stages, a *assessment.Stage) string {
	text := analyticsHere(r, a)
	if c := credit.Words(a.Chains); c != "" {
		text += "; " + c
	}
	return text
}

func analyticsHere(r *assessment.Stages, a *assessment.Stage) string {
	switch {
	case !r.Judged:
		return ""
	case a.Here == nil || a.Here.Worst == "":
		return "; no analytic of its own applies"
	case len(a.Reliable) > 0:
		return fmt.Sprintf("; worst %s, reliable %s", words(a.Here.Worst), nameIDs(a.Reliable, 3))
	}
	return fmt.Sprintf("; worst %s, none reliable", words(a.Here.Worst))
}

func (p *program) diffCommand() *cobra.Command {
	var domain, format string
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "What changed between two releases of a domain",
		Long: `Diff compares every kind of object of two imported releases in the categories that
MITRE publishes, and two that MITRE's tool leaves out: un-revoked or un-deprecated
objects, and content that changed without a new version.`,
		Example: "  candor attack diff 17.1 18.1\n  candor attack diff 17.1 18.1 --domain ics --format markdown\n  candor attack diff 17.1 18.1 --format navigator > layer.json",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				r, err := d.Library.Diff(ctx, args[0], args[1], attack.DomainName(domain))
				if err != nil {
					return err
				}
				return p.writeDiff(r, format)
			})
		},
	}
	c.Flags().StringVar(&domain, "domain", "", "ATT&CK domain: enterprise, mobile, ics, ... (default: enterprise)")
	c.Flags().StringVar(&format, "format", "text", "text, json, markdown or navigator (a layer)")
	return c
}

func (p *program) writeDiff(r diff.Report, format string) error {
	if p.json {
		format = "json"
	}
	switch format {
	case "json":
		p.json = true
		return p.emit(r, nil)
	case "text":
		return r.Text(p.Out)
	case "markdown":
		return r.Markdown(p.Out)
	case "navigator":
		return r.Layer(p.Out)
	}
	return fault.New(fault.Usage, "there is no format %q", format).At("--format").Next("%s", near.Hint(format, []string{"text", "json", "markdown", "navigator"}, ""))
}
