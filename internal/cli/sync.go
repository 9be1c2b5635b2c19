package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/address"
	"candor/internal/attack"
	"candor/internal/attack/published"
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
verifies each file against the published hashes that it knows and imports it. A download
that was cut off is resumed. A file whose hash is not the published one is refused unless
--force is given, and is then marked as a mismatch for good.

Sync goes on with the others when one is refused or cannot be had, and says at the end
which were not imported. Exit code 0: all are there; 3: one was refused; 1: one could not
be had.`,
		Example: "  candor attack sync --newest\n  candor attack sync --domain ics\n  candor attack sync --index ./mirror/index.json\n  candor attack sync --index file:///srv/attack/index.json --list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := os.Stat(p.path(p.data)); s.list && errors.Is(err, fs.ErrNotExist) {
				return p.listWithout(cmd.Context(), s)
			}
			return p.with(cmd, !s.list, func(ctx context.Context, d *Desk) error { return p.sync(ctx, d, s) })
		},
	}
	refFlags(c, &s.ref)
	f := c.Flags()
	f.StringVar(&s.index, "index", mirror.DefaultIndex, "address (https:// or file:///) or path of the collection index")
	f.StringVar(&s.hashes, "hashes", "", "CSV of published hashes: stix,domain,release,sha256 (default: those that candor attack hashes list shows)")
	f.DurationVar(&s.stall, "stall", 30*time.Second, "give a server up that sends nothing for this long")
	f.BoolVar(&s.newest, "newest", false, "only the newest release of each domain")
	f.BoolVar(&s.force, "force", false, "import files whose hash is not the published one")
	f.BoolVar(&s.list, "list", false, "only list what is missing")
	return c
}

func (p *program) sync(ctx context.Context, d *Desk, s syncing) error {
	hashes, err := p.hashes(ctx, d, s.hashes)
	if err != nil {
		return err
	}
	have, err := d.Releases.Releases(ctx)
	if err != nil {
		return err
	}
	m := mirror.New(p.path(filepath.Join(p.data, "downloads")), s.stall)
	missing, known, err := p.missing(ctx, m, s, have)
	if err != nil || s.list || len(missing) == 0 {
		return p.told(err, missing, known)
	}
	results := []ingest.BundleResult{}
	var failed []error
	for i, e := range missing {
		if p.interactive() {
			p.note("%d of %d: %s", i+1, len(missing), e)
		}
		rs, err := p.syncOne(ctx, d, m, e, hashes, s.force)
		results = append(results, rs...)
		if err == nil {
			continue
		}
		results = append(results, ingest.BundleResult{Source: e.Address, Release: attack.Release{Domain: e.Domain, Version: e.Version}, Failed: err.Error(), Next: fault.HintOf(err)})
		if failed = append(failed, err); ctx.Err() != nil || outOfReach(failed) {
			results = append(results, notTried(missing[i+1:])...)
			break
		}
	}
	if err := p.emit(results, func(g *sheet) { showImports(g, results) }); err != nil {
		return err
	}
	return notAll(failed, results, len(missing))
}

// missing returns what is to be had, and how many releases the index names.
func (p *program) missing(ctx context.Context, m *mirror.Mirror, s syncing, have []attack.Release) ([]mirror.Listed, int, error) {
	at, err := p.address(s.index)
	if err != nil {
		return nil, 0, err
	}
	entries, err := m.Index(ctx, at)
	if err != nil {
		return nil, 0, err
	}
	return mirror.Missing(entries, have, selected(s.ref), s.newest), len(entries), nil
}

// told lists what is missing, unless that could not be found out.
func (p *program) told(err error, missing []mirror.Listed, known int) error {
	if err != nil {
		return err
	}
	return p.emit(append([]mirror.Listed{}, missing...), func(g *sheet) { showMissing(g, missing, known) })
}

// inARow is after how many releases in a row that could not be reached no more are tried.
const inARow = 3

// outOfReach reports whether the last that was tried could not be reached either.
func outOfReach(failed []error) bool {
	if len(failed) < inARow {
		return false
	}
	for _, err := range failed[len(failed)-inARow:] {
		if fault.KindOf(err) != fault.Unavailable {
			return false
		}
	}
	return true
}

// notTried says so of what is left.
func notTried(es []mirror.Listed) []ingest.BundleResult {
	var rs []ingest.BundleResult
	for _, e := range es {
		rs = append(rs, ingest.BundleResult{Source: e.Address, Release: attack.Release{Domain: e.Domain, Version: e.Version}, Failed: "not tried", Next: "run candor attack sync again"})
	}
	return rs
}

// notAll says that some releases were not imported. It is fault.Refused if one was
// refused, else of the kind of the first error. Each has been told of.
func notAll(failed []error, results []ingest.BundleResult, of int) error {
	if len(failed) == 0 {
		return nil
	}
	kind, n := fault.KindOf(failed[0]), 0
	for _, err := range failed {
		if fault.KindOf(err) == fault.Refused {
			kind = fault.Refused
		}
	}
	for _, r := range results {
		if r.Failed != "" {
			n++
		}
	}
	return fault.New(kind, "%d of %s not imported", n, plural(of, "release was", "releases were")).
		Next("what is wrong with each is said above; what was imported stays, and candor attack sync tries only the others again")
}

// address returns where an index lies: an address of the web as it is, else a path.
func (p *program) address(index string) (string, error) {
	if address.Web(index) {
		return index, nil
	}
	path, err := address.File(index)
	return p.path(path), err
}

// listWithout lists what is missing where there is no data folder yet: all of it.
func (p *program) listWithout(ctx context.Context, s syncing) error {
	missing, known, err := p.missing(ctx, mirror.New("", s.stall), s, nil)
	return p.told(err, missing, known)
}

func showMissing(g *sheet, missing []mirror.Listed, known int) {
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

// hashes reads the named table of published hashes, else returns those that are known.
func (p *program) hashes(ctx context.Context, d *Desk, path string) (*published.Table, error) {
	if path == "" {
		return d.Bundles.Known(ctx)
	}
	f, err := os.Open(p.path(path))
	if err != nil {
		return nil, fault.New(fault.Invalid, "the table of hashes cannot be read").At("%s", path).Because(err).Next("check the path given to --hashes")
	}
	defer f.Close()
	files, err := published.Read(f, path)
	return published.New(files), err
}

// syncOne downloads, verifies and imports one release. The download is removed
// once it is imported; a refused one stays to be looked at.
func (p *program) syncOne(ctx context.Context, d *Desk, m *mirror.Mirror, e mirror.Listed, hashes *published.Table, force bool) ([]ingest.BundleResult, error) {
	bar := p.progress("download " + e.String())
	path, err := m.Fetch(ctx, e, func(done, total int64) { bar.bytes(done, total, "download "+e.String()) })
	bar.done()
	if err != nil {
		return nil, err
	}
	rs, err := d.Bundles.Import(ctx, ingest.BundleRequest{
		Source: path, Release: e.Version, Domain: e.Domain, Now: p.Now(), Hashes: hashes,
		Admit: func(r attack.Release) error { return admit(r, e, force) },
	})
	if err == nil && path != e.Address {
		err = os.Remove(path)
	}
	return rs, err
}

// admit refuses a bundle that is another release than the index says, or whose
// hash is not the published one.
func admit(r attack.Release, e mirror.Listed, force bool) error {
	if r.Domain != e.Domain || r.Version != e.Version {
		return fault.New(fault.Refused, "the index calls it %s and the bundle says %s", e, r).At("%s", e.Address).
			Next("do not trust this address; candor attack import takes a file that you have checked yourself")
	}
	if r.Verified == published.Mismatch && !force {
		return fault.New(fault.Refused, "the file's SHA-256 %s is not the published one", r.FileHash).At("%s", e.Address).
			Next("download it again; --force imports it and marks the release as a mismatch for good")
	}
	return nil
}
