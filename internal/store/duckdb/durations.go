//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/store/stamp"
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
	err := a.scan(ctx, 1, func(v []value) {
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
	end, err := stamp.Of(until)
	if err != nil {
		return nil, err
	}
	list, err = a.durations(ctx, [2]day.Date{from, to}, end)
	if err != nil {
		return nil, fmt.Errorf("count the times that alerts took %s to %s: %w", from, to, err)
	}
	return list, nil
}

// durations reads the counts by the numbers of rules, and sorts these by their
// texts, which many counts share.
func (a *Alerts) durations(ctx context.Context, days [2]day.Date, end int64) (list []alert.Duration, err error) {
	open, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	first, last := stamp.Bounds(days[0], days[1])
	byRule, texts := map[int32][]alert.Duration{}, map[int32]string{}
	err = a.scan(ctx, 5, func(v []value) {
		rule, d := v[0].(int32), alert.Duration{To: alert.Acknowledged, Reached: v[2].(bool), Minutes: int64(v[3].(int32)), N: v[4].(int64)}
		if v[1].(bool) {
			d.To = alert.Closed
		}
		texts[rule] = ""
		byRule[rule] = append(byRule[rule], d)
	}, durationsQuery(open), first, last, end, longAgo(end))
	if err != nil {
		return nil, err
	}
	if err := a.texts(ctx, texts); err != nil {
		return nil, err
	}
	rules := slices.SortedFunc(maps.Keys(texts), func(x, y int32) int { return cmp.Compare(texts[x], texts[y]) })
	for _, rule := range rules {
		for _, d := range byRule[rule] {
			d.RuleID = texts[rule]
			list = append(list, d)
		}
	}
	return list, nil
}

// longAgo is a time that is as long before end as can be told in nanoseconds.
func longAgo(end int64) int64 { return math.MinInt64 + 1 + max(end, 0) }

// durationsQuery asks for counts by rule, milestone and wait, for the days from
// $1 to $2 and until $3. In it, first is when something was first stated about an
// alert. What an alert counts under is what it counted under then, unless
// something was stated since; last is the class and the time of those. Few alerts
// are stated about: the others are counted as all less these.
func durationsQuery(open int32) string {
	without := fmt.Sprintf(`IN (%d, %d)`, unlabelled, open)
	const which = `NOT a.void AND a.day BETWEEN $1 AND $2 AND a.time <= $3`
	return `
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
			CASE WHEN s.alert IS NULL THEN if(a.class ` + without + `, NULL, a.said) WHEN l.class ` + without + ` THEN NULL ELSE l.said END AS last
		FROM first f JOIN alert a ON a.seq = f.alert LEFT JOIN since s ON s.alert = f.alert LEFT JOIN last l ON l.alert = f.alert
		WHERE ` + which + `
	), reached AS MATERIALIZED (
		SELECT rule, ` + minutes(`$3 - time`) + ` AS open,
			CASE WHEN first > exact THEN ` + minutes(`first - time`) + ` ELSE -1 END AS acknowledged,
			CASE WHEN last > exact THEN ` + minutes(`last - time`) + ` WHEN last IS NOT NULL THEN -1 END AS closed
		FROM moment
	), fired AS MATERIALIZED (
		SELECT rule, ` + minutes(`$3 - greatest(time, $4)`) + ` AS open, count(*) AS n FROM alert a WHERE ` + which + ` GROUP BY ALL
	), counted AS (
		SELECT rule, false AS close, true AS reached, acknowledged AS minutes, 1 AS n FROM reached
		UNION ALL SELECT rule, true, true, closed, 1 FROM reached WHERE closed IS NOT NULL
		UNION ALL SELECT rule, false, false, open, -1 FROM reached
		UNION ALL SELECT rule, true, false, open, -1 FROM reached WHERE closed IS NOT NULL
		UNION ALL SELECT rule, unnest([false, true]), false, open, n FROM fired
	)
	SELECT rule, close, reached, minutes, sum(n)::BIGINT FROM counted GROUP BY ALL HAVING sum(n) > 0 ORDER BY rule, close, reached, minutes`
}

// minutes rounds a wait in nanoseconds, which is not negative, as alert.Minutes
// does.
func minutes(wait string) string {
	step := func(of time.Duration) string {
		return fmt.Sprintf(`((%[1]s) // %[2]d + if((%[1]s) %% %[2]d > 0, 1, 0)) * %[3]d`, wait, of, of/time.Minute)
	}
	return fmt.Sprintf(`(CASE WHEN %[1]s <= %[2]d THEN %[3]s WHEN %[1]s <= %[4]d THEN %[5]s ELSE %[6]s END)::INTEGER`,
		wait, 2*time.Hour, step(time.Minute), 24*time.Hour, step(5*time.Minute), step(time.Hour))
}
