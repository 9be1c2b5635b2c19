package cli

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/attack"
	"candor/internal/attack/published"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/ingest"
)

func (p *program) attackCommand() *cobra.Command {
	return group("attack", "The library: ATT&CK releases and their objects",
		"The library mirrors ATT&CK releases exactly: every object's bytes, hashes, relations\nand history. Official text is MITRE's and is shown with its licence.",
		p.importCommand(), p.syncCommand(), p.releasesCommand(), p.removeCommand(), p.hashesCommand(), p.showCommand(), p.historyCommand(), p.rawCommand(), p.oddCommand(),
		p.searchCommand(), p.listCommand(), p.statsCommand(), p.adjacentCommand(), p.diffCommand(), p.upgradeCommand(), p.attackExportCommand())
}

// refFlags adds --release and --domain to c.
func refFlags(c *cobra.Command, ref *attack.ReleaseRef) {
	c.Flags().StringVar(&ref.Version, "release", "", "release number, for example 18.1 (default: the newest imported)")
	c.Flags().StringVar(&ref.Domain, "domain", "", "ATT&CK domain: enterprise, mobile, ics, ... (default: enterprise)")
}

func selected(ref attack.ReleaseRef) attack.ReleaseRef {
	return attack.ReleaseRef{Domain: attack.DomainName(ref.Domain), Version: ref.Version}
}

func (p *program) importCommand() *cobra.Command {
	var ref attack.ReleaseRef
	c := &cobra.Command{
		Use:   "import FILE|DIR|URL...",
		Short: "Import ATT&CK releases from STIX bundles",
		Long: `Import reads STIX 2.0 and 2.1 bundles, plain or gzip, of any domain and release.

The release is told by the bundle's collection object, else by the file's name
(enterprise-attack-18.1.json), else by --release and --domain. Each release lands
whole or not at all; importing the same file again changes nothing. Where the file's
SHA-256 is known as that of a published file, that tells the release before all else.

A collection that others than MITRE made, your own for example, lands as a library of its
own beside MITRE's, known by the collection's id and author. It is read when --domain
names it (by the domain that import prints, or by the collection's name), and its objects
are found beside MITRE's; no command takes it for the release to judge by.`,
		Example: "  candor attack import enterprise-attack-18.1.json.gz\n  candor attack import ./attack-stix-data/",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
				return p.importAll(ctx, d, args, selected(ref))
			})
		},
	}
	c.Flags().StringVar(&ref.Version, "release", "", "release number, where neither bundle nor file name tells it")
	c.Flags().StringVar(&ref.Domain, "domain", "", "domain, where neither bundle nor file name tells it")
	return c
}

func (p *program) importAll(ctx context.Context, d *Desk, sources []string, ref attack.ReleaseRef) error {
	hashes, err := d.Bundles.Known(ctx)
	if err != nil {
		return err
	}
	results := []ingest.BundleResult{}
	for _, s := range sources {
		bar := p.progress("import " + s)
		rs, err := d.Bundles.Import(ctx, ingest.BundleRequest{
			Source: s, Dir: p.Dir, Release: ref.Version, Domain: ref.Domain, Now: p.Now(), Progress: bar.bytes,
			Hashes: hashes,
		})
		bar.done()
		results = append(results, rs...)
		if err != nil {
			if len(results) > 0 && !p.json {
				_ = p.emit(results, func(g *sheet) { showImports(g, results) })
			}
			return err
		}
	}
	return p.emit(results, func(g *sheet) { showImports(g, results) })
}

func showImports(g *sheet, results []ingest.BundleResult) {
	for _, r := range results {
		switch {
		case r.Failed != "":
			g.line("%s %s: %s", g.red("failed   "), g.bold(r.Release.String()), r.Failed)
			g.line("          next: %s", r.Next)
			continue
		case r.Skipped != "":
			g.line("skipped   %s: %s", r.Source, r.Skipped)
			continue
		case !r.Landed:
			g.line("unchanged %s: this file is already imported", g.bold(r.Release.String()))
			continue
		}
		g.line("imported  %s (STIX %s): %s, %s new, %.1f s", g.bold(r.Release.String()), r.Release.STIX,
			count(int64(r.Objects), "object", "objects"), group3(int64(r.New)), r.Duration.Seconds())
		if own := r.Release.Own; r.Release.IsOwn() {
			g.line("          a library of its own beside MITRE's: %s, by %s", own.Name, own.By())
			g.line("          --domain %s chooses it; nothing takes it for a release of MITRE's", r.Release.Domain)
		}
		g.line("          file sha256 %s: %s", r.Release.FileHash, verification(r.Release))
		for i, o := range r.Oddities {
			if i == 5 {
				g.line("          … and %d more oddities (--json lists all)", len(r.Oddities)-i)
				break
			}
			g.line("          odd: %s %s", strings.TrimSpace(o.ATTACKID+" "+o.StixID), o.What)
		}
	}
}

// verification says what the published hashes that are known say of a release's file.
func verification(r attack.Release) string {
	if r.IsOwn() && r.Verified == published.Unknown {
		return "of a collection of " + r.Own.By() + ", not MITRE's"
	}
	by := ""
	if r.VerifiedBy != "" && r.VerifiedBy != published.BuiltIn {
		by = " (by the hashes that were added from " + r.VerifiedBy + ")"
	}
	switch r.Verified {
	case published.Verified:
		return "verified, as MITRE published it" + by
	case published.Mismatch:
		return "mismatch, not the file that MITRE published" + by
	}
	return "unknown. No hash is known to this candor; candor attack hashes add FILE adds some"
}

func (p *program) releasesCommand() *cobra.Command {
	var removed bool
	c := &cobra.Command{
		Use: "releases", Short: "List the imported releases, and those that were removed", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				rs, err := d.Releases.Releases(ctx)
				if err != nil {
					return err
				}
				rms, err := d.Releases.Removals(ctx)
				if err != nil {
					return err
				}
				if removed {
					return p.emit(append([]attack.Removal{}, rms...), func(g *sheet) { showRemovals(g, rms) })
				}
				gone := attack.Gone(rs, rms)
				rms = slices.DeleteFunc(rms, func(rm attack.Removal) bool { return gone[rm.Release.String()] != rm })
				return p.emit(append([]attack.Release{}, rs...), func(g *sheet) {
					showReleases(g, rs)
					showRemovals(g, rms)
				})
			})
		},
	}
	c.Flags().BoolVar(&removed, "removed", false, "list every removal instead, those of releases that are there again too")
	return c
}

func showReleases(g *sheet, rs []attack.Release) {
	if len(rs) == 0 {
		g.line("No release is imported yet.\n  next: candor attack import FILE (a STIX bundle of ATT&CK)")
		return
	}
	rows := [][]string{{"RELEASE", "STIX", "OBJECTS", "BYTES", "FILE SHA-256", "", "IMPORTED"}}
	for _, r := range rs {
		state := r.Verified
		if r.IsOwn() {
			state = "own: " + clip(r.Own.Name, 30) + ", by " + clip(r.Own.By(), 30)
		}
		rows = append(rows, []string{r.String(), r.STIX, group3(int64(r.Objects)), group3(r.Size),
			clip(r.FileHash, 17), state, r.Imported.UTC().Format(time.DateTime)})
	}
	g.table("", rows)
}

func (p *program) showCommand() *cobra.Command {
	var ref attack.ReleaseRef
	var limit int
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show an object: official text, relations, hashes, history",
		Long: `Show prints an object for people: official text, platforms, lifecycle, relations in
both directions (those held inside objects included), hashes and history.

ID is an ATT&CK ID (AN1989, T1589.003, G0034, ...) or a STIX id. ATT&CK IDs are
not unique; --domain and --release choose between objects that share one.`,
		Example: "  candor attack show AN1989\n  candor attack show T1589.003 --release 17.1 --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := atMost(limit); err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				pg, err := d.Library.Page(ctx, args[0], selected(ref))
				if err != nil {
					return err
				}
				return p.emit(pg, func(g *sheet) { showObject(g, pg, limit) })
			})
		},
	}
	refFlags(c, &ref)
	c.Flags().IntVar(&limit, "limit", 12, "relations to print of each type; 0 prints all")
	return c
}

func (p *program) rawCommand() *cobra.Command {
	var ref attack.ReleaseRef
	var nth int
	c := &cobra.Command{
		Use:     "raw ID",
		Short:   "Print an object's exact bytes in a release",
		Example: "  candor attack raw AN1989 | sha256sum\n  candor attack raw G0034 --domain ics --release 11.0 --nth 2",
		Long: `Raw prints the bytes of an object as the release's file has them. On a terminal, which
obeys control characters, these are shown as JSON escapes; a file or another program
gets every byte as it is.

Where a bundle has several objects with one STIX id, one of them counts and is printed;
--nth 1, --nth 2 and so on print each, in the order of the bundle.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				s, err := d.Library.Raw(ctx, args[0], selected(ref))
				if cmd.Flags().Changed("nth") {
					s, _, err = d.Library.Nth(ctx, args[0], selected(ref), nth)
				}
				if err != nil {
					return err
				}
				out := p.bare.Out
				if p.OutTerm {
					out = p.Out
				}
				_, err = out.Write(s.Raw)
				return err
			})
		},
	}
	refFlags(c, &ref)
	c.Flags().IntVar(&nth, "nth", 1, "of several objects with one STIX id the one at this place in the bundle")
	return c
}

// interactive reports whether progress may be drawn.
func (p *program) interactive() bool { return p.ErrTerm && !p.quiet && !p.json }

// existing refuses paths that do not exist, before any work begins.
func (p *program) existing(paths []string) error {
	for _, path := range paths {
		if _, err := os.Stat(p.path(path)); err != nil {
			return fault.New(fault.Invalid, "cannot be read").At("%s", path).Because(err).
				Next("check the path; relative paths start at the folder you are in")
		}
	}
	return nil
}

func plural(n int, one, many string) string {
	return figure.Of(int64(n), one, many)
}
