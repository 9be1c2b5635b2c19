package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/attack"
	"candor/internal/fault"
)

// removing is what `candor attack remove` is asked to do.
type removing struct {
	domain, stix, by, reason string
}

func (p *program) removeCommand() *cobra.Command {
	var rm removing
	c := &cobra.Command{
		Use:   "remove RELEASE",
		Short: "Remove an imported release, on the record",
		Long: `Remove drops a release from the library: its bytes, hashes, words and relations, as
far as no other release carries the same. RELEASE is a version, with --domain or after
the domain's name: 18.1, or enterprise 18.1.

The ledger keeps the entry of the import and gets one of the removal, so that candor
ledger verify says removed, and not missing. Assessments that are kept stay as they
are, and say that their release was removed. The release can be imported again.`,
		Example: "  candor attack remove enterprise 17.0 --reason 'superseded'\n  candor attack remove 1.0 --domain acme\n  candor attack remove ics 11.0 --stix 2.0",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error { return p.remove(ctx, d, args, rm) })
		},
	}
	f := c.Flags()
	f.StringVar(&rm.domain, "domain", "", "ATT&CK domain: enterprise, mobile, ics, ..., where several have such a release")
	f.StringVar(&rm.stix, "stix", "", "2.0 or 2.1, where both editions are imported")
	f.StringVar(&rm.reason, "reason", "", "why, for the record")
	f.StringVar(&rm.by, "by", p.Getenv("USER"), "who removes it, for the record")
	return c
}

func (p *program) remove(ctx context.Context, d *Desk, args []string, rm removing) error {
	all, err := d.Releases.Releases(ctx)
	if err != nil {
		return err
	}
	words := strings.Fields(strings.Join(args, " "))
	ref := attack.ReleaseRef{Domain: rm.domain}
	switch {
	case len(words) == 1:
		ref.Version = words[0]
	case len(words) == 2 && rm.domain == "":
		ref.Domain, ref.Version = words[0], words[1]
	default:
		return fault.New(fault.Usage, "%q is no release", strings.Join(args, " ")).Next("name one like this: candor attack remove enterprise 18.1")
	}
	r, err := theOne(all, selected(ref), rm.stix)
	if err != nil {
		if removals, failed := d.Releases.Removals(ctx); failed == nil {
			if removed := attack.WasRemoved(all, removals, selected(ref)); removed != nil {
				return removed
			}
		}
		return err
	}
	removed, err := d.Custody.Remove(ctx, attack.Removal{Release: r, At: p.Now(), By: rm.by, Reason: rm.reason})
	if err != nil {
		return err
	}
	return p.emit(removed, func(g *sheet) {
		g.line("removed %s (STIX %s, %s): its bytes are gone", g.bold(r.String()), r.STIX, count(int64(r.Objects), "object", "objects"))
		g.line("  the ledger keeps the entry of its import, and has the removal")
	})
}

// theOne returns the only release and edition that ref and stix select: what is removed
// is chosen by whoever asks.
func theOne(all []attack.Release, ref attack.ReleaseRef, stix string) (attack.Release, error) {
	var found []attack.Release
	var ways []string
	for _, r := range all {
		if r.In(ref.Domain) && attack.CompareVersions(r.Version, ref.Version) == 0 && (stix == "" || r.STIX == stix) {
			found = append(found, r)
			ways = append(ways, "--domain "+attack.ShortDomain(r.Domain)+" --stix "+r.STIX)
		}
	}
	switch len(found) {
	case 0:
		return attack.Release{}, attack.NotThere(all, ref)
	case 1:
		return found[0], nil
	}
	return attack.Release{}, fault.New(fault.Usage, "several releases are meant by %s", ref.Version).
		Next("choose one: %s", strings.Join(ways, ", or "))
}

// showRemovals lists removals.
func showRemovals(g *sheet, gone []attack.Removal) {
	if len(gone) == 0 {
		return
	}
	g.head("Removed")
	rows := [][]string{}
	for _, rm := range gone {
		rows = append(rows, []string{rm.Release.String(), rm.At.UTC().Format(time.DateTime), strings.TrimPrefix(because(rm.By, rm.Reason), ": ")})
	}
	g.table("  ", rows)
}
