package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"candor/internal/alert"
	"candor/internal/fault"
)

// Find returns the alert that counts under an ID; see store.Alerts.
func (a *Alerts) Find(ctx context.Context, alertID string) (*alert.Alert, error) {
	var r row
	err := a.db.QueryRowContext(ctx, `SELECT `+columns+` FROM alert WHERE digest = ? AND id = ? AND NOT void`, digest(alertID), alertID).Scan(r.targets()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noAlert(alertID)
	}
	if err != nil {
		return nil, fmt.Errorf("look up alert %q: %w", alertID, err)
	}
	l := &phrases{ctx: ctx, db: a.db, known: map[int64]string{0: ""}}
	return l.alert(&r)
}

func noAlert(id string) error {
	return fault.New(fault.NotFound, "there is no alert %q", id).Next("check the id; alert ids are those of the imported file")
}
