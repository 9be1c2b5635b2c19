package sqlite

import (
	"context"
	"fmt"
	"time"

	"candor/internal/attack"
	"candor/internal/attack/published"
)

// AddHashes adds hashes of published files.
func (l *Library) AddHashes(ctx context.Context, files []attack.PublishedFile) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("add hashes: %w", err)
	}
	defer tx.Rollback() // does nothing after the commit
	var change int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(change), 0) + 1 FROM published_hash`).Scan(&change); err != nil {
		return fmt.Errorf("add hashes: %w", err)
	}
	for _, f := range files {
		if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO published_hash (stix, domain, version, sha256, source, added, change) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			f.STIX, f.Domain, f.Version, f.SHA256, f.Source, f.Added.UTC().Format(time.RFC3339Nano), change); err != nil {
			return fmt.Errorf("add hashes: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("add hashes: %w", err)
	}
	return nil
}

// AddedHashes lists the hashes that were added.
func (l *Library) AddedHashes(ctx context.Context) ([]attack.PublishedFile, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT stix, domain, version, sha256, source, added FROM published_hash ORDER BY domain, version, stix`)
	if err != nil {
		return nil, fmt.Errorf("list hashes: %w", err)
	}
	defer rows.Close()
	var files []attack.PublishedFile
	for rows.Next() {
		var f attack.PublishedFile
		var added string
		if err := rows.Scan(&f.STIX, &f.Domain, &f.Version, &f.SHA256, &f.Source, &added); err != nil {
			return nil, fmt.Errorf("list hashes: %w", err)
		}
		if f.Added, err = time.Parse(time.RFC3339Nano, added); err != nil {
			return nil, l.damaged("the time at which the hash of %s was added", f)
		}
		files = append(files, f)
	}
	return files, rows.Err()
}

// table returns all hashes that are known.
func (l *Library) table(ctx context.Context) (*published.Table, error) {
	added, err := l.AddedHashes(ctx)
	if err != nil {
		return nil, err
	}
	return published.Known(added)
}
