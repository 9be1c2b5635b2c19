//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/store/stamp"
)

// asking is a question on its way to the engine, with the values of its parameters.
type asking struct {
	*alert.Question
	args []any
	late bool // that some statements are not known yet matters
}

// ask begins a question.
func (x *Index) ask(ctx context.Context, q *alert.Question) (*asking, error) {
	a := &asking{Question: q}
	until, err := stamp.Of(q.Until)
	if err != nil || until == stamp.Unknown {
		return a, err
	}
	// Of an alert the row has the statement in force, than which no other is later.
	return a, x.scan(ctx, 1, func(v []value) { a.late = v[0].(bool) }, `SELECT count(*) > 0 FROM `+alerts+` WHERE said > ? OR readat > ?`, until, until)
}

// with notes the value of a parameter and returns its name.
func (a *asking) with(v any) string {
	a.args = append(a.args, v)
	return fmt.Sprint("$", len(a.args))
}

// seen is a query of the alerts of the question's days and site: "class" and provenance are
// as they count once alerts have inherited, author is who said so, said when as far as that
// is known (see alert.Alert.SaidOf), and original what that repeats; heir says that they did inherit; reading, reader and readby are the
// second reading. That an alert of a case was opened after that was closed says again.
// Where are further conditions on alerts a.
func (a *asking) seen(where string) string {
	first, last := stamp.Bounds(a.From, a.To)
	where = fmt.Sprintf(`a.counts AND a."time" BETWEEN %s AND %s%s`, a.with(first), a.with(last), where)
	if a.Site != "" {
		where += " AND a.site IN ('', " + a.with(a.Site) + ")"
	}
	rows := `SELECT a."rule", a.incident, a.entity, a.site, a."time", a."class", a.provenance, a.said, a.author, a.original, a.reading, a.reader, a.readby FROM ` + alerts + ` a WHERE ` + where
	if a.late {
		rows = a.until(where)
	}
	mute, own := `a."class" IN `+unsaid, `if(a.said <= a."time", NULL, a.said)`
	if len(a.Cases) == 0 {
		return `SELECT a."rule", a.incident, a.entity, a.site, a."time", false AS again, false AS heir, a.author, ` + own + ` AS said, a.original, a.reading, a.reader, a.readby,
			if(` + mute + `, 'unlabelled', a."class") AS "class", if(` + mute + `, '', a.provenance) AS provenance FROM (` + rows + `) a`
	}
	heir := mute + ` AND c."class" <> 'unlabelled' AND (a."class" <> 'open' OR a.said <= c."at")`
	return `SELECT a."rule", a.incident, a.entity, a.site, a."time", a.reading, a.reader, a.readby,
		CASE WHEN ` + heir + ` THEN c.owner ELSE a.author END AS author, coalesce(` + heir + `, false) AS heir,
		CASE WHEN ` + heir + ` THEN if(c."at" = ` + unknown + `, NULL, c."at") ELSE ` + own + ` END AS said,
		CASE WHEN ` + heir + ` THEN '' ELSE a.original END AS original, coalesce(a."class" = 'open' AND c."at" <> ` + unknown + ` AND a.said > c."at", false) AS again,
		CASE WHEN ` + heir + ` THEN c."class" WHEN ` + mute + ` THEN 'unlabelled' ELSE a."class" END AS "class",
		CASE WHEN ` + heir + ` THEN 'incident' WHEN ` + mute + ` THEN '' ELSE a.provenance END AS provenance
		FROM (` + rows + `) a LEFT JOIN ` + a.closings() + ` c ON c.id = a.incident`
}

// until is the query of alerts under the statements that are known.
func (a *asking) until(where string) string {
	end := a.with(stamp.Nearest(a.Until))
	return `SELECT a."rule", a.incident, a.entity, a.site, a."time", CASE WHEN a.many THEN coalesce(h."class", '') WHEN a.said <= ` + end + ` THEN a."class" ELSE '' END AS "class",
		if(a.many, h.provenance, a.provenance) AS provenance, if(a.many, h.said, a.said) AS said, if(a.many, h.author, a.author) AS author,
		if(a.many, h.original, a.original) AS original, if(a.many, coalesce(h.reading, ''), '') AS reading, if(a.many, coalesce(h.reader, ''), '') AS reader,
		if(a.many, coalesce(h.readby, ''), '') AS readby
		FROM ` + alerts + ` a LEFT JOIN (
			SELECT id, arg_max("class", (said, came)) FILTER (NOT again) AS "class", arg_max(provenance, (said, came)) FILTER (NOT again) AS provenance,
				arg_max(author, (said, came)) FILTER (NOT again) AS author, arg_max(original, (said, came)) FILTER (NOT again) AS original,
				max(said) FILTER (NOT again) AS said, arg_max("class", (person, said, came)) FILTER (again) AS reading,
				arg_max(author, (person, said, came)) FILTER (again) AS reader, arg_max(provenance, (person, said, came)) FILTER (again) AS readby FROM (
				SELECT id, said, "class", word, author, provenance, original, again, provenance NOT IN (` + machines() + `) AS person, min((number, place)) AS came FROM ix.arrival
				WHERE "class" <> '' AND said <= ` + end + ` AND number NOT IN (SELECT number FROM ix.batch WHERE void) GROUP BY ALL
			) GROUP BY id
		) h ON h.id = if(a.many, a.id, NULL) WHERE ` + where
}

// closings is a query of the question's cases.
func (a *asking) closings() string {
	var ids, classes, owners []string
	var at []int64
	for id, c := range a.Cases {
		ids, classes, owners, at = append(ids, id), append(classes, string(c.Class)), append(owners, c.By), append(at, stamp.Nearest(c.At))
	}
	return fmt.Sprintf(`(SELECT unnest(%s::VARCHAR[]) AS id, unnest(%s::VARCHAR[]) AS "class", unnest(%s::VARCHAR[]) AS owner, unnest(%s::BIGINT[]) AS "at")`, a.with(ids), a.with(classes), a.with(owners), a.with(at))
}

// parts is a query of the parts of the question's sets, with the numbers of the sets and of
// the days since 1970.
func (a *asking) parts() string {
	sets, rules, first, last := []int64{}, []string{}, []int64{}, []int64{}
	for i, s := range a.Sets {
		for _, p := range s {
			sets, rules = append(sets, int64(i)), append(rules, p.Rule)
			first, last = append(first, number(p.From, math.MinInt32)), append(last, number(p.To, math.MaxInt32))
		}
	}
	return fmt.Sprintf(`SELECT unnest(%s::BIGINT[]) AS "set", unnest(%s::VARCHAR[]) AS "rule", unnest(%s::BIGINT[]) AS first, unnest(%s::BIGINT[]) AS last`,
		a.with(sets), a.with(rules), a.with(first), a.with(last))
}

// number is the number of a day since 1970, or other for an unknown one.
func number(d day.Date, other int64) int64 {
	if d.Time().IsZero() {
		return other
	}
	return int64(day.Date("1970-01-01").Until(d))
}

// dated is the day of a number of days, as it is written.
func dated(n int64) day.Date { return day.Of(time.Unix(n*86400, 0)) }

// judging is 2 for a row that is a true positive by a label that counts, 1 for one of which
// such a label says that the alert was anything else, and 0 for others.
func (a *asking) judging() string {
	if len(a.Provenances) == 0 {
		return "0"
	}
	var names, by []string
	for _, c := range alert.Classes() {
		if c.Judges() && c != alert.TruePositive {
			names = append(names, a.with(string(c)))
		}
	}
	for _, p := range a.Provenances {
		by = append(by, a.with(string(p)))
	}
	return fmt.Sprintf(`CASE WHEN provenance NOT IN (%s) THEN 0 WHEN "class" = %s THEN 2 WHEN "class" IN (%s) THEN 1 ELSE 0 END`,
		strings.Join(by, ", "), a.with(string(alert.TruePositive)), strings.Join(names, ", "))
}

// Sums answers a question; see store.AlertReader.
func (x *Index) Sums(ctx context.Context, q *alert.Question) ([]alert.Sums, error) {
	a, err := x.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	sums := make([]alert.Sums, len(q.Sets))
	if err := x.scan(ctx, 14, func(v []value) { sum(&sums[v[0].(int64)], v[1:]) }, a.sums(), a.args...); err != nil {
		return nil, fmt.Errorf("sum alerts %s to %s: %w", q.From, q.To, err)
	}
	if err := x.labellings(ctx, q, sums); err != nil {
		return nil, fmt.Errorf("look at the labels of alerts %s to %s: %w", q.From, q.To, err)
	}
	return sums, nil
}

// The kinds of rows of a.sums, in the order in which they come.
const (
	ofClass = iota
	ofDay
	ofRule
	ofClusters
	ofOccasions
)

// sum takes over a row: its kind, two texts, and numbers.
func sum(s *alert.Sums, v []value) {
	n := func(i int) int64 { return v[3+i].(int64) }
	switch v[0].(int32) {
	case ofClass:
		s.Alerts += n(0)
		s.Classes = append(s.Classes, alert.ClassCount{Class: alert.Class(v[1].(string)), Provenance: alert.Provenance(v[2].(string)), N: n(0)})
	case ofDay:
		s.Days = append(s.Days, alert.DayCount{Day: dated(n(1)), N: n(0)})
	case ofRule:
		s.Rules = append(s.Rules, alert.RuleCount{Rule: v[1].(string), N: n(0)})
	case ofClusters:
		s.Busiest = v[1].(string)
		s.Clusters, s.Most, s.Episodes, s.Hits, s.Largest = n(0), n(1), n(2), n(3), n(4)
		s.N, s.H, s.NN, s.NH, s.HH = n(5), n(6), n(7), n(8), n(9)
	case ofOccasions:
		s.Occasions, s.LastLabelled = n(0), dated(n(1))
	}
}

// sums is the query. Alerts are counted by rule, day and what makes a cluster first, which
// are few beside them, and those rows by set. A site can hold the mark that a cluster's name
// is made with: then what is behind it belongs to the entity, as it does in the name.
func (a *asking) sums() string {
	days, hour := whole(`"time"`, 24*time.Hour), whole(`"time"`, time.Hour)
	asked := ` AND a."rule" IN (SELECT "rule" FROM part)`
	return `WITH part AS MATERIALIZED (` + a.parts() + `),
	counted AS MATERIALIZED (SELECT "rule", "class", provenance, ` + days + ` AS d, count(*) AS n FROM (` + a.seen(asked) + `) GROUP BY ALL),
	marked AS (SELECT "rule", incident, if(incident = '', entity, '') AS entity, site, ` + hour + ` AS "hour", ` + a.judging() + ` AS judged FROM (` + a.seen(asked) + `)),
	fact AS MATERIALIZED (
		SELECT "rule", incident, entity, site, ` + whole(`"hour"`, 24) + ` AS d, count(*) AS a, count(*) FILTER (judged > 0) AS n, count(*) FILTER (judged = 2) AS h,
			bit_or(if(judged > 0, 1::BIGINT << (("hour" % 24 + 24) % 24), 0)) AS hours
		FROM marked GROUP BY ALL
	), tally AS MATERIALIZED (SELECT "set", c.* FROM counted c JOIN part p ON p."rule" = c."rule" AND c.d BETWEEN p.first AND p.last),
	member AS (SELECT "set", f.*, contains(site, chr(31)) AND incident = '' AS mark FROM fact f JOIN part p ON p."rule" = f."rule" AND f.d BETWEEN p.first AND p.last),
	"cluster" AS MATERIALIZED (
		SELECT "set", incident, if(incident <> '', '', if(mark, split_part(site, chr(31), 1), site)) AS site,
			if(mark, substr(site || chr(31) || entity, length(split_part(site, chr(31), 1)) + 2), entity) AS entity, if(incident = '', d, 0) AS d,
			sum(a)::BIGINT AS a, sum(n)::BIGINT AS n, sum(h)::BIGINT AS h
		FROM member GROUP BY ALL
	), total AS MATERIALIZED (
		SELECT "set", count(*) AS n0, max(a) AS n1, count(*) FILTER (n > 0) AS n2, count(*) FILTER (h > 0) AS n3, max(n) AS n4, sum(n)::BIGINT AS n5, sum(h)::BIGINT AS n6,
			sum(n * n)::BIGINT AS n7, sum(n * h)::BIGINT AS n8, sum(h * h)::BIGINT AS n9 FROM "cluster" GROUP BY "set"
	), busiest AS (
		SELECT c."set", min(if(c.incident = '', c.site || chr(31) || c.entity || chr(31) || strftime(make_date(c.d::INTEGER), '%Y-%m-%d'), 'case' || chr(31) || c.incident)) AS name
		FROM "cluster" c JOIN total t ON t."set" = c."set" AND t.n1 = c.a GROUP BY c."set"
	), occasion AS (SELECT "set", d, bit_count(bit_or(hours))::BIGINT AS n FROM member WHERE n > 0 GROUP BY "set", site, d)
	SELECT "set", ` + fmt.Sprint(ofClass) + ` AS kind, "class" AS t0, provenance AS t1, sum(n)::BIGINT AS n0, 0::BIGINT AS n1, 0::BIGINT AS n2, 0::BIGINT AS n3, 0::BIGINT AS n4,
		0::BIGINT AS n5, 0::BIGINT AS n6, 0::BIGINT AS n7, 0::BIGINT AS n8, 0::BIGINT AS n9 FROM tally GROUP BY "set", "class", provenance
	UNION ALL BY NAME SELECT "set", ` + fmt.Sprint(ofDay) + ` AS kind, sum(n)::BIGINT AS n0, d AS n1 FROM tally GROUP BY "set", d
	UNION ALL BY NAME SELECT "set", ` + fmt.Sprint(ofRule) + ` AS kind, "rule" AS t0, sum(n)::BIGINT AS n0 FROM tally GROUP BY "set", "rule"
	UNION ALL BY NAME SELECT t.*, ` + fmt.Sprint(ofClusters) + ` AS kind, b.name AS t0 FROM total t JOIN busiest b ON b."set" = t."set"
	UNION ALL BY NAME SELECT "set", ` + fmt.Sprint(ofOccasions) + ` AS kind, sum(n)::BIGINT AS n0, max(d) AS n1 FROM occasion GROUP BY "set"
	ORDER BY "set", kind, t0, t1, n1`
}

// CaseCounts counts the alerts of cases; see store.AlertReader.
func (x *Index) CaseCounts(ctx context.Context, q *alert.Question) (list []alert.CaseCount, err error) {
	if len(q.Cases) == 0 {
		return nil, nil
	}
	a, err := x.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	err = x.scan(ctx, 6, func(v []value) {
		list = append(list, alert.CaseCount{Case: v[0].(string), Rule: v[1].(string), Class: alert.Class(v[2].(string)), Provenance: alert.Provenance(v[3].(string)), Reopened: v[4].(bool), N: v[5].(int64)})
	}, `SELECT incident, "rule", "class", provenance, again, count(*) FROM (`+a.seen(` AND a.incident IN (SELECT id FROM `+a.closings()+`)`)+`) GROUP BY ALL ORDER BY ALL`, a.args...)
	if err != nil {
		return nil, fmt.Errorf("count the alerts of cases %s to %s: %w", q.From, q.To, err)
	}
	return list, nil
}
