//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"
	"math"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
)

// Known returns those of the ids that name alerts which count.
func (a *Alerts) Known(ctx context.Context, ids []string) (map[string]bool, error) {
	asked, digests := make(map[string]bool, len(ids)), make([]int64, 0, len(ids))
	for _, id := range ids {
		if !asked[id] {
			asked[id] = true
			digests = append(digests, digest(id))
		}
	}
	known := make(map[string]bool, len(asked))
	err := scan(ctx, a.db, 1, func(v []any) {
		if id := v[0].(string); asked[id] {
			known[id] = true
		}
	}, `SELECT id FROM alert SEMI JOIN (SELECT unnest(?::BIGINT[]) AS digest) USING (digest) WHERE NOT void`, digests)
	if err != nil {
		return nil, fmt.Errorf("look up %d alerts: %w", len(ids), err)
	}
	return known, nil
}

// Durations counts how long the alerts of the days from to to took; see
// store.Alerts.
func (a *Alerts) Durations(ctx context.Context, from, to day.Date, until time.Time) (list []alert.Duration, err error) {
	end, err := instant(until)
	if err != nil {
		return nil, err
	}
	first, last := bounds(from, to)
	err = scan(ctx, a.db, 5, func(v []any) {
		list = append(list, alert.Duration{RuleID: v[0].(string), To: alert.Milestone(v[1].(string)), Reached: v[2].(bool), Minutes: v[3].(int64), N: v[4].(int64)})
	}, durationsQuery, first, last, end, longAgo(end))
	if err != nil {
		return nil, fmt.Errorf("count the times that alerts took %s to %s: %w", from, to, err)
	}
	return list, nil
}

// longAgo is a time that is as long before end as can be told in nanoseconds.
func longAgo(end int64) int64 { return math.MinInt64 + 1 + max(end, 0) }

// durationsQuery asks for counts by rule, milestone and wait, for the days from
// $1 to $2 and until $3. In it, first is when something was first stated about an
// alert. What an alert counts under is what it counted under then, unless
// something was stated since; last is the class and the time of those.
const durationsQuery = `
	WITH stated AS (
		SELECT r.* FROM arrival r ANTI JOIN withdrawal w ON w.batch = r.batch WHERE r.class <> 0
	), first AS (
		SELECT alert, min(said) AS said FROM stated WHERE said <= $3 GROUP BY alert
	), since AS (
		SELECT DISTINCT alert FROM stated WHERE said > $3
	), last AS (
		SELECT alert, arg_max(class, row(said, seq)) AS class, max(said) AS said FROM (
			SELECT alert, said, class, word, author, provenance, min(seq) AS seq FROM stated SEMI JOIN since USING (alert) WHERE said <= $3 GROUP BY ALL)
		GROUP BY alert
	), moment AS (
		SELECT a.rule, greatest(a.time, $4) AS time, a.time AS exact, f.said AS first,
			CASE WHEN s.alert IS NULL THEN if(a.class = 1, NULL, a.said) WHEN l.class = 1 THEN NULL ELSE l.said END AS last
		FROM alert a LEFT JOIN first f ON f.alert = a.seq LEFT JOIN since s ON s.alert = a.seq LEFT JOIN last l ON l.alert = a.seq
		WHERE NOT a.void AND a.day BETWEEN $1 AND $2 AND a.time <= $3
	), wait AS (
		SELECT rule, 'acknowledged' AS milestone, first IS NOT NULL AS reached, CASE WHEN first IS NULL THEN $3 - time WHEN first > exact THEN first - time ELSE -1 END AS wait FROM moment
		UNION ALL
		SELECT rule, 'closed', last IS NOT NULL, CASE WHEN last IS NULL THEN $3 - time WHEN last > exact THEN last - time ELSE -1 END FROM moment
	), step AS (
		SELECT rule, milestone, reached, wait, CASE WHEN wait <= 7200000000000 THEN 1 WHEN wait <= 86400000000000 THEN 5 ELSE 60 END AS step FROM wait
	), rounded AS (
		SELECT rule, milestone, reached, CASE WHEN wait < 0 THEN -1 ELSE (wait // (step * 60000000000) + if(wait % (step * 60000000000) > 0, 1, 0)) * step END AS minutes, count(*) AS n
		FROM step GROUP BY ALL
	)
	SELECT t.text, milestone, reached, minutes::BIGINT, n FROM rounded JOIN term t ON t.id = rounded.rule
	ORDER BY t.text, milestone, reached, minutes`
