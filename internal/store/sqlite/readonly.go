package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"candor/internal/fault"
	"candor/internal/scratch"
)

// Reading is how a store is read in a folder that cannot be written: one that may not
// be, one on a medium or a disk without room for what SQLite puts beside a file.
type Reading struct {
	// Scratch returns a folder that can be written, for what has to be copied to be
	// read: a store whose log SQLite cannot use where it is, or of an older schema.
	Scratch func() (string, error)
	// Frozen, which may be nil, is told of a file that is read as if nobody changed it.
	Frozen func(path string)
}

// ReadLibrary opens the library file at path for reading alone, and writes nothing to
// its folder. A file that is not there is a library without releases.
func ReadLibrary(ctx context.Context, path string, r Reading) (*Library, error) {
	db, err := r.open(ctx, path, "library")
	if err != nil {
		return nil, err
	}
	l, err := newLibrary(ctx, db, path)
	if err == nil {
		return l, nil
	}
	// What is derived has to be made anew.
	if db, err = r.copied(ctx, path, "library"); err != nil {
		return nil, err
	}
	return newLibrary(ctx, db, path)
}

// ReadEvidence opens the evidence file at path as ReadLibrary does a library.
func ReadEvidence(ctx context.Context, path string, r Reading) (*Evidence, error) {
	db, err := r.open(ctx, path, "evidence")
	if err != nil {
		return nil, err
	}
	return newEvidence(db), nil
}

// open opens a file where it is, as far as that can be, and else a copy.
func (r Reading) open(ctx context.Context, path, schema string) (*sql.DB, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return r.copied(ctx, path, schema)
	}
	if err != nil {
		return nil, unopened(path, schema, err)
	}
	// With a log SQLite needs what it shares with others beside the file, and can read
	// it where another process has made it.
	options := url.Values{"mode": {"ro"}}
	if !logged(path) {
		options.Set("immutable", "1")
	}
	db, err := r.inPlace(ctx, path, schema, options)
	if err != nil || db == nil {
		return r.copied(ctx, path, schema)
	}
	if !logged(path) && r.Frozen != nil {
		r.Frozen(path)
	}
	return db, nil
}

// logged reports whether there is something in the log of a file.
func logged(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// inPlace opens a file where it is. It returns none for one of an older schema.
func (r Reading) inPlace(ctx context.Context, path, schema string, options url.Values) (*sql.DB, error) {
	for _, p := range []string{"busy_timeout(10000)", "temp_store(MEMORY)", "cache_size(-16000)"} {
		options.Add("_pragma", p)
	}
	db, err := sql.Open("sqlite", address(path, options))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(maxHandles)
	have, err := migrated(ctx, db)
	newest, bad := newestVersion(schema)
	if err := errors.Join(err, bad); err != nil || have != newest {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// copied opens a private copy of a file, and of its log, which is read, and brought to
// the newest schema, as any store is.
func (r Reading) copied(ctx context.Context, path, schema string) (*sql.DB, error) {
	dir, err := r.Scratch()
	if err != nil {
		return nil, unopened(path, schema, err)
	}
	to := filepath.Join(dir, filepath.Base(path))
	if err := scratch.Copy(ctx, dir, path, path+"-wal"); err != nil {
		return nil, fault.New(fault.Unavailable, "the %s store cannot be copied to be read", schema).At("%s", path).Because(err).
			Next("check that you may read the file, and that there is room in %s; TMPDIR names another folder", dir)
	}
	db, err := open(ctx, to, schema)
	if f := (*fault.Error)(nil); errors.As(err, &f) {
		return nil, f.At("%s", path)
	}
	return db, err
}
