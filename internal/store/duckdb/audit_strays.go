//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"
)

// strays looks for rows that belong to nothing, once all alerts have been read,
// and for what no one alert can show.
func (u *auditor) strays(ctx context.Context) error {
	for _, look := range [...]struct {
		what, query string
	}{
		{"%d alerts are of no batch", `SELECT count(*) FROM alert ANTI JOIN batch b ON b.seq = alert.batch`},
		{"%d arrivals are of no batch", `SELECT count(*) FROM arrival ANTI JOIN batch b ON b.seq = arrival.batch`},
		{"%d alerts have a number that none can have", fmt.Sprintf(`SELECT count(*) - %d FROM alert`, u.read.alert)},
		{"%d arrivals are of no alert", fmt.Sprintf(`SELECT count(*) - %d FROM arrival`, u.read.arrival)},
		{"%d first arrivals are kept of no alert", fmt.Sprintf(`SELECT count(*) - %d FROM origin`, u.read.origin)},
		{"%d restatements are of no arrival", fmt.Sprintf(`SELECT count(*) - %d FROM restated`, u.read.restated)},
		{"%d alerts that are no longer as they arrived have lost how they did",
			`SELECT count(*) FROM (FROM alert WHERE revised) a ANTI JOIN origin o ON o.alert = a.seq`},
		{"%d alerts are counted on another day than that of their time",
			`SELECT count(*) FROM alert WHERE day != time // 86400000000000 - if(time % 86400000000000 < 0, 1, 0)`},
		{"%d terms share a number or a text", `SELECT 2 * count(*) - count(DISTINCT id) - count(DISTINCT text) FROM term`},
		{"%d terms that every store has are others", fmt.Sprintf(
			`SELECT 2 - count(*) FROM term WHERE id = 0 AND text = '' OR id = %d AND text = 'unlabelled'`, unlabelled)},
		{"%d texts of alerts are of no term", fmt.Sprintf(`SELECT %d`, u.seals.lost)},
	} {
		var n int64
		if err := u.conn.QueryRowContext(ctx, look.query).Scan(&n); err != nil {
			return err
		}
		if n != 0 {
			u.amiss(0, look.what, n)
		}
	}
	return nil
}

// share looks for alerts that are there twice. Those have one digest, or one of
// them has a digest that is not its id's, which is found when alerts are compared.
// Few of the digests that seem to be shared are.
func (u *auditor) share(ctx context.Context) error {
	if len(u.twice) == 0 {
		return nil
	}
	var shared []int64
	err := scan(ctx, u.conn, 1, func(v []value) { shared = append(shared, v[0].(int64)) },
		`SELECT digest FROM alert SEMI JOIN (SELECT unnest(?::BIGINT[]) AS digest) USING (digest) GROUP BY digest HAVING count(*) > 1`, u.twice)
	u.twice = u.twice[:0]
	if err != nil || len(shared) == 0 {
		return err
	}
	return scan(ctx, u.conn, 1, func(v []value) {
		if n := v[0].(int64); n > 0 {
			u.amiss(0, "%d alerts are there more than once", n)
		}
	}, `SELECT count(*) - count(DISTINCT id) FROM alert SEMI JOIN (SELECT unnest(?::BIGINT[]) AS digest) USING (digest)`, shared)
}
