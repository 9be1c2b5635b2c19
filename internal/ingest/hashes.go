package ingest

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"candor/internal/attack"
	"candor/internal/attack/published"
	"candor/internal/fault"
)

// HashRequest is a table of hashes of published files to add.
type HashRequest struct {
	// Path is of a CSV file, stix,domain,release,sha256; relative to Dir, or to the working
	// folder when Dir is empty.
	Path, Dir string
	// Replace puts its hashes in the place of others that were added before.
	Replace bool
	// Now is the time that the hashes are marked with.
	Now time.Time
}

// HashResult is what came of a table.
type HashResult struct {
	Path string `json:"path"`
	// Read is how many hashes the table has, and Added how many were not known.
	Read  int                    `json:"read"`
	Added []attack.PublishedFile `json:"added"`
	// Changed are the imported releases of which something else is known now.
	Changed []attack.Release `json:"changed"`
}

// Known returns the hashes that are known of published files: those that are compiled
// in, and those that were added.
func (b *Bundles) Known(ctx context.Context) (*published.Table, error) {
	added, err := b.library.AddedHashes(ctx)
	if err != nil {
		return nil, err
	}
	return published.Known(added)
}

// AddHashes adds what a table has and is not known yet, all of it or nothing.
func (b *Bundles) AddHashes(ctx context.Context, r HashRequest) (HashResult, error) {
	f, err := os.Open(within(r.Dir, r.Path))
	if err != nil {
		return HashResult{}, fault.New(fault.Invalid, "the table of hashes cannot be read").At("%s", r.Path).Because(err).Next("check the path")
	}
	defer f.Close()
	files, err := published.Read(f, r.Path)
	if err != nil {
		return HashResult{}, err
	}
	known, err := b.Known(ctx)
	if err != nil {
		return HashResult{}, err
	}
	fresh, err := known.Add(files, r.Replace)
	if err != nil {
		return HashResult{}, err
	}
	before, err := b.library.Releases(ctx)
	if err != nil {
		return HashResult{}, err
	}
	for i := range fresh {
		fresh[i].Source, fresh[i].Added = filepath.Base(r.Path), r.Now.UTC()
	}
	if len(fresh) > 0 {
		if err := b.library.AddHashes(ctx, fresh); err != nil {
			return HashResult{}, err
		}
	}
	after, err := b.library.Releases(ctx)
	if err != nil {
		return HashResult{}, err
	}
	return HashResult{Path: r.Path, Read: len(files), Added: append([]attack.PublishedFile{}, fresh...), Changed: otherwise(before, after)}, nil
}

// otherwise returns the releases that are verified otherwise than before.
func otherwise(before, after []attack.Release) []attack.Release {
	changed := []attack.Release{}
	was := map[string]string{}
	for _, r := range before {
		was[r.String()+r.STIX] = r.Verified
	}
	for _, r := range after {
		if state, ok := was[r.String()+r.STIX]; ok && state != r.Verified {
			changed = append(changed, r)
		}
	}
	return changed
}
