package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/store/stamp"
)

// maxAsked is how many ids are looked up with one statement.
const maxAsked = 1 << 12

// Known returns those of the ids that name alerts which count.
func (a *Alerts) Known(ctx context.Context, ids []string) (map[string]bool, error) {
	known := make(map[string]bool, len(ids))
	for part := range slices.Chunk(ids, maxAsked) {
		if err := a.known(ctx, part, known); err != nil {
			return nil, fmt.Errorf("look up %d alerts: %w", len(ids), err)
		}
	}
	return known, nil
}

// known adds those of the ids that name alerts which count to a set.
func (a *Alerts) known(ctx context.Context, ids []string, set map[string]bool) error {
	asked, digests := make(map[string]bool, len(ids)), make([]int64, len(ids))
	for i, id := range ids {
		asked[id], digests[i] = true, digest(id)
	}
	list, err := json.Marshal(digests)
	if err != nil {
		return err
	}
	rows, err := a.db.QueryContext(ctx, `SELECT id FROM alert WHERE NOT void AND digest IN (SELECT value FROM json_each(?))`, string(list))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		if asked[id] {
			set[id] = true
		}
	}
	return rows.Err()
}

// Durations counts how long the alerts of the days from to to took; see
// store.Alerts.
func (a *Alerts) Durations(ctx context.Context, from, to day.Date, until time.Time) ([]alert.Duration, error) {
	end, err := stamp.Of(until)
	if err != nil {
		return nil, err
	}
	first, last := instants(from, to)
	rows, err := a.db.QueryContext(ctx, durationsQuery, first, last, end, longAgo(end), string(alert.Unlabelled), string(alert.Open))
	if err != nil {
		return nil, fmt.Errorf("count the times that alerts took %s to %s: %w", from, to, err)
	}
	defer rows.Close()
	var list []alert.Duration
	for rows.Next() {
		var d alert.Duration
		if err := rows.Scan(&d.RuleID, &d.To, &d.Reached, &d.Minutes, &d.N); err != nil {
			return nil, fmt.Errorf("count the times that alerts took: %w", err)
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

// longAgo is a time that is as long before end as can be told in nanoseconds.
func longAgo(end int64) int64 { return math.MinInt64 + 1 + max(end, 0) }

// durationsQuery asks for counts by rule, milestone and wait, for the times from
// ?1 to ?2 and until ?3. In it, first is when something was first stated about an
// alert, and last when that was stated under which it was labelled then.
const durationsQuery = `
	WITH stated AS (
		SELECT alert, said, class, min(seq) AS seq FROM arrival
		WHERE said <= ?3 AND batch NOT IN (SELECT batch FROM withdrawal)
		GROUP BY alert, said, class, word, author, provenance
	), ranked AS (
		SELECT alert, said, class, row_number() OVER (PARTITION BY alert ORDER BY said DESC, seq DESC) AS place, min(said) OVER (PARTITION BY alert) AS first FROM stated
	), moment AS (
		SELECT a.rule, max(a.time, ?4) AS time, a.time AS exact, r.first, 
			CASE WHEN r.class NOT IN (SELECT id FROM term WHERE text IN (?5, ?6)) THEN r.said END AS last
		FROM alert a LEFT JOIN ranked r ON r.alert = a.seq AND r.place = 1
		WHERE NOT a.void AND a.time BETWEEN ?1 AND ?2 AND a.time <= ?3
	), wait AS (
		SELECT rule, 'acknowledged' AS milestone, first IS NOT NULL AS reached, CASE WHEN first IS NULL THEN ?3 - time WHEN first > exact THEN first - time ELSE -1 END AS wait FROM moment
		UNION ALL
		SELECT rule, 'closed', last IS NOT NULL, CASE WHEN last IS NULL THEN ?3 - time WHEN last > exact THEN last - time ELSE -1 END FROM moment
	), step AS (
		SELECT rule, milestone, reached, wait, CASE WHEN wait <= 7200000000000 THEN 1 WHEN wait <= 86400000000000 THEN 5 ELSE 60 END AS step FROM wait
	), rounded AS (
		SELECT rule, milestone, reached, CASE WHEN wait < 0 THEN -1 ELSE (wait / (step * 60000000000) + (wait % (step * 60000000000) > 0)) * step END AS minutes, count(*) AS n
		FROM step GROUP BY 1, 2, 3, 4
	)
	SELECT t.text, milestone, reached, minutes, n FROM rounded JOIN term t ON t.id = rounded.rule
	ORDER BY t.text, milestone, reached, minutes`
