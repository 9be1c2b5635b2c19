//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"
	"time"

	"candor/internal/alert"
	"candor/internal/store/stamp"
)

// Durations counts how long alerts took; see store.AlertReader.
func (x *Index) Durations(ctx context.Context, q *alert.Waits) (list []alert.Duration, err error) {
	end, err := stamp.Of(q.Until)
	if err != nil {
		return nil, err
	}
	first, last := stamp.Bounds(q.From, q.To)
	err = x.scan(ctx, 5, func(v []value) {
		d := alert.Duration{RuleID: v[0].(string), To: alert.Acknowledged, Reached: v[2].(bool), Minutes: v[3].(int64), N: v[4].(int64)}
		if v[1].(bool) {
			d.To = alert.Closed
		}
		list = append(list, d)
	}, durations, first, min(last, end), end, q.Site)
	if err != nil {
		return nil, fmt.Errorf("count the times that alerts took %s to %s: %w", q.From, q.To, err)
	}
	return list, nil
}

// durations asks for counts by rule, milestone and wait, of the alerts from $1 to $2 and
// until $3, at the site $4 or at any where it is empty. Of an alert of which one statement is known, that one is the first and the one
// in force; of the others those count that were made until then.
var durations = `
	WITH said AS (
		SELECT r.id, r.nth, r.said, r."class", r.word, r.author, r.provenance, r.original, min((r.number, r.place)) AS came FROM ix.arrival r
		WHERE r."class" <> '' AND NOT r.again AND r.said <= $3 AND r.number NOT IN (SELECT number FROM ix.batch WHERE void) GROUP BY ALL
	), heard AS (
		SELECT id, nth, min(said) AS first, max(said) AS last, arg_max("class", (said, came)) AS "class" FROM said GROUP BY id, nth
	), waited AS (
		SELECT "rule", "time", if(said <= $3, said, NULL) AS first, if(said <= $3 AND "class" NOT IN ` + unsaid + `, said, NULL) AS last
		FROM ix.known WHERE counts AND NOT many AND "time" BETWEEN $1 AND $2 AND ($4 = '' OR site IN ('', $4))
		UNION ALL SELECT a."rule", a."time", h.first, if(h."class" IN ` + unsaid + `, NULL, h.last) FROM ix.merged a LEFT JOIN heard h ON h.id = a.id AND h.nth = a.nth WHERE a.counts AND a."time" BETWEEN $1 AND $2 AND ($4 = '' OR a.site IN ('', $4))
	)
	SELECT "rule", false AS closed, first IS NOT NULL AS reached, if(first IS NULL, ` + minutes(`$3`) + `, ` + reached(`first`) + `) AS minutes, count(*) FROM waited GROUP BY ALL
	UNION ALL SELECT "rule", true, last IS NOT NULL, if(last IS NULL, ` + minutes(`$3`) + `, ` + reached(`last`) + `), count(*) FROM waited GROUP BY ALL
	ORDER BY 1, 2, 3, 4`

// reached is how long it took until a moment, -1 where that is not after the alert.
func reached(moment string) string {
	return fmt.Sprintf(`if(%[1]s > "time", %[2]s, -1)`, moment, minutes(moment))
}

// minutes rounds the wait from an alert's time to a moment behind it as alert.Minutes
// does. Both are nanoseconds; what lies between can be more than 64 bits have, and is cut
// off there.
func minutes(moment string) string {
	wait := fmt.Sprintf(`CASE WHEN "time" >= 0 THEN %[1]s - "time" WHEN %[1]s > 9223372036854775807 + "time" THEN 9223372036854775807 ELSE %[1]s - "time" END`, moment)
	step := func(of time.Duration) string {
		return fmt.Sprintf(`((%[1]s) // %[2]d + if((%[1]s) %% %[2]d > 0, 1, 0)) * %[3]d`, wait, of, of/time.Minute)
	}
	return fmt.Sprintf(`(CASE WHEN %[1]s <= 0 THEN 0 WHEN %[1]s <= %[2]d THEN %[3]s WHEN %[1]s <= %[4]d THEN %[5]s ELSE %[6]s END)`,
		`(`+wait+`)`, 2*time.Hour, step(time.Minute), 24*time.Hour, step(5*time.Minute), step(time.Hour))
}
