//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"
)

// Generation names the state of the alerts: nothing but a batch and a withdrawal changes
// it, and neither is ever taken out. See store.Generations.
func (a *Alerts) Generation(ctx context.Context) (name string, err error) {
	err = a.scan(ctx, 2, func(v []value) { name = fmt.Sprintf("%d.%d", v[0], v[1]) },
		`SELECT (SELECT count(*) FROM batch), (SELECT count(*) FROM withdrawal)`)
	if err != nil {
		return "", fmt.Errorf("ask whether the alerts were changed: %w", err)
	}
	return name, nil
}
