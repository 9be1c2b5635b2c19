package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"

	"candor/internal/attack"
	"candor/internal/attack/published"
	"candor/internal/fault"
)

// Library keeps ATT&CK releases in one SQLite file. It implements
// store.Library and is safe for concurrent use.
type Library struct {
	db        *sql.DB
	path      string
	zip       *zstd.Encoder
	unzip     *zstd.Decoder
	importing atomic.Bool
	watch     watch

	mu    sync.Mutex
	known *catalogue
	views *cache[int64, *view]
	packs *cache[uint32, *pack]
}

// How many release views (about 12 MB each for Enterprise) and unpacked packs
// (256 KiB each) stay in memory.
const (
	cachedViews = 6
	cachedPacks = 128
)

// OpenLibrary opens the library file at path, making it if need be.
func OpenLibrary(ctx context.Context, path string) (*Library, error) {
	db, err := open(ctx, path, "library")
	if err != nil {
		return nil, err
	}
	return newLibrary(ctx, db, path)
}

// newLibrary returns the library in an open file.
func newLibrary(ctx context.Context, db *sql.DB, path string) (*Library, error) {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithWindowSize(packSize*2), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("open library: %w", errors.Join(err, db.Close()))
	}
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0))
	if err != nil {
		return nil, fmt.Errorf("open library: %w", errors.Join(err, db.Close()))
	}
	l := &Library{
		db: db, watch: watch{db: db}, path: path, zip: zip, unzip: unzip, known: &catalogue{},
		views: newCache[int64, *view](cachedViews), packs: newCache[uint32, *pack](cachedPacks),
	}
	if err := l.remake(ctx); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Close closes the library file.
func (l *Library) Close() error {
	l.unzip.Close()
	return l.watch.shut()
}

// damaged is the error for stored bytes that do not read back.
func (l *Library) damaged(format string, args ...any) error {
	return fault.New(fault.Internal, "the library is damaged: %s", fmt.Sprintf(format, args...)).At("%s", l.path).
		Next("delete the file and import the releases again")
}

// edition is an imported release and what it carries.
type edition struct {
	id      int64
	release attack.Release
	members members
}

// catalogue is the imported releases in the order of Releases. It is immutable.
type catalogue struct {
	// top is the highest id, and changed a number that grows with every removal and
	// every hash that is added.
	top, changed int64
	editions     []*edition
}

// catalogue returns the releases that are in the library now. The ids of releases are
// not given out again, so that the highest one, with the number of removals and the
// last that was added of hashes, tells whether it is another library than before.
func (l *Library) catalogue(ctx context.Context) (*catalogue, error) {
	var top, changed int64
	err := l.db.QueryRowContext(ctx, `SELECT (SELECT coalesce(max(id), 0) FROM release),
		(SELECT count(*) FROM removal) + (SELECT coalesce(max(change), 0) FROM published_hash)`).Scan(&top, &changed)
	if err != nil {
		return nil, fmt.Errorf("list releases: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.known
	if changed != known.changed {
		known = &catalogue{changed: changed}
		l.forget()
	}
	if known == l.known && known.top >= top {
		return known, nil
	}
	added, err := l.readReleases(ctx, known.top)
	if err != nil {
		return nil, fmt.Errorf("list releases: %w", err)
	}
	c := &catalogue{top: top, changed: changed, editions: append(added, known.editions...)}
	slices.SortFunc(c.editions, func(a, b *edition) int { return compareReleases(a.release, b.release) })
	for _, e := range added {
		c.top = max(c.top, e.id)
	}
	l.known = c
	return c, nil
}

// forget drops what is kept in memory of the file.
func (l *Library) forget() {
	l.views.clear()
	l.packs.clear()
}

// readReleases reads the releases with an id above after.
func (l *Library) readReleases(ctx context.Context, after int64) ([]*edition, error) {
	known, err := l.table(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := l.db.QueryContext(ctx, `SELECT id, domain, version, stix, file_hash, source, size, objects,
		published, imported, verified, own, members FROM release WHERE id > ?`, after)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var es []*edition
	for rows.Next() {
		e := &edition{}
		r := &e.release
		var imported, own string
		var packed []byte
		if err := rows.Scan(&e.id, &r.Domain, &r.Version, &r.STIX, &r.FileHash, &r.Source, &r.Size, &r.Objects,
			&r.Published, &imported, &r.Verified, &own, &packed); err != nil {
			return nil, err
		}
		if own != "" {
			if err := json.Unmarshal([]byte(own), &r.Own); err != nil {
				return nil, l.damaged("whose collection %s is: %v", r, err)
			}
		}
		if r.Imported, err = time.Parse(time.RFC3339Nano, imported); err != nil {
			return nil, l.damaged("time of import of %s", r)
		}
		if state, by := known.Check(*r); state != published.Unknown {
			r.Verified, r.VerifiedBy = state, by
		}
		var ok bool
		if e.members, ok = unpackMembers(packed); !ok {
			return nil, l.damaged("members of %s", r)
		}
		es = append(es, e)
	}
	return es, rows.Err()
}

// compareReleases orders by domain, version and STIX version.
func compareReleases(a, b attack.Release) int {
	if c := strings.Compare(a.Domain, b.Domain); c != 0 {
		return c
	}
	if c := attack.CompareVersions(a.Version, b.Version); c != 0 {
		return c
	}
	return strings.Compare(a.STIX, b.STIX)
}

// edition returns the release that r names by domain and version; when both STIX
// versions are there and r does not say which, the newer one.
func (l *Library) edition(ctx context.Context, r attack.Release) (*edition, error) {
	c, err := l.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(c.editions) {
		have := e.release
		if have.Domain == r.Domain && have.Version == r.Version && (r.STIX == "" || have.STIX == r.STIX) {
			return e, nil
		}
	}
	return nil, fault.New(fault.NotFound, "the library does not hold %s", r).
		Next("import that release, or ask for one that the library holds")
}

// newestFirst returns the releases that ref selects, the newest first; of equal
// versions the newer STIX version, then the domain that comes first by name.
func (c *catalogue) newestFirst(ref attack.ReleaseRef) []*edition {
	domain := attack.DomainName(ref.Domain)
	var es []*edition
	for _, e := range c.editions {
		if (domain == "" || e.release.Domain == domain) && (ref.Version == "" || attack.CompareVersions(e.release.Version, ref.Version) == 0) {
			es = append(es, e)
		}
	}
	slices.SortStableFunc(es, func(a, b *edition) int {
		if c := attack.CompareVersions(b.release.Version, a.release.Version); c != 0 {
			return c
		}
		return strings.Compare(b.release.STIX, a.release.STIX)
	})
	return es
}
