package ingest

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"candor/internal/address"
	"candor/internal/attack"
	"candor/internal/attack/published"
	"candor/internal/attack/stix"
	"candor/internal/fault"
	"candor/internal/store"
)

// bundleLibrary is what importing bundles needs of a library.
type bundleLibrary interface {
	store.LibraryWriter
	store.LibraryHashes
	Releases(ctx context.Context) ([]attack.Release, error)
}

// Bundles imports ATT&CK releases from STIX bundles into a library.
type Bundles struct {
	library bundleLibrary
}

// NewBundles returns what imports releases into a library.
func NewBundles(library bundleLibrary) *Bundles { return &Bundles{library: library} }

// BundleRequest is releases to import.
type BundleRequest struct {
	// Source is the path of a bundle, plain or gzip, of a folder of bundles, or an
	// http, https or file address.
	Source string
	// Dir is the folder that a relative path starts at; empty for the working folder.
	Dir string
	// Release and Domain say what the bundle is where neither its collection object
	// nor its file name does.
	Release string
	Domain  string
	// StandsIn takes a collection that others than MITRE made for a release of MITRE's, as
	// a miniature that stands for one.
	StandsIn bool
	// Now is the time that the releases are marked with.
	Now time.Time
	// Progress is told how many bytes of how many are read, 0 if unknown, and of
	// what. It may be nil.
	Progress func(done, total int64, what string)
	// Hashes are those that are known of published files, if not nil: they tell which
	// release a file is before the file itself is asked, and whether it is as it was
	// published.
	Hashes *published.Table
	// Admit, if not nil, is asked about each release before it lands. Its error keeps the
	// release out.
	Admit func(r attack.Release) error
}

// BundleResult is what came of one file.
type BundleResult struct {
	// Source is the file or address.
	Source string `json:"source"`
	// Skipped says why a file of a folder was passed over; the rest is empty then.
	Skipped string `json:"skipped,omitempty"`
	// Failed says why a file was not imported where others were tried after it, and Next
	// what to do; the rest is empty then, but for what the release is called.
	Failed string `json:"failed,omitempty"`
	Next   string `json:"next,omitempty"`
	// Release is what the file holds.
	Release attack.Release `json:"release"`
	// Landed is false when the library had the file already and nothing changed.
	Landed  bool `json:"landed"`
	Objects int  `json:"objects"`
	// New is how many objects had bytes that the library did not hold.
	New      int            `json:"new_snapshots"`
	Oddities []store.Oddity `json:"oddities"`
	Duration time.Duration  `json:"duration_ns"`
}

// errReleaseUnknown is the cause of refusing a bundle that nothing names.
var errReleaseUnknown = errors.New("neither a collection object nor the file's name tells the release")

// Import imports the releases of a request. Each lands whole or not at all. A
// folder is gone through to its end: files that are no bundle of a known release
// are skipped, and the error tells of all that are broken.
func (b *Bundles) Import(ctx context.Context, r BundleRequest) ([]BundleResult, error) {
	if r.Progress == nil {
		r.Progress = func(int64, int64, string) {}
	}
	if address.Web(r.Source) {
		return b.importAddress(ctx, r)
	}
	source, err := address.File(r.Source)
	if err != nil {
		return nil, err
	}
	r.Source = source
	info, err := os.Stat(within(r.Dir, r.Source))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.NotFound, "there is no such file or folder").At("%s", r.Source).Next("check the path")
	case err != nil:
		return nil, unreadable(r.Source, err)
	case info.IsDir():
		return b.importFolder(ctx, r)
	}
	res, err := b.importFile(ctx, r, bundleFile{path: within(r.Dir, r.Source), source: r.Source, name: filepath.Base(r.Source)})
	if err != nil {
		return nil, err
	}
	return []BundleResult{res}, nil
}

// importFolder imports the bundles in a folder and its subfolders, the oldest
// release of each domain first.
func (b *Bundles) importFolder(ctx context.Context, r BundleRequest) ([]BundleResult, error) {
	files, err := bundleFiles(r.Source, within(r.Dir, r.Source))
	if err != nil {
		return nil, err
	}
	var results []BundleResult
	var broken []error
	found := false
	for _, f := range files {
		res, err := b.importFile(ctx, r, f)
		switch {
		case ctx.Err() != nil:
			return results, errors.Join(append(broken, err)...)
		case errors.Is(err, stix.ErrNotBundle), errors.Is(err, errReleaseUnknown):
			results = append(results, BundleResult{Source: f.source, Skipped: reason(err)})
		case err != nil:
			broken = append(broken, err)
		default:
			found = true
			results = append(results, res)
		}
	}
	if !found && len(broken) == 0 {
		return results, fault.New(fault.Invalid, "the folder holds no bundle of an ATT&CK release").At("%s", r.Source).
			Next("name a folder with files like enterprise-attack-18.1.json, or name a file with --release and --domain")
	}
	return results, errors.Join(broken...)
}

// reason returns why a file is skipped, without its place.
func reason(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && f.Err != nil {
		return f.Err.Error()
	}
	return err.Error()
}

// bundleFile is a file that may be a bundle.
type bundleFile struct {
	path   string // where its bytes are
	source string // what people know it by
	name   string // its own name, which may tell the release
}

// bundleFiles lists the JSON files under a folder.
func bundleFiles(dir, at string) ([]bundleFile, error) {
	root, err := filepath.EvalSymlinks(at)
	if err != nil {
		return nil, unreadable(dir, err)
	}
	var files []bundleFile
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != root && d.IsDir() && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || jsonName(d.Name()) == "":
			return nil
		}
		if info, err := os.Stat(p); err != nil || !info.Mode().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(root, p)
		files = append(files, bundleFile{path: p, source: filepath.Join(dir, rel), name: d.Name()})
		return err
	})
	if err != nil {
		return nil, unreadable(dir, err)
	}
	slices.SortStableFunc(files, func(a, b bundleFile) int {
		x, y := refOf(a.name), refOf(b.name)
		if c := strings.Compare(x.Domain, y.Domain); c != 0 {
			return c
		}
		return attack.CompareVersions(x.Version, y.Version)
	})
	return files, nil
}

// importFile imports one bundle.
func (b *Bundles) importFile(ctx context.Context, r BundleRequest, f bundleFile) (BundleResult, error) {
	start := time.Now()
	file, err := os.Open(f.path)
	if err != nil {
		return BundleResult{}, unreadable(f.source, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return BundleResult{}, unreadable(f.source, err)
	}
	told := func(n int64) { r.Progress(n, info.Size(), f.name) }
	res, there, err := b.alreadyThere(ctx, f, file)
	if err != nil || there {
		res.Duration = time.Since(start)
		return res, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return BundleResult{}, unreadable(f.source, err)
	}
	res, err = b.read(ctx, r, f, &watched{r: file, tell: told})
	if err != nil && r.Hashes != nil {
		err = asPublished(err, r.Hashes, f, file)
	}
	res.Duration = time.Since(start)
	return res, err
}

// alreadyThere reports whether the library holds the file as the release that
// its name names. It reads the file only if the library has that release.
func (b *Bundles) alreadyThere(ctx context.Context, f bundleFile, r io.Reader) (BundleResult, bool, error) {
	have, err := b.library.Releases(ctx)
	if err != nil {
		return BundleResult{}, false, err
	}
	ref := refOf(f.name)
	have = slices.DeleteFunc(have, func(h attack.Release) bool { return h.Domain != ref.Domain || h.Version != ref.Version })
	if len(have) == 0 {
		return BundleResult{}, false, nil
	}
	sum, _, err := stix.FileHash(stix.Source{Name: f.source, Reader: r})
	if err != nil {
		return BundleResult{}, false, err
	}
	for _, h := range have {
		if h.FileHash == sum.String() {
			return BundleResult{Source: f.source, Release: h, Objects: h.Objects}, true, nil
		}
	}
	return BundleResult{}, false, nil
}

// read reads a bundle into the library.
func (b *Bundles) read(ctx context.Context, r BundleRequest, f bundleFile, from io.Reader) (BundleResult, error) {
	w, err := b.library.Begin(ctx)
	if err != nil {
		return BundleResult{}, err
	}
	defer w.Rollback() // does nothing after a commit
	sum, err := stix.Read(ctx, stix.Source{Name: f.source, Reader: from}, func(s *attack.Snapshot) error { return w.Add(ctx, s) })
	if err != nil {
		return BundleResult{}, err
	}
	have, err := b.library.Releases(ctx)
	if err != nil {
		return BundleResult{}, err
	}
	rel, odd, err := identify(&sum, r, f, have)
	if err != nil {
		return BundleResult{}, err
	}
	rel.Verified = published.Unknown
	if r.Hashes != nil {
		rel.Verified, rel.VerifiedBy = r.Hashes.Check(rel)
	}
	if r.Admit != nil {
		if err := r.Admit(rel); err != nil {
			return BundleResult{}, err
		}
	}
	landed, err := w.Commit(ctx, rel, odd)
	if err != nil {
		return BundleResult{}, err
	}
	res := BundleResult{Source: f.source, Release: rel, Landed: landed, Objects: sum.Objects, Oddities: odd}
	if landed {
		res.New = w.New()
	}
	return res, nil
}

// asPublished says of a file that cannot be read, and is one that was published, that it
// is no damage that keeps it from being read.
func asPublished(err error, known *published.Table, f bundleFile, file io.ReadSeeker) error {
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	if _, failed := file.Seek(0, io.SeekStart); failed != nil {
		return err
	}
	sum, _, failed := stix.FileHash(stix.Source{Name: f.source, Reader: file})
	if failed != nil {
		return err
	}
	as := known.Are(sum.String())
	if len(as) == 0 {
		return err
	}
	return fault.New(fault.Invalid, "this is the file of %s as it was published, and this candor cannot read it", as[0]).At("%s", f.source).Because(err).
		Next("the file is whole: its SHA-256 is the published one; use a newer candor, and tell its makers of this one")
}
