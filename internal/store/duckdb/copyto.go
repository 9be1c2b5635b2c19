//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// CopyTo writes a consistent copy of the store to a new file. Reading goes on
// meanwhile; what wants to write waits. The engine itself could write a copy only
// if it were let out of its own files, so the files are copied as they lie on the
// disk: nothing changes them while nothing is written. What is in the log and not
// yet in the file is written to the copy's file before CopyTo returns.
func (a *Alerts) CopyTo(ctx context.Context, path string) error {
	if err := a.copyFiles(ctx, path); err != nil {
		return fmt.Errorf("copy the alert store to %s: %w", path, err)
	}
	if _, err := os.Stat(log(path)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	whole, err := OpenAlerts(ctx, path)
	if err != nil {
		return err
	}
	if err := whole.Close(); err != nil {
		return fmt.Errorf("copy the alert store to %s: %w", path, err)
	}
	return nil
}

// log is the path of the log of a file.
func log(path string) string { return path + ".wal" }

// copyFiles copies the file and its log.
func (a *Alerts) copyFiles(ctx context.Context, path string) error {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := a.writable(); a.writes && err != nil {
		return err
	}
	// It shortens the log; when a reader keeps it from that, the log is copied.
	if a.writes {
		a.relieve(ctx, 0)
	}
	file, err := a.file()
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := write(ctx, path, io.NewSectionReader(file, 0, info.Size())); err != nil {
		return err
	}
	rest, err := os.Open(log(a.path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer rest.Close()
	return write(ctx, log(path), rest)
}

// write writes a new file.
func write(ctx context.Context, path string, from io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for err == nil {
		const step = 16 << 20
		if err = ctx.Err(); err == nil {
			_, err = io.CopyN(f, from, step)
		}
	}
	if err == io.EOF {
		err = nil
	}
	return errors.Join(err, f.Close())
}
