package cli

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/near"
	"candor/internal/policy"
)

// judging holds the flags that say what is judged, by what, and as of when.
type judging struct {
	ref      attack.ReleaseRef
	platform string
	profile  string
	site     string
	asOf     string
	policy   string
}

func (j *judging) flags(c *cobra.Command) {
	j.wholeFlags(c)
	c.Flags().StringVar(&j.platform, "platform", "", "only the analytics of one platform, for example Linux")
	j.profileFlag(c)
}

// profileFlag is that of what can be read for a threat profile.
func (j *judging) profileFlag(c *cobra.Command) {
	c.Flags().StringVar(&j.profile, "profile", "", "only the techniques that a threat profile is about, by its name (candor profile list)")
}

// wholeFlags are those of what is judged over all platforms.
func (j *judging) wholeFlags(c *cobra.Command) {
	refFlags(c, &j.ref)
	c.Flags().StringVar(&j.asOf, "as-of", "", "judge as of this day, 2006-01-02 (default: today)")
	c.Flags().StringVar(&j.policy, "policy", "", "policy file (default: policy.yaml in the data folder, else built in)")
}

// siteFlag is that of what can be judged for one site.
func (j *judging) siteFlag(c *cobra.Command) {
	c.Flags().StringVar(&j.site, "site", "", "judge the evidence of one site, with what names no site")
}

// request makes the request that the flags stand for.
func (p *program) request(j judging) (assessment.Request, error) {
	r := assessment.Request{Release: selected(j.ref), Platform: j.platform, Profile: j.profile, Site: j.site, AsOf: p.Now()}
	if j.asOf != "" {
		d, err := day.Parse(j.asOf)
		if err != nil {
			return r, fault.New(fault.Usage, "%q is not a day", j.asOf).At("--as-of").Next("write it as 2006-01-02")
		}
		r.AsOf = d.Time().Add(24*time.Hour - time.Second)
	}
	var err error
	r.Policy, err = p.policyInForce(j.policy)
	return r, err
}

// policyInForce reads the named policy file, else policy.yaml of the data
// folder, else returns the built-in policy.
func (p *program) policyInForce(path string) (assure.Policy, error) {
	if path == "" {
		path = p.data + "/policy.yaml"
		if _, err := os.Stat(p.path(path)); os.IsNotExist(err) {
			return p.policies.Read(nil, "")
		}
	}
	f, err := os.Open(p.path(path))
	if err != nil {
		return assure.Policy{}, unreadable(path, err)
	}
	defer f.Close()
	return p.policies.Read(f, path)
}

// unreadable is the fault of a policy file that cannot be opened.
func unreadable(path string, err error) error {
	return fault.New(fault.Invalid, "the policy cannot be read").At("%s", path).Because(err).
		Next("%s", cmp.Or(fault.Rights(err, "the file and its folder"), "candor policy show > policy.yaml writes one to start from"))
}

func (p *program) assessCommand() *cobra.Command {
	var j judging
	var explain, rung, keep, by string
	var summary, claims bool
	var fail failing
	c := &cobra.Command{
		Use:   "assess",
		Short: "A verdict for every analytic, with reasons and next steps",
		Long: `Assess judges every analytic of a release by the evidence and the policy in force:
its rung, the reasons with the evidence behind each, and the next step. Then it
prints the totals: claimed (at least one enabled rule), assured (reliable), the
distance between them, and the next steps that would lift most analytics.

Where evidence names sites, the summary says at which of them a verdict does not hold;
--site judges one of them by the same rules, with what names no site.

--fail-on lets a build fail: with a condition such as 'newly contradicted > 0' it exits with 3
where that holds, and names the analytics; doc/ci-guide.md has the grammar.`,
		Example: "  candor assess --summary\n  candor assess --platform Linux --rung rule_only\n  candor assess --explain AN1989\n  candor assess --by platform\n  candor assess --json > assessment.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			req, err := p.request(j)
			if err != nil {
				return err
			}
			if rung != "" && !slices.Contains(assure.Rungs(), assure.Rung(rung)) {
				return fault.New(fault.Usage, "there is no rung %q", rung).At("--rung").Next("%s", near.Hint(rung, rungWords(), ""))
			}
			if by != "" && !slices.Contains(assure.Dimensions(), assure.Dimension(by)) {
				return fault.New(fault.Usage, "nothing is rolled up by %q", by).At("--by").Next("%s", near.Hint(by, []string{"tactic", "platform", "technique", "strategy"}, ""))
			}
			conditions, err := fail.parse()
			if err != nil {
				return err
			}
			return p.with(cmd, keep != "", func(ctx context.Context, d *Desk) error {
				if explain != "" {
					return p.explain(ctx, d, req, explain, claims)
				}
				a, err := d.Assessment.Overview(ctx, req)
				if err != nil {
					return err
				}
				if err := p.keepAssessment(keep, a); err != nil {
					return err
				}
				whole := a
				if by != "" {
					roll := assure.RollUp(a, assure.Dimension(by))
					return cmp.Or(p.emit(roll, func(g *sheet) { showRollup(g, &roll) }), p.failsOn(&fail, conditions, &whole))
				}
				if rung != "" {
					a.Verdicts = slices.DeleteFunc(slices.Clone(a.Verdicts), func(v assure.Verdict) bool { return v.Rung != assure.Rung(rung) })
				}
				return cmp.Or(p.emit(a, func(g *sheet) { showAssessment(g, a, summary) }), p.failsOn(&fail, conditions, &whole))
			})
		},
	}
	j.flags(c)
	j.siteFlag(c)
	c.Flags().StringVar(&explain, "explain", "", "print the whole derivation of one analytic")
	c.Flags().BoolVar(&claims, "claims", false, "with --explain, list every claim, those that cannot count included")
	c.Flags().StringVar(&rung, "rung", "", "only list verdicts on one rung: "+rungNames())
	c.Flags().BoolVar(&summary, "summary", false, "totals and next steps only")
	c.Flags().StringVar(&by, "by", "", "the distribution and the worst case for each tactic, platform, technique or strategy")
	_ = c.RegisterFlagCompletionFunc("rung", cobra.FixedCompletions(strings.Split(rungNames(), ", "), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("by", cobra.FixedCompletions([]string{"tactic", "platform", "technique", "strategy"}, cobra.ShellCompDirectiveNoFileComp))
	keepFlag(c, &keep)
	fail.flags(c)
	for _, narrows := range []string{"explain", "platform", "profile", "site"} { // what is kept is of the whole
		c.MarkFlagsMutuallyExclusive("fail-on", narrows)
	}
	c.MarkFlagsMutuallyExclusive("keep", "explain")
	c.MarkFlagsMutuallyExclusive("keep", "platform")
	c.MarkFlagsMutuallyExclusive("keep", "profile")
	c.MarkFlagsMutuallyExclusive("keep", "site")
	c.MarkFlagsMutuallyExclusive("by", "explain")
	c.MarkFlagsMutuallyExclusive("by", "rung")
	c.AddCommand(p.keptCommand(), p.compareCommand())
	return c
}

func rungNames() string { return strings.Join(rungWords(), ", ") }

func rungWords() []string {
	var ns []string
	for _, r := range assure.Rungs() {
		ns = append(ns, string(r))
	}
	return ns
}

func (p *program) explain(ctx context.Context, d *Desk, req assessment.Request, id string, claims bool) error {
	v, err := d.Assessment.Explain(ctx, req, id)
	if err != nil {
		return err
	}
	return p.emit(v, func(g *sheet) {
		showVerdict(g, v.Verdict, claims)
		g.line("\n%s  as of %s, window %s to %s, policy %s", v.Release, v.AsOf.UTC().Format("2006-01-02"), v.Window.From, v.Window.To, v.Policy)
	})
}

func (p *program) policyCommand() *cobra.Command {
	var file string
	show := &cobra.Command{
		Use:   "show",
		Short: "Print the policy in force, every setting explained",
		Long:  "Show prints the policy in force as a policy file: save it, change what you mean\nto change, and hand it back with candor policy set FILE, or with --policy for one run.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			pol, err := p.policyInForce(file)
			if err != nil {
				return err
			}
			if p.json {
				return p.emit(policy.Explain(pol), nil)
			}
			if file != "" {
				return policy.WriteYAML(p.Out, pol)
			}
			return p.showPolicy(cmd, &pol)
		},
	}
	show.Flags().StringVar(&file, "policy", "", "policy file (default: policy.yaml in the data folder, else built in)")
	return group("policy", "The thresholds that verdicts are judged by",
		"A policy is explicit, versioned and named in every output.", show, p.policySetCommand())
}
