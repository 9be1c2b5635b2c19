//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	driver "github.com/duckdb/duckdb-go/v2"

	"candor/internal/durable"
	"candor/internal/fault"
)

//go:embed migrations
var migrations embed.FS

// What the engine may use. It spills to the disk what does not fit. A long batch
// leaves it less: what waits to be merged needs room too, and what is inserted in
// order needs little. A statement about an alert touches whatever lies about that
// alert, so that many of them are several times as fast with the usual. An audit
// needs nothing again that it has read.
const (
	maxThreads      = 8
	memory          = 640 << 20 // bytes, of which each thread beyond two needs a share
	memoryOfLong    = 192 << 20
	memoryOfAudit   = 160 << 20
	memoryPerThread = 128 << 20
	// memoryPerChange is what the engine cannot put on the disk of a row that a
	// statement changes, until the transaction ends. It takes 30 bytes.
	memoryPerChange = 40
)

// errConfined says that the engine was confined before.
var errConfined = errors.New("the engine is in use")

// limitMemory lets the engine use so many bytes, and more with many threads.
func limitMemory(ctx context.Context, q execer, bytes int) error {
	threads := min(runtime.GOMAXPROCS(0), maxThreads)
	_, err := q.ExecContext(ctx, fmt.Sprintf(`SET GLOBAL memory_limit = '%dB'`, bytes+max(0, threads-2)*memoryPerThread))
	return err
}

// options are settings that the engine needs before it opens a file. It looks
// for no extension, which could come from elsewhere.
func options() url.Values {
	return url.Values{
		"autoinstall_known_extensions": {"false"},
		"autoload_known_extensions":    {"false"},
		"allow_community_extensions":   {"false"},
		"allow_persistent_secrets":     {"false"},
	}
}

// confine keeps the engine to its own files and within bounds, for as long as it
// runs. It preserves the order of what is inserted, although no table's meaning
// rests on it: then an INSERT goes on where the one before it ended, and what is
// written early fills blocks. Without order each INSERT leaves a block begun for
// each column, and all of them lie in memory until the transaction ends.
// It never brings the log into the file by itself, see guard.go.
func confine(ctx context.Context, db *sql.DB, path string) error {
	var free bool // the driver hands out one engine for one file
	if err := db.QueryRowContext(ctx, `SELECT current_setting('enable_external_access')`).Scan(&free); err != nil {
		return err
	}
	if !free {
		return errConfined
	}
	for _, setting := range []string{
		fmt.Sprintf(`threads = %d`, min(runtime.GOMAXPROCS(0), maxThreads)),
		fmt.Sprintf(`temp_directory = '%s'`, strings.ReplaceAll(spill(path), "'", "''")),
		`preserve_insertion_order = true`,
		`checkpoint_threshold = '1024TiB'`,
		`enable_external_access = false`,
	} {
		if _, err := db.ExecContext(ctx, `SET GLOBAL `+setting); err != nil {
			return err
		}
	}
	if _, err := db.ExecContext(ctx, `PRAGMA disable_checkpoint_on_shutdown`); err != nil {
		return err
	}
	return limitMemory(ctx, db, memory)
}

// spill is where the engine puts what does not fit into memory: beside the file or, in
// a folder that cannot be written, among the temporary files.
func spill(path string) string {
	if writable(filepath.Dir(path)) {
		return path + ".tmp"
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("candor-alerts-%d.tmp", os.Getpid()))
}

// found makes the file at path unless there is one. A process that ends meanwhile
// leaves none.
func found(ctx context.Context, path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil // or the engine says what it is
	}
	fresh := path + ".new"
	// The log of a file that is gone would be taken for that of the new one.
	for _, old := range []string{fresh, log(fresh), log(path), guardOf(path)} {
		if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return refused(path, err)
		}
	}
	db, err := open(ctx, fresh, &held{})
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `CHECKPOINT`)
	if err = errors.Join(err, db.Close()); err == nil {
		err = durable.Rename(fresh, path)
	}
	if err != nil {
		return refused(path, err)
	}
	return nil
}

// open opens the database file at path, making it if need be, and brings it to
// the newest schema.
func open(ctx context.Context, path string, h *held) (*sql.DB, error) {
	connector, err := driver.NewConnector(path+"?"+options().Encode(), nil)
	if err != nil {
		return nil, refused(path, err)
	}
	db := sql.OpenDB(connector)
	if err = confine(ctx, db, path); err == nil {
		err = migrate(ctx, db)
	}
	if err == nil {
		err = ownersAlone(path)
	}
	if err == nil {
		err = h.register(ctx, db)
	}
	if err != nil {
		return nil, refused(path, errors.Join(err, db.Close()))
	}
	return db, nil
}

// ownersAlone takes the file and its log from everyone else, which the engine makes as
// the mask of the process has it. Of a file that is another's, its owner decides.
func ownersAlone(path string) error {
	for _, p := range []string{path, log(path)} {
		if err := os.Chmod(p, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}

// refused says why a file could not be opened.
func refused(path string, err error) error {
	var n newer
	if errors.As(err, &n) {
		return refusedNewer(path, n)
	}
	if errors.Is(err, errConfined) {
		return fault.New(fault.Conflict, "this process has the alert store open already").At("%s", path).Because(err)
	}
	if strings.Contains(err.Error(), "Could not set lock") || strings.Contains(err.Error(), "being used by another process") {
		return busy(path, err)
	}
	return fault.New(fault.Unavailable, "the alert store cannot be opened").At("%s", path).
		Because(err).Next("check that the file is a Candor alert store in DuckDB and that this candor is not older than the one that wrote it; restore a backup if it is damaged")
}

func busy(path string, err error) error {
	return fault.New(fault.Conflict, "another process has the alert store open, and DuckDB lets in one at a time").At("%s", path).
		Because(err).Next("ask the running server instead, or end that process and try again")
}

// migrate brings the schema up to date; a migration that fails is rolled back.
func migrate(ctx context.Context, db *sql.DB) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migration (version INTEGER NOT NULL)`); err != nil {
		return err
	}
	var version int
	if err := db.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM migration`).Scan(&version); err != nil {
		return err
	}
	if version > len(names) {
		return newer{version, len(names)}
	}
	for n, name := range names[version:] {
		if err := upgrade(ctx, db, name, version+n+1); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func upgrade(ctx context.Context, db *sql.DB, name string, version int) error {
	script, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, string(script)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO migration VALUES (?)`, version); err != nil {
		return err
	}
	return tx.Commit()
}
