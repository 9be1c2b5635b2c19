//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"
	"math"
	"slices"
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

// rows is a query of the alerts of the question's days and site, each with the statement
// in force and the second reading, as far as they are known. Where are further conditions
// on alerts a.
func (a *asking) rows(where string) string {
	first, last := stamp.Bounds(a.From, a.To)
	where = fmt.Sprintf(`a.counts AND a."time" BETWEEN %s AND %s%s`, a.with(first), a.with(last), where)
	if a.Site != "" {
		where += " AND a.site IN ('', " + a.with(a.Site) + ")"
	}
	if a.late {
		return a.until(where)
	}
	return `SELECT a."rule", a.incident, a.entity, a.site, a."time", a."class", a.provenance, a.said, a.author, a.original, a.reading, a.reader, a.readby FROM ` + alerts + ` a WHERE ` + where
}

// asked are the alerts of rules of the question's sets, for rows.
func (a *asking) asked() string {
	if rules := a.Rules(); few(rules) {
		return ` AND ` + among(`a."rule"`, rules)
	}
	return ` AND a."rule" IN (SELECT "rule" FROM part)`
}

// fewRules is of how many rules at most the alerts are looked for by name: the engine then
// reads no more of a block of rules than which there are.
const fewRules = 40

// few reports whether rules are so few, and can be written in a statement.
func few(rules []string) bool {
	return len(rules) <= fewRules && !slices.ContainsFunc(rules, func(r string) bool { return strings.Contains(r, "\x00") })
}

// among says that a column has one of some texts.
func among(column string, texts []string) string {
	if len(texts) == 0 {
		return "false"
	}
	list := make([]string, len(texts))
	for i, t := range texts {
		list[i] = quoted(t)
	}
	return column + ` IN (` + strings.Join(list, ", ") + `)`
}

// told is a query that counts rows by what they say and columns besides, with the hours of
// the day in which they lie. An entity is one however its case is spelled. Opened is when it was said of alerts of a case that they are
// open.
func told(rows, besides string) string {
	return `SELECT "rule", incident, lower(entity) AS entity, site, ` + whole(`"time"`, 24*time.Hour) + ` AS d, "class", provenance, ` + besides + `
		if("class" = 'open' AND incident <> '', said, ` + unknown + `) AS opened, bit_or(1::BIGINT << ((` + whole(`"time"`, time.Hour) + ` % 24 + 24) % 24)) AS hours, count(*) AS n
		FROM (` + rows + `) GROUP BY ALL`
}

// seen is a query of rows: "class" and provenance are as they count once alerts have
// inherited, author is who said so, and original what that repeats; heir says that they did
// inherit. That an alert of a case was opened after that was closed says again.
func (a *asking) seen(where string) string {
	rows := a.rows(where)
	mute := `a."class" IN ` + unsaid
	if len(a.Cases) == 0 {
		return `SELECT a.* REPLACE (if(` + mute + `, 'unlabelled', a."class") AS "class", if(` + mute + `, '', a.provenance) AS provenance), false AS again, false AS heir FROM (` + rows + `) a`
	}
	heir := mute + ` AND c."class" <> 'unlabelled' AND (a."class" <> 'open' OR a.said <= c."at")`
	return `SELECT a.* REPLACE (CASE WHEN ` + heir + ` THEN c."class" WHEN ` + mute + ` THEN 'unlabelled' ELSE a."class" END AS "class",
		CASE WHEN ` + heir + ` THEN 'incident' WHEN ` + mute + ` THEN '' ELSE a.provenance END AS provenance, CASE WHEN ` + heir + ` THEN c.owner ELSE a.author END AS author,
		CASE WHEN ` + heir + ` THEN '' ELSE a.original END AS original), coalesce(` + heir + `, false) AS heir, coalesce(a."class" = 'open' AND c."at" <> ` + unknown + ` AND a.said > c."at", false) AS again
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
			SELECT id, nth, arg_max("class", (said, came)) FILTER (NOT again) AS "class", arg_max(provenance, (said, came)) FILTER (NOT again) AS provenance,
				arg_max(author, (said, came)) FILTER (NOT again) AS author, arg_max(original, (said, came)) FILTER (NOT again) AS original,
				max(said) FILTER (NOT again) AS said, arg_max("class", (person, said, came)) FILTER (again) AS reading,
				arg_max(author, (person, said, came)) FILTER (again) AS reader, arg_max(provenance, (person, said, came)) FILTER (again) AS readby FROM (
				SELECT id, nth, said, "class", word, author, provenance, original, again, provenance NOT IN (` + machines() + `) AS person, min((number, place)) AS came FROM ix.arrival
				WHERE "class" <> '' AND said <= ` + end + ` AND number NOT IN (SELECT number FROM ix.batch WHERE void) GROUP BY ALL
			) GROUP BY id, nth
		) h ON h.id = if(a.many, a.id, NULL) AND h.nth = a.nth WHERE ` + where
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
	sets, rules, sites, first, last := []int64{}, []string{}, []string{}, []int64{}, []int64{}
	for i, s := range a.Sets {
		for _, p := range s {
			sets, rules, sites = append(sets, int64(i)), append(rules, p.Rule), append(sites, p.Site)
			first, last = append(first, number(p.From, math.MinInt32)), append(last, number(p.To, math.MaxInt32))
		}
	}
	return fmt.Sprintf(`SELECT unnest(%s::BIGINT[]) AS "set", unnest(%s::VARCHAR[]) AS "rule", unnest(%s::VARCHAR[]) AS "only", unnest(%s::BIGINT[]) AS first, unnest(%s::BIGINT[]) AS last`,
		a.with(sets), a.with(rules), a.with(sites), a.with(first), a.with(last))
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
	return fmt.Sprintf(`CASE WHEN NOT %s THEN 0 WHEN "class" = %s THEN 2 WHEN "class" IN (%s) THEN 1 ELSE 0 END`,
		a.counts(), quoted(string(alert.TruePositive)), judges(func(c alert.Class) bool { return c != alert.TruePositive }))
}

// judges are the classes that say whether an alert was right, for IN.
func judges(of func(alert.Class) bool) string {
	var names []string
	for _, c := range alert.Classes() {
		if c.Judges() && of(c) {
			names = append(names, quoted(string(c)))
		}
	}
	return strings.Join(names, ", ")
}

// counts says of a row that labels of its provenance count.
func (a *asking) counts() string {
	var by []string
	for _, p := range a.Provenances {
		by = append(by, a.with(string(p)))
	}
	if by == nil {
		return "false"
	}
	return `provenance IN (` + strings.Join(by, ", ") + `)`
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
	if err := x.readings(ctx, q, sums); err != nil {
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
	ofPersons
	ofMinutes
	ofVoid
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
	case ofPersons:
		s.Named, s.Persons, s.Person, s.ByPerson = n(0), n(1), v[1].(string), n(2)
	case ofMinutes:
		s.Timed, s.Minute, s.InMinute = n(0), time.Unix(n(1)*60, 0).UTC(), n(2)
	case ofVoid:
		if alert.Class(v[1].(string)) == alert.Test {
			s.Unexercised = n(0)
		} else {
			s.Unoriginal = n(0)
		}
	}
}

// sums is the query. Alerts are counted by what they say first, as it is stored, and those
// counts, which are few beside them, by set. A site can hold the mark that a cluster's name
// is made with: then what is behind it belongs to the entity, as it does in the name.
func (a *asking) sums() string {
	kind := func(k int) string { return fmt.Sprint(k, " AS kind") }
	return `WITH part AS MATERIALIZED (` + a.parts() + `),
	heard AS MATERIALIZED (SELECT *, ` + a.judging() + ` AS judged FROM (` + a.inherited(told(a.rows(a.asked()), `author,`)) + `)),
	counted AS (SELECT "rule", site, "class", provenance, d, sum(n)::BIGINT AS n FROM heard GROUP BY ALL),
	fact AS (
		SELECT "rule", incident, if(incident = '', entity, '') AS entity, site, d, sum(n)::BIGINT AS a, sum(if(judged > 0, n, 0))::BIGINT AS n,
			sum(if(judged = 2, n, 0))::BIGINT AS h, bit_or(if(judged > 0, hours, 0)) AS hours FROM heard GROUP BY ALL
	), tally AS MATERIALIZED (SELECT "set", m.*` + within("counted") + `),
	member AS MATERIALIZED (SELECT "set", m.*, contains(site, chr(31)) AND incident = '' AS mark` + within("fact") + `),
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
	), occasion AS (SELECT "set", d, bit_count(bit_or(hours))::BIGINT AS n FROM member WHERE n > 0 GROUP BY "set", site, d),
	labelled AS (SELECT "rule", site, d, author, sum(n)::BIGINT AS n FROM heard WHERE judged > 0 AND author <> '' GROUP BY ALL),
	person AS (SELECT "set", min(author) AS author, sum(m.n)::BIGINT AS n` + within("labelled") + ` GROUP BY "set", lower(author)),
	said AS (` + a.minutes() + `
		UNION ALL SELECT "rule", site, d, ` + whole("closed", time.Minute) + ` AS w, sum(n)::BIGINT AS n FROM heard WHERE judged > 0 AND closed IS NOT NULL GROUP BY ALL),
	"minute" AS (SELECT "set", w, sum(m.n)::BIGINT AS n` + within("said") + ` GROUP BY ALL),
	void AS (` + a.voids() + `)
	SELECT "set", ` + kind(ofClass) + `, "class" AS t0, provenance AS t1, sum(n)::BIGINT AS n0, ` + none(1, 9) + ` FROM tally GROUP BY "set", "class", provenance
	UNION ALL BY NAME SELECT "set", ` + kind(ofDay) + `, sum(n)::BIGINT AS n0, d AS n1 FROM tally GROUP BY "set", d
	UNION ALL BY NAME SELECT "set", ` + kind(ofRule) + `, "rule" AS t0, sum(n)::BIGINT AS n0 FROM tally GROUP BY "set", "rule"
	UNION ALL BY NAME SELECT t.*, ` + kind(ofClusters) + `, b.name AS t0 FROM total t JOIN busiest b ON b."set" = t."set"
	UNION ALL BY NAME SELECT "set", ` + kind(ofOccasions) + `, sum(n)::BIGINT AS n0, max(d) AS n1 FROM occasion GROUP BY "set"
	UNION ALL BY NAME SELECT "set", ` + kind(ofPersons) + `, arg_min(author, (-n, author)) AS t0, sum(n)::BIGINT AS n0, count(*) AS n1, max(n) AS n2 FROM person GROUP BY "set"
	UNION ALL BY NAME SELECT "set", ` + kind(ofMinutes) + `, sum(n)::BIGINT AS n0, arg_min(w, (-n, w)) AS n1, max(n) AS n2 FROM "minute" GROUP BY "set"
	UNION ALL BY NAME SELECT "set", ` + kind(ofVoid) + `, "class" AS t0, sum(m.n)::BIGINT AS n0` + within("void") + ` GROUP BY "set", "class"
	ORDER BY "set", kind, t0, t1, n1`
}

// inherited is a query of what told counts, once alerts have inherited: closed is when the
// case was closed from which they did, NULL where that is not known.
func (a *asking) inherited(told string) string {
	mute := `a."class" IN ` + unsaid
	if len(a.Cases) == 0 {
		return `SELECT a.* REPLACE (if(` + mute + `, 'unlabelled', "class") AS "class", if(` + mute + `, '', provenance) AS provenance), NULL::BIGINT AS closed FROM (` + told + `) a`
	}
	heir := mute + ` AND c."class" <> 'unlabelled' AND (a."class" <> 'open' OR a.opened <= c."at")`
	return `SELECT a.* REPLACE (CASE WHEN ` + heir + ` THEN c."class" WHEN ` + mute + ` THEN 'unlabelled' ELSE a."class" END AS "class",
		CASE WHEN ` + heir + ` THEN 'incident' WHEN ` + mute + ` THEN '' ELSE a.provenance END AS provenance, CASE WHEN ` + heir + ` THEN c.owner ELSE a.author END AS author),
		CASE WHEN ` + heir + ` AND c."at" <> ` + unknown + ` THEN c."at" END AS closed FROM (` + told + `) a LEFT JOIN ` + a.closings() + ` c ON c.id = a.incident`
}

// within are rows joined to the sets of the question: m and p.
func within(rows string) string {
	return ` FROM ` + rows + ` m JOIN part p ON p."rule" = m."rule" AND m.d BETWEEN p.first AND p.last AND (p."only" = '' OR m.site IN ('', p."only"))`
}

// minutes counts labels of alerts that count and judge by rule, site, day and the minute in which
// they were made, as far as that is known; see alert.Alert.SaidOf. What is inherited is not
// among them.
func (a *asking) minutes() string {
	return `SELECT "rule", site, ` + whole(`"time"`, 24*time.Hour) + ` AS d, ` + whole("said", time.Minute) + ` AS w, count(*) AS n FROM (` + a.rows(a.asked()) + `)
		WHERE said > "time" AND "class" IN (` + judges(func(alert.Class) bool { return true }) + `) AND ` + a.counts() + ` GROUP BY ALL`
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
