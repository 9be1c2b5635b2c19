package cli

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/attack/rename"
	"candor/internal/fault"
	"candor/internal/upgrade"
)

// upgrading holds the flags of an upgrade.
type upgrading struct {
	judging
	mapping           string
	choices, withdraw []string
	apply, csv        bool
	by, why           string
	limit             int
}

// Upgraded is a plan, with what was recorded of it.
type Upgraded struct {
	assessment.Upgrade
	// Recorded are the decisions that were recorded, in Batch; empty where none were.
	Recorded []attack.Decision `json:"recorded"`
	Batch    string            `json:"batch,omitempty"`
}

func (p *program) upgradeCommand() *cobra.Command {
	var u upgrading
	c := &cobra.Command{
		Use:   "upgrade OLD NEW",
		Short: "What a newer release does to what evidence names, before anything changes",
		Long: `Upgrade lists the rules, exercises, runbooks, tuning records, gaps, profiles, notes, cases,
chains and signals that name what NEW revoked, split, renamed, deprecated or removed, to
what each would go and who says so, which verdicts would move and why, and what stays
ambiguous. Both releases judge the same evidence. It changes nothing.

--mapping FILE reads besides which ID became which (CSV or JSON Lines of old,new); a NEW that
is not imported is then known as far as the file tells it.

--decide chooses what an ID is read as: T1562=T1685 for all who name it, T1562@rule:ID=T1686
for one, T1562=none for what means nothing any more. --apply records what is chosen and what
is certain, as decisions that judgement reads under NEW and later; evidence itself stays as
it is. Each is withdrawn by --withdraw T1562, all of one batch by candor evidence withdraw.`,
		Example: "  candor attack upgrade 18.1 19.0\n  candor attack upgrade 18.1 19.0 --mapping v18-to-v19.csv --csv > upgrade.csv\n" +
			"  candor attack upgrade 18.1 19.0 --decide T1562.006=T1685 --apply --by 'Ann Lee' --why 'read the new descriptions'",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return p.upgrade(cmd, &u, args[0], args[1]) },
	}
	f := c.Flags()
	f.StringVar(&u.ref.Domain, "domain", "", "ATT&CK domain: enterprise, mobile, ics, ... (default: enterprise)")
	f.StringVar(&u.asOf, "as-of", "", "judge as of this day, 2006-01-02 (default: today)")
	f.StringVar(&u.policy, "policy", "", "policy file (default: policy.yaml in the data folder, else built in)")
	u.siteFlag(c)
	f.StringVar(&u.mapping, "mapping", "", "file that says which ID became which")
	f.StringArrayVar(&u.choices, "decide", nil, "what an ID is read as, any number of times")
	f.StringArrayVar(&u.withdraw, "withdraw", nil, "an ID, or ID@KIND:HOLDER, of which a decision is taken back, any number of times")
	f.BoolVar(&u.apply, "apply", false, "record what is certain and what is decided")
	f.StringVar(&u.by, "by", "", "who decides (required to record)")
	f.StringVar(&u.why, "why", "", "why (required for what is not certain)")
	f.BoolVar(&u.csv, "csv", false, "print CSV, one row for each who names an ID")
	f.IntVarP(&u.limit, "limit", "n", 12, "how many of those who name an ID, and of the verdicts that move, to print; 0 prints all")
	return c
}

func (p *program) upgrade(cmd *cobra.Command, u *upgrading, from, to string) error {
	q, err := p.upgradeAsked(u, from, to)
	if err != nil {
		return err
	}
	writes := u.apply || len(u.withdraw) > 0
	if writes && u.by == "" {
		return fault.New(fault.Usage, "it is not said who decides").At("--by").Next("say who")
	}
	return p.with(cmd, writes, func(ctx context.Context, d *Desk) error {
		out := Upgraded{Recorded: []attack.Decision{}}
		if out.Upgrade, err = d.Assessment.Upgrade(ctx, q); err != nil {
			return err
		}
		if writes {
			ds, err := p.toRecord(u, &out, q.Choices)
			if err != nil {
				return err
			}
			made, batch, err := d.Assessment.Decide(ctx, q, ds)
			if err != nil {
				return err
			}
			out.Recorded, out.Batch = append(out.Recorded, made...), batch
			q.Choices = nil
			if out.Upgrade, err = d.Assessment.Upgrade(ctx, q); err != nil {
				return err
			}
		}
		if u.csv && !p.json {
			l := assessment.UpgradeRoster(&out.Upgrade)
			body, err := l.CSV()
			if err != nil {
				return err
			}
			_, err = p.Out.Write(body)
			return err
		}
		return p.emit(out, func(g *sheet) { showUpgrade(g, &out, u.limit, writes) })
	})
}

// upgradeAsked reads what the flags ask for.
func (p *program) upgradeAsked(u *upgrading, from, to string) (assessment.UpgradeAsked, error) {
	req, err := p.request(u.judging)
	if err != nil {
		return assessment.UpgradeAsked{}, err
	}
	domain := attack.DomainName(u.ref.Domain)
	q := assessment.UpgradeAsked{Request: req, Old: attack.ReleaseRef{Domain: domain, Version: from}, New: attack.ReleaseRef{Domain: domain, Version: to}}
	if q.Mapping, err = p.mappingFile(u.mapping); err != nil {
		return q, err
	}
	for _, text := range u.choices {
		d, err := upgrade.Chosen(text)
		if err != nil {
			return q, err
		}
		d.By, d.Why, d.At = cmp.Or(u.by, "whoever applies this"), cmp.Or(u.why, "not said yet"), p.Now()
		q.Choices = append(q.Choices, d)
	}
	return q, nil
}

// mappingFile reads a mapping whole; a file of which anything is wrong is refused, with
// everything that is.
func (p *program) mappingFile(file string) ([]attack.Rename, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(p.path(file))
	if err != nil {
		return nil, unreadable(file, err)
	}
	return rename.Strict(file, data)
}

// toRecord is what is recorded: what is certain and chosen, or what is withdrawn.
func (p *program) toRecord(u *upgrading, out *Upgraded, choices []attack.Decision) ([]attack.Decision, error) {
	var ds []attack.Decision
	if u.apply {
		for _, d := range out.Proposed() {
			d.By, d.At = u.by, p.Now()
			ds = append(ds, d)
		}
		for _, d := range choices {
			d.Why = u.why
			ds = append(ds, d)
		}
	}
	for _, text := range u.withdraw {
		d, err := upgrade.Holding(text)
		if err != nil {
			return nil, err
		}
		d.By, d.Why, d.At, d.Withdrawn = u.by, u.why, p.Now(), true
		ds = append(ds, d)
	}
	return ds, nil
}

func showUpgrade(g *sheet, out *Upgraded, most int, wrote bool) {
	u := &out.Upgrade
	g.line("%s", g.bold("From "+u.Old.String()+" to "+u.New.String()))
	if wrote {
		showRecorded(g, out)
	}
	g.line("%s of %s that name ATT&CK IDs name what changed: %s.", group3(int64(u.Things)), plural(u.All, "thing", "things"), statesOf(u))
	for _, s := range []upgrade.State{upgrade.Ambiguous, upgrade.Certain, upgrade.Decided, upgrade.Unaffected} {
		if u.Count(s) > 0 {
			showItems(g, u, s, most)
		}
	}
	if u.Judged {
		showMoves(g, u, most)
	}
	if len(u.Limits) > 0 {
		g.head("Limits")
		for _, l := range u.Limits {
			g.wrap("  ", l, 100)
		}
	}
	next := ""
	switch {
	case !u.Judged:
		next = "candor attack import FILE brings " + u.New.String() + ", so that verdicts can be judged by it"
	case u.Count(upgrade.Certain) > 0:
		next = "--apply --by NAME records what is certain; what is ambiguous waits for --decide"
	case u.Count(upgrade.Ambiguous) > 0:
		next = "--decide ID=TO --apply --by NAME --why TEXT records what you choose"
	}
	if next != "" {
		g.line("\nnext: %s", next)
	}
	g.line("\nas of %s, policy %s", u.AsOf.UTC().Format("2006-01-02"), u.Policy)
}

func showRecorded(g *sheet, out *Upgraded) {
	if len(out.Recorded) == 0 {
		g.line("unchanged: nothing was decided that was not decided before")
		return
	}
	g.line("recorded  %s in %s", plural(len(out.Recorded), "decision", "decisions"), out.Batch)
	for i := range out.Recorded {
		d := &out.Recorded[i]
		says := d.Says()
		if d.Withdrawn {
			says = d.ID + ": the decision is withdrawn by " + d.By + ": " + d.Why
		}
		if d.Holder.Kind != "" {
			says = d.Holder.Kind + " " + d.Holder.ID + ": " + says
		}
		g.wrap("          ", says, 100)
	}
}

// statesOf counts the IDs by what is left to do.
func statesOf(u *assessment.Upgrade) string {
	if len(u.Items) == 0 {
		return "no ID"
	}
	var parts []string
	for _, s := range []struct {
		state upgrade.State
		words string
	}{{upgrade.Ambiguous, "for a person"}, {upgrade.Certain, "certain"}, {upgrade.Decided, "decided"}, {upgrade.Unaffected, "read as before"}} {
		if n := u.Count(s.state); n > 0 {
			parts = append(parts, group3(int64(n))+" "+s.words)
		}
	}
	return plural(len(u.Items), "ID", "IDs") + ", " + strings.Join(parts, ", ")
}

func showItems(g *sheet, u *assessment.Upgrade, s upgrade.State, most int) {
	g.head("%s", map[upgrade.State]string{upgrade.Ambiguous: "Needs a person", upgrade.Certain: "Certain", upgrade.Decided: "Decided", upgrade.Unaffected: "Renamed, and read as before"}[s])
	for i := range u.Items {
		x := &u.Items[i]
		if x.State != s {
			continue
		}
		to := ""
		if len(x.To) > 0 && x.Fate != upgrade.Renamed {
			to = " -> " + strings.Join(x.To, ", ")
		}
		g.line("  %s %s%s  %s, named by %s", g.bold(x.ID), x.Name, to, x.Fate, kindsOf(x.Named))
		g.wrap("    ", x.Why, 100)
		for _, c := range x.Candidates {
			if c.Suggested {
				g.wrap("    ", "related: "+c.ID+" "+c.Name+" ("+strings.Join(c.By, "; ")+")", 100)
			}
		}
		if len(x.Merged) > 0 {
			g.wrap("    ", "The same becomes of "+attack.Listed(x.Merged)+".", 100)
		}
		for k := range x.Named {
			n := &x.Named[k]
			if most > 0 && k == most {
				g.line("    … and %d more (-n 0 prints all)", len(x.Named)-k)
				break
			}
			g.wrap("    ", joined(": ", n.Kind+" "+n.ID+" "+strings.TrimPrefix(n.Title, n.ID), n.Decision), 100)
		}
	}
}

// kindsOf counts holders by their kind.
func kindsOf(named []upgrade.Naming) string {
	n := map[string]int{}
	var kinds []string
	for i := range named {
		if n[named[i].Kind]++; n[named[i].Kind] == 1 {
			kinds = append(kinds, named[i].Kind)
		}
	}
	for i, k := range kinds {
		kinds[i] = plural(n[k], k, k+"s")
	}
	return attack.Listed(kinds)
}

func showMoves(g *sheet, u *assessment.Upgrade, most int) {
	moved := slices.Clone(u.Moves)
	if len(moved) == 0 {
		g.line("\nNo verdict moves: of %s applicable analytics %d are assured by %s, and of %s %d by %s.", group3(int64(u.Before.Applicable)), u.Before.Assured, u.Old,
			group3(int64(u.After.Applicable)), u.After.Assured, u.New)
		return
	}
	g.head("Verdicts that move, with what is certain and decided")
	g.line("  assured %d of %d applicable by %s, %d of %d by %s; claimed %d, then %d", u.Before.Assured, u.Before.Applicable, u.Old,
		u.After.Assured, u.After.Applicable, u.New, u.Before.Claimed, u.After.Claimed)
	for i := range moved {
		m := &moved[i]
		if most > 0 && i == most {
			g.line("  … and %d more (-n 0 prints all)", len(moved)-i)
			break
		}
		was, is := cmp.Or(words(m.From), "not in "+u.Old.String()), cmp.Or(words(m.To), "not in force")
		if m.Undecided != m.To && m.To != "" {
			is += " (" + words(m.Undecided) + " as long as nothing is decided)"
		}
		g.line("  %s %s: %s -> %s", g.bold(m.Analytic.ATTACKID), clip(m.Analytic.Name, 50), was, is)
		for _, b := range m.Because {
			g.wrap("    ", b, 100)
		}
	}
}
