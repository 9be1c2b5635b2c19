//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	driver "github.com/duckdb/duckdb-go/v2"
)

// held are tables in this process's memory that SQL reads with held('name').
// What a change works on is given to the engine in this way, without a copy in
// a table of its own, which the engine would keep until the end of the
// transaction.
type held struct {
	mu     sync.Mutex
	tables map[string]*table
}

// table is a table of a number of rows. Put puts the cells of one row.
type table struct {
	columns []driver.ColumnInfo
	rows    int
	put     func(c *cells, row int)
	// single says that one thread reads it. What two threads insert into a table
	// leaves groups of rows that are not full, which the engine later rewrites.
	single bool
}

// column describes a column of a table.
func column(name string, t driver.Type) driver.ColumnInfo {
	info, err := driver.NewTypeInfo(t)
	if err != nil {
		panic(fmt.Sprintf("the type of column %s: %v", name, err)) // the types are constants
	}
	return driver.ColumnInfo{Name: name, T: info}
}

// register makes held known to the engine.
func (h *held) register(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	name, err := driver.NewTypeInfo(driver.TYPE_VARCHAR)
	if err != nil {
		return err
	}
	return driver.RegisterTableUDF(conn, "held", driver.ParallelChunkTableFunction{
		Config: driver.TableFunctionConfig{Arguments: []driver.TypeInfo{name}},
		BindArguments: func(_ map[string]any, args ...any) (driver.ParallelChunkTableSource, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			t := h.tables[fmt.Sprint(args[0])]
			if t == nil {
				return nil, fmt.Errorf("nothing is held as %v", args[0])
			}
			return &source{table: t}, nil
		},
	})
}

// hold makes t what SQL reads as name, until it is replaced.
func (h *held) hold(name string, t *table) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tables[name] = t
}

// release lets go of the tables whose names begin with a prefix.
func (h *held) release(prefix string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.DeleteFunc(h.tables, func(name string, _ *table) bool { return strings.HasPrefix(name, prefix) })
}

// source hands out the rows of a table, a chunk at a time, to any number of
// threads.
type source struct {
	*table
	next atomic.Int64
}

// ColumnInfos describes the columns.
func (s *source) ColumnInfos() []driver.ColumnInfo { return s.columns }

// Cardinality returns the number of rows.
func (s *source) Cardinality() *driver.CardinalityInfo {
	return &driver.CardinalityInfo{Cardinality: uint(s.rows), Exact: true}
}

// Init says how many threads may read.
func (s *source) Init() driver.ParallelTableSourceInfo {
	if s.single {
		return driver.ParallelTableSourceInfo{MaxThreads: 1}
	}
	return driver.ParallelTableSourceInfo{MaxThreads: maxThreads}
}

// NewLocalState returns what a thread keeps, which is nothing.
func (s *source) NewLocalState() any { return &struct{}{} }

// FillChunk puts the next rows; none are left when it puts none.
func (s *source) FillChunk(_ any, chunk driver.DataChunk) error {
	n := driver.GetDataChunkCapacity()
	from := int(s.next.Add(int64(n))) - n
	size := max(0, min(n, s.rows-from))
	c := cells{chunk: chunk}
	for c.row = range size {
		c.column = 0
		s.put(&c, from+c.row)
	}
	if c.err != nil {
		return c.err
	}
	return chunk.SetSize(size)
}

// cells are the cells of a row of a chunk, which are put from left to right.
type cells struct {
	chunk       driver.DataChunk
	row, column int
	err         error
}

// put puts the next cell.
func put[T any](c *cells, value T) {
	if err := driver.SetChunkValue(c.chunk, c.column, c.row, value); err != nil && c.err == nil {
		c.err = err
	}
	c.column++
}
