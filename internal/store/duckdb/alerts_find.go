//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"

	"candor/internal/alert"
	"candor/internal/fault"
)

// Find returns the alert that counts under an ID; see store.Alerts.
func (a *Alerts) Find(ctx context.Context, alertID string) (*alert.Alert, error) {
	rows, err := a.db.QueryContext(ctx, selectAlerts(`SELECT * FROM alert WHERE id = ? AND NOT void`), alertID)
	if err != nil {
		return nil, fmt.Errorf("look up alert %q: %w", alertID, err)
	}
	defer rows.Close()
	if rows.Next() {
		return scanAlert(rows)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look up alert %q: %w", alertID, err)
	}
	return nil, noAlert(alertID)
}

func noAlert(id string) error {
	return fault.New(fault.NotFound, "there is no alert %q", id).Next("check the id; alert ids are those of the imported file")
}
