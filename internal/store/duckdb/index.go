//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"

	driver "github.com/duckdb/duckdb-go/v2"

	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/stamp"
)

// Built says that this build has DuckDB.
const Built = true

// tables are the tables of an index.
//
//go:embed tables.sql
var tables string

// version is that of the tables, and of what they hold. An index of another version, or
// of another version of the engine, whose hashes are its own, is built anew.
const version = 10

// What the engine may use. It spills to the disk what does not fit.
const (
	maxThreads      = 8
	memory          = 512 << 20 // bytes, of which each thread beyond two needs a share
	memoryPerThread = 128 << 20
)

// Index is an index in a DuckDB file. It implements batches.Index.
type Index struct {
	db     *sql.DB
	held   *held
	path   string // of the index
	dir    string // of the batch files
	write  bool
	doubts bool // the marker lies there
	closed atomic.Bool
	// changes counts what was begun, so that each has names of its own.
	changes atomic.Int64
}

var _ batches.Index = (*Index)(nil)

// Engine returns the engine whose index lies in the file at path, over the batch files in
// the folder dir.
func Engine(path, dir string) batches.Engine {
	return batches.Engine{
		Open:  func(ctx context.Context, write bool) (batches.Index, error) { return open(ctx, path, dir, write) },
		Files: []string{path, path + ".wal", marker(path)},
	}
}

// marker is the path of a file that is there while the index is being changed on the
// disk. The engine can be killed in the middle of what it writes, and takes up a part of
// it then: an index that was being changed is not to be trusted.
func marker(path string) string { return path + ".busy" }

func open(ctx context.Context, path, dir string, write bool) (batches.Index, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return nil, err
	}
	if strings.Contains(path, "?") { // the engine takes what follows for options
		return nil, fault.New(fault.Invalid, "DuckDB cannot keep an index at a path that holds a question mark").At("%s", path).
			Next("name a data folder without one, or set CANDOR_ALERTS=scan")
	}
	x := &Index{path: path, dir: dir, write: write, held: &held{tables: map[string]*table{}}}
	_, err = os.Stat(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	if fresh && !write {
		return nil, batches.ErrReadOnly
	}
	if err := x.start(ctx); err != nil {
		return nil, err
	}
	if err := x.attach(ctx, fresh); err != nil {
		return nil, errors.Join(err, x.db.Close())
	}
	return x, nil
}

// start starts an engine that holds nothing. It looks for no extension, which could come
// from elsewhere.
func (x *Index) start(ctx context.Context) error {
	connector, err := driver.NewConnector("?autoinstall_known_extensions=false&autoload_known_extensions=false&allow_community_extensions=false&allow_persistent_secrets=false", nil)
	if err != nil {
		return x.refused(err)
	}
	x.db = sql.OpenDB(connector)
	if err := x.held.register(ctx, x.db); err != nil {
		return errors.Join(x.refused(err), x.db.Close())
	}
	return nil
}

// attach attaches the file and keeps the engine to it, to the batch files and within
// bounds, for as long as it runs.
func (x *Index) attach(ctx context.Context, fresh bool) error {
	if x.write {
		if err := x.doubt(); err != nil {
			return err
		}
	}
	mode := " (READ_ONLY)"
	if x.write {
		// No older engine is to read it, and the newest form takes the least time to write.
		mode = " (STORAGE_VERSION 'latest')"
	}
	threads := min(runtime.GOMAXPROCS(0), maxThreads)
	for _, statement := range []string{
		`ATTACH ` + quoted(x.path) + ` AS ix` + mode,
		fmt.Sprintf(`SET GLOBAL threads = %d`, threads),
		fmt.Sprintf(`SET GLOBAL memory_limit = '%dB'`, memory+max(0, threads-2)*memoryPerThread),
		`SET GLOBAL temp_directory = ` + quoted(x.spill()),
		`SET GLOBAL preserve_insertion_order = true`,
		// A file is looked for by a pattern, and read by its name.
		`SET GLOBAL allowed_directories = [` + quoted(x.dir+string(filepath.Separator)) + `, ` + quoted(literal(x.dir+string(filepath.Separator))) + `]`,
		`SET GLOBAL enable_external_access = false`,
	} {
		if _, err := x.db.ExecContext(ctx, statement); err != nil {
			return x.refused(err)
		}
	}
	if fresh {
		if err := x.create(ctx); err != nil {
			return x.refused(err)
		}
	}
	if _, err := os.Stat(marker(x.path)); err == nil && !x.doubts {
		return fmt.Errorf("%w: a process was killed while it wrote to it", batches.ErrRebuild)
	}
	if err := x.check(ctx); err != nil {
		return err
	}
	return x.sure()
}

// create makes the tables of a new index.
func (x *Index) create(ctx context.Context) error {
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for statement := range strings.SplitSeq(tables, ";") {
		if statement = strings.TrimSpace(statement); statement == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO ix.about SELECT ?, version(), ?`, version, "{}"); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return os.Chmod(x.path, 0o600)
}

// check refuses an index that is not what this package makes: what a file defines can
// change what a question means.
func (x *Index) check(ctx context.Context) error {
	var strange, missing int
	var engine string
	var made int
	err := x.db.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM duckdb_views() WHERE database_name = 'ix' AND NOT internal) +
		(SELECT count(*) FROM duckdb_functions() WHERE database_name = 'ix' AND NOT internal) +
		(SELECT count(*) FROM duckdb_indexes() WHERE database_name = 'ix') +
		(SELECT count(*) FROM duckdb_sequences() WHERE database_name = 'ix') +
		(SELECT count(*) FROM duckdb_types() WHERE database_name = 'ix' AND NOT internal) +
		(SELECT count(*) FROM duckdb_schemas() WHERE database_name = 'ix' AND NOT internal AND schema_name <> 'main')`).Scan(&strange)
	if err != nil {
		return x.damaged(err)
	}
	known, err := x.tables(ctx)
	if err != nil {
		return x.damaged(err)
	}
	for statement := range strings.SplitSeq(tables, ";") {
		if statement = strings.TrimSpace(statement); statement == "" {
			continue
		}
		if made := strings.Replace(statement, " ix.", " ", 1); known[made+";"] {
			delete(known, made+";")
		} else {
			missing++
		}
	}
	if strange+missing+len(known) > 0 {
		return fmt.Errorf("%w: it defines what candor did not, or not what candor did", batches.ErrRebuild)
	}
	err = x.db.QueryRowContext(ctx, `SELECT version, engine FROM ix.about WHERE engine = version()`).Scan(&made, &engine)
	if errors.Is(err, sql.ErrNoRows) || err == nil && made != version {
		return fmt.Errorf("%w: another version of candor made it", batches.ErrRebuild)
	}
	if err != nil {
		return x.damaged(err)
	}
	return nil
}

// tables are the statements that make the tables which are there.
func (x *Index) tables(ctx context.Context) (map[string]bool, error) {
	known := map[string]bool{}
	err := x.scan(ctx, 1, func(v []value) { known[v[0].(string)] = true }, `SELECT sql FROM duckdb_tables() WHERE database_name = 'ix'`)
	return known, err
}

// doubt puts the marker there.
func (x *Index) doubt() error {
	if _, err := os.Stat(marker(x.path)); err == nil {
		return nil // it was there before
	}
	if err := durable.Write(marker(x.path), nil, 0o600); err != nil {
		return x.refused(err)
	}
	x.doubts = true
	return nil
}

// sure takes the marker away that this process put there.
func (x *Index) sure() error {
	if !x.doubts {
		return nil
	}
	x.doubts = false
	return os.Remove(marker(x.path))
}

// spill is where the engine puts what does not fit into memory: beside the file or, in a
// folder that is only read, among the temporary files.
func (x *Index) spill() string {
	if x.write {
		return x.path + ".tmp"
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("candor-index-%d.tmp", os.Getpid()))
}

// quoted is a text as SQL writes it.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// refused says why the index could not be opened.
func (x *Index) refused(err error) error {
	switch text := err.Error(); {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case strings.Contains(text, "Could not set lock"), strings.Contains(text, "being used by another process"):
		return fault.New(fault.Conflict, "another process has the index of the alerts open, and DuckDB lets in one at a time").At("%s", x.path).
			Because(err).Next("ask the running server instead, or end that process and try again")
	case strings.Contains(text, "already attached"), strings.Contains(text, "Unique file handle conflict"):
		return fault.New(fault.Conflict, "this process has the index of the alerts open already").At("%s", x.path).Because(err)
	case unwritten(err) != nil:
		return fault.New(fault.Unavailable, "the index of the alerts cannot be opened").At("%s", x.path).Because(errors.Join(err, unwritten(err))).
			Next("check that you may write there and that there is room on the disk; the index can be deleted, it is built anew from the batch files")
	}
	return x.damaged(err)
}

// unwritten returns what the system said that kept the engine from writing, of which the
// engine hands on the text alone; nil when it was something else.
func unwritten(err error) error {
	for text, cause := range map[string]error{"No space left": syscall.ENOSPC, "Permission denied": fs.ErrPermission, "Read-only file system": syscall.EROFS} {
		if strings.Contains(err.Error(), text) || errors.Is(err, cause) {
			return cause
		}
	}
	return nil
}

// damaged is batches.ErrRebuild with what is wrong.
func (x *Index) damaged(err error) error { return fmt.Errorf("%w: %w", batches.ErrRebuild, err) }

// Close brings what is in the log into the file, and closes it. Where it cannot, the marker
// stays, and the index is built anew: nothing is lost, and whoever added a batch has done
// so. To close it again does nothing.
func (x *Index) Close() error {
	if !x.closed.CompareAndSwap(false, true) {
		return nil
	}
	kept := true
	if x.write {
		kept = x.doubt() == nil
		if kept {
			_, err := x.db.Exec(`CHECKPOINT ix`)
			kept = err == nil
		}
	}
	if err := x.db.Close(); err != nil || !kept {
		return nil
	}
	return x.sure()
}

// Tip returns what the last change left; see batches.Index.
func (x *Index) Tip(ctx context.Context) (at batches.Tip, err error) {
	var text string
	if err := x.db.QueryRowContext(ctx, `SELECT tip FROM ix.about`).Scan(&text); err != nil {
		return at, x.damaged(err)
	}
	return at, json.Unmarshal([]byte(text), &at)
}

// Held lists what has been taken in; see batches.Index.
func (x *Index) Held(ctx context.Context) (list []batches.Held, err error) {
	return x.bodies(ctx, `SELECT body FROM ix.batch ORDER BY number`)
}

// Newest lists the batches that were taken in last; see batches.Index.
func (x *Index) Newest(ctx context.Context, upTo, n int) (list []batches.Held, all int, err error) {
	if err := x.db.QueryRowContext(ctx, `SELECT count(*) FROM ix.batch`).Scan(&all); err != nil {
		return nil, 0, x.damaged(err)
	}
	if upTo < 0 || upTo > all {
		upTo = all
	}
	n = min(n, upTo)
	list, err = x.bodies(ctx, fmt.Sprintf(`SELECT body FROM ix.batch ORDER BY number LIMIT %d OFFSET %d`, n, upTo-n))
	return list, all, err
}

// bodies reads what is noted of batches.
func (x *Index) bodies(ctx context.Context, query string) (list []batches.Held, err error) {
	var broken error
	err = x.scan(ctx, 1, func(v []value) {
		var h batches.Held
		broken = errors.Join(broken, json.Unmarshal([]byte(v[0].(string)), &h))
		list = append(list, h)
	}, query)
	if err = errors.Join(err, broken); err != nil {
		return nil, x.damaged(err)
	}
	return list, nil
}

// Packs lists what has been taken in, as one by file; see batches.Index.
func (x *Index) Packs(ctx context.Context) (list []store.Pack, err error) {
	err = x.scan(ctx, 9, func(v []value) {
		p := store.Pack{ID: v[0].(string), Batches: int(v[1].(int64)), First: stamp.Time(v[2].(int64)), Last: stamp.Time(v[3].(int64)), Records: v[4].(int64), LeftOut: v[8].(int64)}
		if from, to := v[5].(string), v[6].(string); from == to {
			p.Source = from
		}
		if body, ok := v[7].(string); ok {
			var h batches.Held
			err = errors.Join(err, json.Unmarshal([]byte(body), &h))
			p.Withdrawn = h.Batch.Withdrawn
		}
		list = append(list, p)
	}, `SELECT if(void, id, file) AS pack, count(*), min(added), max(added), sum(records)::BIGINT, min(origin), max(origin), any_value(body) FILTER (void),
			coalesce(sum(CASE WHEN contains(body, '"left_out":') THEN CAST(regexp_extract(body, '"left_out":([0-9]+)', 1) AS BIGINT) END), 0)::BIGINT
		FROM ix.batch GROUP BY pack ORDER BY min(number)`)
	if err != nil {
		return nil, x.damaged(err)
	}
	return list, nil
}

// Rows counts arrivals by batch; see batches.Index.
func (x *Index) Rows(ctx context.Context) (map[int]int64, error) {
	rows := map[int]int64{}
	err := x.scan(ctx, 2, func(v []value) { rows[int(v[0].(int32))] = v[1].(int64) }, `
		SELECT number, sum(n)::BIGINT FROM (
			SELECT number, count(*) AS n FROM ix.known WHERE NOT many GROUP BY number
			UNION ALL SELECT number, count(*) FROM ix.arrival GROUP BY number)
		GROUP BY number`)
	if err != nil {
		return nil, fmt.Errorf("count arrivals: %w", err)
	}
	return rows, nil
}
