package store

import (
	"context"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/fault"
)

// AroundReader answers what lay around a time.
type AroundReader interface {
	// Near answers many questions at once, by question and then rule; a rule without an
	// alert that is asked for is left out. To ask hundreds of questions costs little more
	// than to ask one. A question without a time, or of too long a time, is fault.Invalid.
	Near(ctx context.Context, asked []alert.Around) ([]alert.Near, error)
	// Around lists the first most of the alerts that one question asks for, as Each gives
	// them, in the order of history.Compare.
	Around(ctx context.Context, q alert.Around, most int) ([]*alert.Alert, error)
	// Presence counts the alerts of the days from from to to, both included, by rule, then
	// site and day; an unknown day is no bound.
	Presence(ctx context.Context, from, to day.Date) ([]alert.Presence, error)
}

// CheckAround refuses questions that no store answers.
func CheckAround(asked ...alert.Around) error {
	for i := range asked {
		q := &asked[i]
		if q.From.IsZero() || q.To.IsZero() || q.To.Sub(q.From) > alert.MaxAround {
			return fault.New(fault.Invalid, "alerts cannot be looked for from %s to %s", q.From.Format("2006-01-02"), q.To.Format("2006-01-02")).
				Next("ask for at most %d days", int(alert.MaxAround.Hours()/24))
		}
	}
	return nil
}
