package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/evidence"
	"candor/internal/excerpt"
	"candor/internal/library"
	"candor/internal/matrix"
	"candor/internal/relay"
	"candor/internal/store"
)

// values lists what an argument or a flag may be, from the data folder where it is
// what that holds, with what each is behind a tab.
type values func(ctx context.Context, d *Desk, ref attack.ReleaseRef) ([]string, error)

// argumentValues are what arguments may be, by what lines of usage call them.
func argumentValues() map[string][]values {
	analytics := objects(attack.KindAnalytic)
	return map[string][]values{
		"ID": {objects()}, "TECHNIQUE": {objects(attack.KindTechnique, attack.KindSubTechnique)}, "ID|RULE": {analytics, ruleIDs},
		"RULE": {ruleIDs}, "CASE": {caseIDs}, "ALERT|CASE": {caseIDs}, "BATCH": {batchIDs}, "ENTRY": {batchIDs}, "BATCH|ENTRY": {batchIDs},
		"PROFILE": {profileNames}, "RELEASE": {releaseNumbers}, "OLD": {releaseNumbers}, "NEW": {releaseNumbers},
	}
}

// flagValues are what flags may be, by their names, behind the command's where that
// alone has it.
func flagValues() map[string][]values {
	analytics := objects(attack.KindAnalytic)
	return map[string][]values{
		"explain": {analytics}, "analytic": {analytics}, "rule": {ruleIDs}, "release": {releaseNumbers}, "domain": {domainNames},
		"platform": {platformNames}, "site": {siteNames}, "profile": {profileNames}, "tactic": {objects(attack.KindTactic)}, "kind": {kindWords}, "group": {objects(attack.KindGroup)},
		"software": {objects(attack.KindMalware, attack.KindTool)}, "campaign": {objects(attack.KindCampaign)}, "view": {viewWords},
		"export --format": {fixed("stix", "csv", "xlsx", "layer")}, "export --table": {fixed(excerpt.Tables()...)}, "template --for": {analytics}, "gate --for": {purposeWords}, "waive --for": {purposeWords},
	}
}

// fixed are values that are the same for every folder.
func fixed(list ...string) values {
	return func(context.Context, *Desk, attack.ReleaseRef) ([]string, error) { return list, nil }
}

// completions has the shell complete the arguments and flags of c and every command
// below it.
func (p *program) completions(c *cobra.Command) {
	for _, sub := range c.Commands() {
		p.completions(sub)
	}
	names, most := named(c.Use)
	if len(names) > 0 && c.ValidArgsFunction == nil && len(c.ValidArgs) == 0 && c.Name() != "revoke" {
		c.ValidArgsFunction = func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) >= most {
				return nil, fileless(names[len(names)-1])
			}
			name := strings.Trim(names[min(len(args), len(names)-1)], "[].")
			return p.complete(cmd, argumentValues()[name], begun), fileless(name)
		}
	}
	for key, from := range flagValues() {
		name := key
		if of, flag, ok := strings.Cut(key, " --"); ok && of == c.Name() {
			name = flag
		}
		if _, there := c.GetFlagCompletionFunc(name); there || c.Flags().Lookup(name) == nil {
			continue
		}
		_ = c.RegisterFlagCompletionFunc(name, func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			return p.complete(cmd, from, begun), cobra.ShellCompDirectiveNoFileComp
		})
	}
}

// fileless returns whether a shell offers files for an argument: only for one that is
// a file or a folder.
func fileless(name string) cobra.ShellCompDirective {
	if strings.Contains(name, "FILE") || strings.Contains(name, "PATH") {
		return cobra.ShellCompDirectiveDefault
	}
	return cobra.ShellCompDirectiveNoFileComp
}

// complete returns what begins with what was typed, in any case. Where there is no data
// folder, or it cannot be read, there is nothing, and nothing is said.
func (p *program) complete(cmd *cobra.Command, from []values, begun string) []string {
	if len(from) == 0 {
		return nil
	}
	m := p.mode(cmd, false)
	m.Note = nil
	var found []string
	err := p.in(cmd, m, func(ctx context.Context, d *Desk) error {
		var ref attack.ReleaseRef
		if f := cmd.Flags(); f.Lookup("release") != nil && f.Lookup("domain") != nil {
			ref.Domain, ref.Version = f.Lookup("domain").Value.String(), f.Lookup("release").Value.String()
		}
		for _, values := range from {
			all, err := values(ctx, d, selected(ref))
			if err != nil {
				return err
			}
			found = append(found, beginning(all, begun)...)
		}
		return nil
	})
	if away := (*relay.Elsewhere)(nil); errors.As(err, &away) {
		p.away = away
	}
	return found
}

// beginning returns the values that begin with what was typed.
func beginning(all []string, begun string) []string {
	var found []string
	for _, v := range all {
		if len(v) >= len(begun) && strings.EqualFold(v[:len(begun)], begun) {
			found = append(found, v)
		}
	}
	return found
}

// objects lists the ATT&CK IDs of the live objects of the newest release that is
// selected, of some kinds or of all.
func objects(kinds ...attack.Kind) values {
	return func(ctx context.Context, d *Desk, ref attack.ReleaseRef) ([]string, error) {
		all, err := d.Releases.Releases(ctx)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, r := range attack.Newest(all, ref) {
			ls, _, err := d.Releases.List(ctx, store.Query{Release: r, Kinds: kinds, Lifecycle: "live", Limit: 1 << 20})
			if err != nil {
				return nil, err
			}
			for _, l := range ls {
				if l.ATTACKID != "" {
					ids = append(ids, l.ATTACKID+"\t"+l.Name)
				}
			}
		}
		slices.Sort(ids)
		return slices.Compact(ids), nil
	}
}

// releaseNumbers lists the numbers of the releases that the library holds.
func releaseNumbers(ctx context.Context, d *Desk, ref attack.ReleaseRef) ([]string, error) {
	all, err := d.Releases.Releases(ctx)
	var numbers []string
	for _, r := range all {
		if ref.Domain == "" || ref.Domain == r.Domain {
			numbers = append(numbers, r.Version)
		}
	}
	slices.SortFunc(numbers, func(a, b string) int { return attack.CompareVersions(b, a) })
	return slices.Compact(numbers), err
}

// domainNames lists the domains of the releases that the library holds.
func domainNames(ctx context.Context, d *Desk, _ attack.ReleaseRef) ([]string, error) {
	all, err := d.Releases.Releases(ctx)
	var names []string
	for _, r := range all {
		names = append(names, attack.ShortDomain(r.Domain))
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// platformNames lists the platforms of the release that is selected.
func platformNames(ctx context.Context, d *Desk, ref attack.ReleaseRef) ([]string, error) {
	r, err := d.Library.Release(ctx, ref)
	if err != nil {
		return nil, err
	}
	ls, _, err := d.Releases.List(ctx, store.Query{Release: r, Lifecycle: "live", Limit: 1 << 20})
	var names []string
	for _, l := range ls {
		names = append(names, l.Platforms...)
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// siteNames lists the sites that the evidence names.
func siteNames(ctx context.Context, d *Desk, _ attack.ReleaseRef) ([]string, error) {
	return d.Assessment.Sites(ctx)
}

// profileNames lists the threat profiles that are stated.
func profileNames(ctx context.Context, d *Desk, _ attack.ReleaseRef) ([]string, error) {
	all, err := d.Assessment.Profiles(ctx)
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	return names, err
}

func kindWords(context.Context, *Desk, attack.ReleaseRef) ([]string, error) {
	return library.KindWords(), nil
}

func purposeWords(context.Context, *Desk, attack.ReleaseRef) ([]string, error) {
	var words []string
	for _, p := range assure.Purposes() {
		words = append(words, string(p))
	}
	return words, nil
}

// ruleIDs lists the ids of the rules that alerts name or that are known as evidence.
func ruleIDs(ctx context.Context, d *Desk, _ attack.ReleaseRef) ([]string, error) {
	fired, err := d.Alerts.Rules(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	var ids []string
	for _, r := range fired {
		known[r.ID] = true
		ids = append(ids, told(r.ID, r.Name))
	}
	records, err := d.Evidence.Current(ctx, evidence.RecordRule)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if _, id := r.Identity(); !known[id] {
			ids = append(ids, told(id, titleOf(r)))
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return ids, nil
}

// caseIDs lists the ids of the cases that are known.
func caseIDs(ctx context.Context, d *Desk, _ attack.ReleaseRef) ([]string, error) {
	records, err := d.Evidence.Current(ctx, evidence.RecordCase)
	var ids []string
	for _, r := range records {
		ids = append(ids, told(r.Key, titleOf(r)))
	}
	return ids, err
}

// batchIDs lists the ids of the batches of evidence, the latest first.
func batchIDs(ctx context.Context, d *Desk, _ attack.ReleaseRef) ([]string, error) {
	kept, err := d.Evidence.Batches(ctx)
	if err != nil {
		return nil, err
	}
	of, err := d.Alerts.Batches(ctx)
	if err != nil {
		return nil, err
	}
	kept = append(kept, of...)
	slices.SortStableFunc(kept, func(a, b store.Batch) int { return b.Added.Compare(a.Added) })
	var ids []string
	for _, b := range kept {
		ids = append(ids, told(b.ID, b.Kind+" of "+b.Added.UTC().Format("2006-01-02")))
	}
	return ids, nil
}

// told is a value with what it is.
func told(value, what string) string {
	if what = strings.Join(strings.Fields(what), " "); what == "" || what == value {
		return value
	}
	return value + "\t" + what
}

// titleOf returns the title of a rule or a case.
func titleOf(r store.Record) string {
	var body struct {
		Title string `json:"title"`
		Name  string `json:"name"`
	}
	if json.Unmarshal(r.Body, &body) != nil {
		return ""
	}
	if body.Title != "" {
		return body.Title
	}
	return body.Name
}

// hold keeps back what a completion answers, when the command line is one, so that a
// server that has the folder can answer in its place. What it returns prints the answer,
// or reports who is to give it.
func (p *program) hold(root *cobra.Command) func(away **relay.Elsewhere) bool {
	if len(p.Args) == 0 || p.Args[0] != cobra.ShellCompRequestCmd && p.Args[0] != cobra.ShellCompNoDescRequestCmd {
		return func(**relay.Elsewhere) bool { return false }
	}
	var out, said bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&said)
	return func(away **relay.Elsewhere) bool {
		if *away = p.away; p.away != nil {
			return true
		}
		_, _ = out.WriteTo(p.Out)
		_, _ = said.WriteTo(p.Err)
		return false
	}
}

// viewWords lists what the cells of a matrix can say.
func viewWords(context.Context, *Desk, attack.ReleaseRef) ([]string, error) {
	var words []string
	for _, v := range matrix.Views() {
		words = append(words, string(v)+"\t"+v.Title())
	}
	return words, nil
}
