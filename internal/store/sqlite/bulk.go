package sqlite

import (
	"context"
	"database/sql"
	"strings"
)

// chunk is how many rows one statement inserts or asks for.
const chunk = 256

// bulk inserts rows, a chunk with one statement.
type bulk struct {
	one, many *sql.Stmt
	width     int // columns
}

// newBulk prepares insert, which ends with VALUES.
func newBulk(ctx context.Context, tx *sql.Tx, insert string, width int) (*bulk, error) {
	b := &bulk{width: width}
	return b, prepare(ctx, tx, map[string]**sql.Stmt{
		insert + marks(width): &b.one,
		insert + marks(width) + strings.Repeat(", "+marks(width), chunk-1): &b.many,
	})
}

// insert inserts rows given as one list of values.
func (b *bulk) insert(ctx context.Context, args []any) error {
	if len(args) == chunk*b.width {
		_, err := b.many.ExecContext(ctx, args...)
		return err
	}
	for ; len(args) > 0; args = args[b.width:] {
		if _, err := b.one.ExecContext(ctx, args[:b.width]...); err != nil {
			return err
		}
	}
	return nil
}

// marks returns n parameters in parentheses.
func marks(n int) string { return "(?" + strings.Repeat(", ?", n-1) + ")" }
