package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/mirror"
)

// syncing is what `candor attack sync` is asked to do.
type syncing struct {
	ref    attack.ReleaseRef
	index  string
	hashes string
	stall  time.Duration
	newest bool
	force  bool
	list   bool
}

func (p *program) syncCommand() *cobra.Command {
	var s syncing
	c := &cobra.Command{
		Use:   "sync",
		Short: "Download and import what MITRE has published and you do not have",
		Long: `Sync reads MITRE's collection index, downloads the releases that are missing,
verifies each file against the published hashes and imports it. A download that was
cut off is resumed. A file whose hash is not the published one is refused unless
--force is given, and is then marked as a mismatch for good.`,
		Example: "  candor attack sync --newest\n  candor attack sync --domain ics\n  candor attack sync --index ./mirror/index.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, !s.list, func(ctx context.Context, d *Desk) error { return p.sync(ctx, d, s) })
		},
	}
	refFlags(c, &s.ref)
	f := c.Flags()
	f.StringVar(&s.index, "index", mirror.DefaultIndex, "address or path of the collection index")
	f.StringVar(&s.hashes, "hashes", "", "CSV of published hashes: stix,domain,release,sha256 (default: built in)")
	f.DurationVar(&s.stall, "stall", 30*time.Second, "give a server up that sends nothing for this long")
	f.BoolVar(&s.newest, "newest", false, "only the newest release of each domain")
	f.BoolVar(&s.force, "force", false, "import files whose hash is not the published one")
	f.BoolVar(&s.list, "list", false, "only list what is missing")
	return c
}

func (p *program) sync(ctx context.Context, d *Desk, s syncing) error {
	hashes, err := p.hashes(s.hashes)
	if err != nil {
		return err
	}
	m := mirror.New(p.path(filepath.Join(p.data, "downloads")), s.stall)
	entries, err := m.Index(ctx, p.address(s.index))
	if err != nil {
		return err
	}
	have, err := d.Releases.Releases(ctx)
	if err != nil {
		return err
	}
	missing := mirror.Missing(entries, have, selected(s.ref), s.newest)
	if s.list || len(missing) == 0 {
		return p.emit(append([]mirror.Entry{}, missing...), func(g *page) { showMissing(g, missing, len(entries)) })
	}
	results := []ingest.BundleResult{}
	for i, e := range missing {
		if p.interactive() {
			p.note("%d of %d: %s", i+1, len(missing), e)
		}
		rs, err := p.syncOne(ctx, d, m, e, hashes, s.force)
		results = append(results, rs...)
		if err != nil {
			_ = p.emit(results, func(g *page) { showImports(g, results) })
			return err
		}
	}
	return p.emit(results, func(g *page) { showImports(g, results) })
}

// address returns where an index lies: an address as it is, else a path.
func (p *program) address(index string) string {
	if strings.Contains(index, "://") {
		return index
	}
	return p.path(index)
}

func showMissing(g *page, missing []mirror.Entry, known int) {
	if len(missing) == 0 {
		g.line("Nothing is missing of the %d releases that the index names.", known)
		return
	}
	rows := [][]string{{"MISSING", "PUBLISHED", "AT"}}
	for _, e := range missing {
		rows = append(rows, []string{e.String(), e.Modified, e.Address})
	}
	g.table("", rows)
}

// hashes reads the named table of published hashes, else returns the built-in one.
func (p *program) hashes(path string) (mirror.Hashes, error) {
	if path == "" {
		return mirror.Published()
	}
	f, err := os.Open(p.path(path))
	if err != nil {
		return nil, fault.New(fault.Invalid, "the table of hashes cannot be read").At("%s", path).Because(err).Next("check the path given to --hashes")
	}
	defer f.Close()
	return mirror.ReadHashes(f, path)
}

// syncOne downloads, verifies and imports one release. The download is removed
// once it is imported; a refused one stays to be looked at.
func (p *program) syncOne(ctx context.Context, d *Desk, m *mirror.Mirror, e mirror.Entry, hashes mirror.Hashes, force bool) ([]ingest.BundleResult, error) {
	bar := p.progress("download " + e.String())
	path, err := m.Fetch(ctx, e, func(done, total int64) { bar.bytes(done, total, "download "+e.String()) })
	bar.done()
	if err != nil {
		return nil, err
	}
	rs, err := d.Bundles.Import(ctx, ingest.BundleRequest{
		Source: path, Release: e.Version, Domain: e.Domain, Now: p.Now(),
		Admit: func(r attack.Release) (string, error) { return admit(r, e, hashes, force) },
	})
	if err == nil && path != e.Address {
		err = os.Remove(path)
	}
	return rs, err
}

// admit refuses a bundle that is another release than the index says, or whose
// hash is not the published one.
func admit(r attack.Release, e mirror.Entry, hashes mirror.Hashes, force bool) (string, error) {
	if r.Domain != e.Domain || r.Version != e.Version {
		return "", fault.New(fault.Refused, "the index calls it %s and the bundle says %s", e, r).At("%s", e.Address).
			Next("do not trust this address; candor attack import takes a file that you have checked yourself")
	}
	state := hashes.Check(r)
	if state == mirror.Mismatch && !force {
		return "", fault.New(fault.Refused, "the file's SHA-256 %s is not the published one", r.FileHash).At("%s", e.Address).
			Next("download it again; --force imports it and marks the release as a mismatch for good")
	}
	return state, nil
}
