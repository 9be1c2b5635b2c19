//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
)

// value is a value as the driver gives it.
type value = driver.Value

// querier is a connection, by itself or in the middle of a transaction.
type querier interface {
	Raw(f func(driverConn any) error) error
}

// scan gives each row of an answer of n columns to take, which must not keep the
// slice nor ask q for anything. Rows come from the driver itself: to have
// package sql hand out each value takes as long as the rest.
func scan(ctx context.Context, q querier, n int, take func(values []value), query string, args ...any) error {
	named := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
	}
	return q.Raw(func(conn any) error {
		rows, err := conn.(driver.QueryerContext).QueryContext(ctx, query, named)
		if err != nil {
			return err
		}
		values := make([]value, n)
		for err = rows.Next(values); err == nil; err = rows.Next(values) {
			take(values)
		}
		if err == io.EOF {
			err = nil
		}
		return errors.Join(err, rows.Close())
	})
}

// scan does so on a connection of its own.
func (x *Index) scan(ctx context.Context, n int, take func(values []value), query string, args ...any) error {
	conn, err := x.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return scan(ctx, conn, n, take, query, args...)
}
