//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"bytes"
	"context"
	"crypto/sha256"
)

// Confine bounds what is held in memory more tightly than usual: how many terms
// an Append remembers, and how many alerts wait before they are merged or are
// read at a time.
func (a *Alerts) Confine(terms, slice int) {
	a.limits.terms, a.limits.slice, a.limits.page = terms, slice, slice
	a.limits.patience, a.limits.long, a.limits.filter, a.limits.reach = 2, 3, 1, int64(slice)
}

// Run runs a statement.
func (a *Alerts) Run(ctx context.Context, statement string) error {
	_, err := a.db.ExecContext(ctx, statement)
	return err
}

// Checkpoint brings the log into the file.
func (a *Alerts) Checkpoint(ctx context.Context) error { return a.checkpoint(ctx) }

// SoundGuard reports whether b, with the sum that belongs behind it, is a guard, and
// whether that is encoded as it was.
func SoundGuard(b []byte) (sound, same bool) {
	sum := sha256.Sum256(b)
	b = append(b[:len(b):len(b)], sum[:]...)
	g, sound := decodeGuard(b)
	return sound, bytes.Equal(g.encode(), b)
}
