package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/attack"
	"candor/internal/attack/published"
	"candor/internal/ingest"
)

func (p *program) hashesCommand() *cobra.Command {
	return group("hashes", "The published hashes that files are verified against",
		"Candor knows the SHA-256 of the bundle files that MITRE had published when it was\nbuilt. Those of later releases are added from a file, so that a new release needs no\nnew candor.",
		p.hashesAddCommand(), p.hashesListCommand())
}

func (p *program) hashesAddCommand() *cobra.Command {
	var replace bool
	c := &cobra.Command{
		Use:   "add FILE",
		Short: "Add published hashes from a CSV file: stix,domain,release,sha256",
		Long: `Add takes published hashes from a CSV file with the columns stix,domain,release,sha256,
for example 2.1,enterprise,20.0,66f3…, all of them or none. Releases that are imported
already are verified against them at once.

Take the hashes from where MITRE publishes them: whatever the file says is believed, and
what is verified by it says so. A hash that contradicts one that is compiled in is
refused; one that contradicts one added before is refused without --replace.`,
		Example: "  candor attack hashes add published-sha256.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
				r, err := d.Bundles.AddHashes(ctx, ingest.HashRequest{Path: args[0], Dir: p.Dir, Replace: replace, Now: p.Now()})
				if err != nil {
					return err
				}
				return p.emit(r, func(g *sheet) {
					g.line("added %s of the %s in %s; the others were known", plural(len(r.Added), "hash", "hashes"), group3(int64(r.Read)), r.Path)
					for _, c := range r.Changed {
						g.line("  %s (STIX %s): %s", g.bold(c.String()), c.STIX, verification(c))
					}
				})
			})
		},
	}
	c.Flags().BoolVar(&replace, "replace", false, "put these hashes in the place of others that were added before")
	return c
}

func (p *program) hashesListCommand() *cobra.Command {
	var domain string
	c := &cobra.Command{
		Use: "list", Short: "List the hashes that are known", Args: cobra.NoArgs,
		Example: "  candor attack hashes list --domain ics",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				known, err := d.Bundles.Known(ctx)
				if err != nil {
					return err
				}
				files := []attack.PublishedFile{}
				for _, f := range known.Files() {
					if domain == "" || f.Domain == attack.DomainName(domain) {
						files = append(files, f)
					}
				}
				return p.emit(files, func(g *sheet) { showHashes(g, files) })
			})
		},
	}
	c.Flags().StringVar(&domain, "domain", "", "only those of one domain: enterprise, mobile, ics, ...")
	return c
}

func showHashes(g *sheet, files []attack.PublishedFile) {
	if len(files) == 0 {
		g.line("No hash is known to this candor.\n  next: candor attack hashes add FILE")
		return
	}
	rows := [][]string{{"RELEASE", "STIX", "SHA-256", "KNOWN FROM", "SINCE"}}
	for _, f := range files {
		since := ""
		if f.Source != published.BuiltIn {
			since = f.Added.UTC().Format(time.DateOnly)
		}
		rows = append(rows, []string{f.String(), f.STIX, f.SHA256, f.Source, since})
	}
	g.table("", rows)
	g.line("%s", g.dim(plural(len(files), "hash", "hashes")))
}
