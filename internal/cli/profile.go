package cli

import (
	"context"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/detection/layer"
	"candor/internal/fault"
	"candor/internal/profile"
	"candor/internal/standing"
)

func (p *program) profileCommand() *cobra.Command {
	return group("profile", "Threat profiles: the adversaries for which verdicts are read",
		`A threat profile is a named list of groups, campaigns and software, or of the techniques
that a layer of the ATT&CK Navigator scores, with an owner. assess, next, matrix, take and
the pages read the verdicts for one with --profile NAME; show has a column for each member
and the first reliable chance to see them. It is a list that somebody chose: it moves no
verdict, weighs nobody and makes no score. It is evidence, with a batch and an entry in the
ledger; a later statement takes the place of an earlier one, and the history has both.`,
		p.profileListCommand(), p.profileShowCommand(), p.profileSetCommand(), p.profileRemoveCommand(), p.profileHistoryCommand())
}

func (p *program) profileListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "The threat profiles, with owner and members", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				all, err := d.Assessment.Profiles(ctx)
				if err != nil {
					return err
				}
				return p.emit(all, func(g *sheet) { showProfiles(g, all) })
			})
		},
	}
}

func showProfiles(g *sheet, all []profile.Stated) {
	if len(all) == 0 {
		g.line("No profile is stated. candor profile set NAME --group NAME --owner NAME --by NAME states one.")
		return
	}
	rows := [][]string{{"PROFILE", "OWNER", "SINCE", "MEMBERS"}}
	for i := range all {
		q := &all[i]
		rows = append(rows, []string{clip(q.Name, 32), clip(q.Owner, 24), q.At.Format("2006-01-02"), clip(membersOf(&q.Profile), 70)})
	}
	g.table("", rows)
}

// membersOf names the members of a profile, and its layer.
func membersOf(q *profile.Profile) string {
	var words []string
	for _, m := range q.Members() {
		words = append(words, m.ATTACKID+" "+m.Name)
	}
	if n := len(q.Techniques); n > 0 {
		words = append(words, plural(n, "technique", "techniques")+" of layer "+q.Layer)
	}
	return strings.Join(words, ", ")
}

func (p *program) profileShowCommand() *cobra.Command {
	var j judging
	c := &cobra.Command{
		Use:   "show PROFILE",
		Short: "How the techniques of a profile stand: a column for each member, never a score",
		Long: `Show lists the techniques that the members of a profile use themselves, in the order of
their first tactic, each with the distribution of its analytics and the worst case, and a
mark under each member that uses it. Above stands the first reliable chance to see them by
the order of tactics, with the tactics before it at which nothing is seen.`,
		Example: "  candor profile show retail-2027\n  candor profile show retail-2027 --site plant --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := p.request(j)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				r, err := d.Assessment.Profile(ctx, req, args[0])
				if err != nil {
					return err
				}
				return p.emit(r, func(g *sheet) { showProfile(g, &r) })
			})
		},
	}
	j.wholeFlags(c)
	j.siteFlag(c)
	return c
}

func showProfile(g *sheet, r *assessment.Profiled) {
	g.line("%s  owned by %s, stated by %s on %s (%s)", g.bold(r.Name), r.Owner, r.By, r.At.Format("2006-01-02"), r.Batch)
	if r.Note != "" {
		g.wrap("  ", r.Note, 100)
	}
	if !r.Judged {
		g.line("There is no evidence of the organisation yet, so nothing stands anywhere.")
	}
	rows := [][]string{{"COLUMN", "NAME", "TECHNIQUES", "ANALYTICS", "ASSURED", "CLAIMED", "FIRST RELIABLE CHANCE"}}
	for i := range r.Columns {
		c := &r.Columns[i]
		rows = append(rows, []string{c.Label(), clip(c.Of.Name, 30), strconv.Itoa(c.Techniques), strconv.Itoa(c.Totals.Applicable),
			strconv.Itoa(c.Totals.Assured), strconv.Itoa(c.Totals.Claimed), chanceWords(c.First, c.Unseen)})
	}
	rows = append(rows, []string{"all", "each once", strconv.Itoa(len(r.Rows)), strconv.Itoa(r.Totals.Applicable),
		strconv.Itoa(r.Totals.Assured), strconv.Itoa(r.Totals.Claimed), chanceWords(r.First, r.Unseen)})
	g.head("Members: applicable analytics of the techniques they use themselves")
	g.table("  ", rows)
	showProfileRows(g, r)
	g.head("Limits")
	for _, l := range r.Limits {
		g.wrap("  ", l, 100)
	}
	g.line("\n%s  as of %s, policy %s", r.Release, r.AsOf.UTC().Format("2006-01-02"), r.Policy)
}

// chanceWords says the first reliable chance, and what cannot be seen before it.
func chanceWords(first *standing.Chance, unseen []assure.Name) string {
	text, before := "none", "; nothing that applies is seen in "
	if first != nil {
		before = "; not seen before it: "
		text = first.Tactic.Name + ": " + first.Technique.ATTACKID + " by " + first.Analytic.ATTACKID
	}
	if len(unseen) > 0 {
		var names []string
		for _, n := range unseen {
			names = append(names, n.Name)
		}
		text += before + attack.Listed(names)
	}
	return text
}

func showProfileRows(g *sheet, r *assessment.Profiled) {
	if len(r.Rows) == 0 {
		g.line("\nIts members use no live technique of %s themselves.", r.Release)
		return
	}
	head := []string{"TACTIC", "TECHNIQUE", "NAME", "WORST CASE", "DISTRIBUTION"}
	for i := range r.Columns {
		head = append(head, strings.ToUpper(r.Columns[i].Label()))
	}
	rows := [][]string{head}
	last := ""
	for i := range r.Rows {
		t := &r.Rows[i]
		tactic := ""
		if len(t.Tactics) > 0 && t.Tactics[0].Name != last {
			last = t.Tactics[0].Name
			tactic = clip(last, 20)
		}
		row := []string{tactic, t.Of.ATTACKID, clip(t.Of.Name, 36), words(t.Worst), spread(&t.Totals)}
		for _, used := range t.Uses {
			row = append(row, map[bool]string{true: "x", false: "·"}[used])
		}
		rows = append(rows, row)
	}
	g.head("Techniques")
	g.table("  ", rows)
}

func (p *program) profileSetCommand() *cobra.Command {
	var ref attack.ReleaseRef
	var groups, campaigns, software []string
	var from, by string
	c := &cobra.Command{
		Use:   "set PROFILE",
		Short: "State a threat profile, or change one",
		Long: `Set states who is in a profile. Members are named by ATT&CK ID, name or alias, and an
unknown one is refused. Of a profile that is there only what is given changes: --group gives
all its groups anew, and --group '' none.

--layer reads the techniques that a layer of the ATT&CK Navigator scores above zero and does
not disable.`,
		Example: "  candor profile set retail-2027 --group FIN7 --group G0037 --software 'Cobalt Strike' --owner 'Ann Lee' --by 'Ann Lee'\n" +
			"  candor profile set red-team --layer plan.json --owner 'red team' --by 'Ann Lee'",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			change := profile.Change{Name: args[0], By: by, At: p.Now(), Owner: given(cmd, "owner"), Note: given(cmd, "note"),
				Groups: several(cmd, "group", groups), Campaigns: several(cmd, "campaign", campaigns), Software: several(cmd, "software", software)}
			if cmd.Flags().Changed("layer") {
				ids, err := p.layerTechniques(from)
				if err != nil {
					return err
				}
				change.Techniques, change.Layer = &ids, from
			}
			return p.stateProfile(cmd, ref, change)
		},
	}
	refFlags(c, &ref)
	f := c.Flags()
	f.StringArrayVar(&groups, "group", nil, "a group, any number of times")
	f.StringArrayVar(&campaigns, "campaign", nil, "a campaign, any number of times")
	f.StringArrayVar(&software, "software", nil, "a piece of software, any number of times")
	f.StringVar(&from, "layer", "", "file of an ATT&CK Navigator layer; '' for none")
	f.String("owner", "", "who answers for it (required for a new one)")
	f.String("note", "", "more words: why these")
	f.StringVar(&by, "by", "", "who says so (required)")
	_ = c.MarkFlagRequired("by")
	return c
}

// several returns what a flag of several was set to; nil where it was not.
func several(cmd *cobra.Command, name string, values []string) *[]string {
	if !cmd.Flags().Changed(name) {
		return nil
	}
	return &values
}

// layerTechniques returns the techniques that a layer picks out; none for no file.
func (p *program) layerTechniques(file string) ([]string, error) {
	if file == "" {
		return []string{}, nil
	}
	data, err := os.ReadFile(p.path(file))
	if err != nil {
		return nil, fault.New(fault.NotFound, "the layer cannot be read").At("%s", file).Because(err).Next("name a layer of the ATT&CK Navigator, a JSON file")
	}
	return layer.Scored(file, data)
}

// stateProfile records a change, and prints what is stated then.
func (p *program) stateProfile(cmd *cobra.Command, ref attack.ReleaseRef, change profile.Change) error {
	req, err := p.request(judging{ref: ref})
	if err != nil {
		return err
	}
	return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
		made, fresh, err := d.Assessment.StateProfile(ctx, req, change)
		if err != nil {
			return err
		}
		return p.emit(made, func(g *sheet) {
			word := "stated"
			switch {
			case made.Removed:
				word = "removed"
			case !fresh:
				word = "unchanged:"
			}
			g.line("%s profile %s, owned by %s", word, g.bold(made.Name), made.Owner)
			g.wrap("  ", membersOf(&made), 100)
		})
	})
}

func (p *program) profileRemoveCommand() *cobra.Command {
	var by string
	c := &cobra.Command{
		Use:     "remove PROFILE",
		Short:   "Say that a profile is none any more; its history stays",
		Example: "  candor profile remove retail-2027 --by 'Ann Lee' --note 'replaced by retail-2028'",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.stateProfile(cmd, attack.ReleaseRef{}, profile.Change{Name: args[0], By: by, At: p.Now(), Note: given(cmd, "note"), Remove: true})
		},
	}
	c.Flags().StringVar(&by, "by", "", "who says so (required)")
	c.Flags().String("note", "", "why (required)")
	_, _ = c.MarkFlagRequired("by"), c.MarkFlagRequired("note")
	return c
}

func (p *program) profileHistoryCommand() *cobra.Command {
	return &cobra.Command{
		Use: "history PROFILE", Short: "Everything that was ever stated of a profile, oldest first, with its batches",
		Example: "  candor profile history retail-2027", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				all, err := d.Assessment.ProfileHistory(ctx, args[0])
				if err != nil {
					return err
				}
				return p.emit(all, func(g *sheet) {
					for i := range all {
						s := &all[i]
						state := "owned by " + s.Owner
						if s.Removed {
							state = "removed: " + s.Note
						}
						g.line("%s  %s  %s, by %s  %s", s.At.Format("2006-01-02 15:04"), g.bold(s.Name), state, s.By, s.Batch)
						g.wrap("  ", membersOf(&s.Profile), 100)
					}
				})
			})
		},
	}
}

// spread says how many analytics stand on each rung, the best last.
func spread(t *assure.Totals) string {
	var parts []string
	for _, c := range t.Rungs {
		if c.Count > 0 {
			parts = append(parts, strconv.Itoa(c.Count)+" "+words(c.Rung))
		}
	}
	if len(parts) == 0 {
		return "no analytic"
	}
	return strings.Join(parts, ", ")
}
