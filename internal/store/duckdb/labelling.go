//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/store/stamp"
)

// machines are the provenances of statements that no person made, for IN.
func machines() string {
	var list []string
	for _, p := range alert.Provenances() {
		if !history.Person(p) {
			list = append(list, quotedText(string(p)))
		}
	}
	return strings.Join(list, ", ")
}

func quotedText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// labellings fills in how the labels of each set came about.
func (x *Index) labellings(ctx context.Context, q *alert.Question, sums []alert.Sums) error {
	if len(q.Provenances) == 0 {
		return nil
	}
	a, err := x.ask(ctx, q)
	if err != nil {
		return err
	}
	if err := x.scan(ctx, 13, func(v []value) { labelled(&sums[v[0].(int64)], v[1:]) }, a.labels(), a.args...); err != nil {
		return err
	}
	read := false
	if err := x.scan(ctx, 1, func(v []value) { read = v[0].(bool) }, `SELECT count(*) > 0 FROM ix.merged WHERE reading <> ''`); err != nil {
		return err
	}
	if !read {
		for i := range sums {
			s := &sums[i]
			s.Strict = alert.Moments{Episodes: s.Episodes, Hits: s.Hits, N: s.N, H: s.H, NN: s.NN, NH: s.NH, HH: s.HH}
		}
		return nil
	}
	if a, err = x.ask(ctx, q); err != nil {
		return err
	}
	return x.scan(ctx, 13, func(v []value) { labelled(&sums[v[0].(int64)], v[1:]) }, a.readings(), a.args...)
}

// The kinds of rows of a.labels and a.readings, in the order in which they come.
const (
	ofPersons = iota
	ofMinutes
	ofVoid
	ofPairs
	ofStrict
)

// labelled takes over a row: its kind, two texts, and numbers.
func labelled(s *alert.Sums, v []value) {
	n := func(i int) int64 { return v[3+i].(int64) }
	l := &s.Labelling
	switch text := v[1].(string); v[0].(int32) {
	case ofPersons:
		l.Named, l.Persons, l.Person, l.ByPerson = n(0), n(1), text, n(2)
	case ofMinutes:
		l.Timed, l.Minute, l.InMinute = n(0), time.Unix(n(1)*60, 0).UTC(), n(2)
	case ofVoid:
		if alert.Class(text) == alert.Test {
			l.Unexercised = n(0)
		} else {
			l.Unoriginal = n(0)
		}
	case ofPairs:
		l.Pairs = append(l.Pairs, alert.PairCount{First: alert.Reading(text), Second: alert.Reading(v[2].(string)), N: n(0)})
	case ofStrict:
		l.PairClusters = n(0)
		l.Strict = alert.Moments{Episodes: n(1), Hits: n(2), N: n(3), H: n(4), NN: n(5), NH: n(6), HH: n(7)}
	}
}

// counting are the alerts of the question's rules with a label that counts: judges says that
// it says whether the alert was right, and void that it is a test or a duplicate and is not
// borne out.
func (a *asking) counting() string {
	var by []string
	for _, p := range a.Provenances {
		by = append(by, a.with(string(p)))
	}
	return `WITH part AS MATERIALIZED (` + a.parts() + `),
	trial AS MATERIALIZED (` + a.trials() + `),
	original AS MATERIALIZED (SELECT id FROM ` + alerts + ` WHERE counts AND "class" <> 'duplicate' AND h IN (
		SELECT hash(original) FROM ix.known WHERE original <> '' UNION ALL SELECT hash(original) FROM ix.arrival WHERE original <> '')),
	seen AS (` + a.seen(` AND a."rule" IN (SELECT "rule" FROM part)`) + `),
	label AS (
		SELECT *, "class" NOT IN ('test', 'duplicate') AS judges, ` + whole(`"time"`, 24*time.Hour) + ` AS d, CASE
			WHEN heir THEN false
			WHEN "class" = 'duplicate' THEN original NOT IN (SELECT id FROM original)
			WHEN "class" = 'test' THEN NOT EXISTS (SELECT 1 FROM trial t WHERE seen."time" BETWEEN t.first AND t.last
				AND (t.site = '' OR lower(t.site) = lower(seen.site)) AND (t.entity = '' OR lower(t.entity) = lower(seen.entity)))
			ELSE false END AS void
		FROM seen WHERE "class" <> 'unlabelled' AND provenance IN (` + strings.Join(by, ", ") + `)
	)`
}

// trials is a query of the question's exercises.
func (a *asking) trials() string {
	first, last, sites, entities := []int64{}, []int64{}, []string{}, []string{}
	for _, t := range a.Trials {
		first, last = append(first, stamp.Nearest(t.From)), append(last, stamp.Nearest(t.To))
		sites, entities = append(sites, t.Site), append(entities, t.Entity)
	}
	return fmt.Sprintf(`SELECT unnest(%s::BIGINT[]) AS first, unnest(%s::BIGINT[]) AS last, unnest(%s::VARCHAR[]) AS site, unnest(%s::VARCHAR[]) AS entity`,
		a.with(first), a.with(last), a.with(sites), a.with(entities))
}

// within joins rows to the sets of the question.
const within = ` m JOIN part p ON p."rule" = m."rule" AND m.d BETWEEN p.first AND p.last`

// none are the columns that a kind of row does not have.
func none(from, to int) string {
	var list []string
	for i := from; i <= to; i++ {
		list = append(list, fmt.Sprintf("0::BIGINT AS n%d", i))
	}
	return strings.Join(list, ", ")
}

// labels asks who labelled the alerts, when, and which labels are not borne out. Alerts are
// counted by rule and day first.
func (a *asking) labels() string {
	return a.counting() + `,
	member AS MATERIALIZED (
		SELECT "rule", d, "class", author, ` + whole("said", time.Minute) + ` AS "minute", judges, void, count(*) AS n FROM label GROUP BY ALL
	),
	person AS (SELECT "set", min(author) AS author, sum(n)::BIGINT AS n FROM member` + within + ` WHERE judges AND author <> '' GROUP BY "set", lower(author)),
	"minute" AS (SELECT "set", "minute" AS w, sum(n)::BIGINT AS n FROM member` + within + ` WHERE judges AND "minute" IS NOT NULL GROUP BY ALL)
	SELECT "set", ` + fmt.Sprint(ofPersons) + ` AS kind, arg_min(author, (-n, author)) AS t0, '' AS t1, sum(n)::BIGINT AS n0, count(*) AS n1, max(n) AS n2, ` + none(3, 8) + ` FROM person GROUP BY "set"
	UNION ALL SELECT "set", ` + fmt.Sprint(ofMinutes) + `, '', '', sum(n)::BIGINT, arg_min(w, (-n, w)), max(n), ` + none(3, 8) + ` FROM "minute" GROUP BY "set"
	UNION ALL SELECT "set", ` + fmt.Sprint(ofVoid) + `, "class", '', sum(n)::BIGINT, ` + none(1, 8) + ` FROM member` + within + ` WHERE void GROUP BY "set", "class"
	ORDER BY "set", kind`
}

// readings asks what second readings say of the alerts. A site can hold the mark that a
// cluster's name is made with; see sums.
func (a *asking) readings() string {
	read := `CASE WHEN %[1]s IN ('true_positive', 'benign_positive') THEN %[1]s WHEN %[1]s IN ('test', 'duplicate') THEN 'left_out' WHEN %[1]s IN ` + unsaid + ` THEN 'untold' ELSE 'false_positive' END`
	var by []string
	for _, p := range a.Provenances {
		by = append(by, a.with(string(p)))
	}
	return a.counting() + `,
	told AS (
		SELECT *, ` + fmt.Sprintf(read, `"class"`) + ` AS one, ` + fmt.Sprintf(read, "reading") + ` AS two, reading <> '' AND readby IN (` + strings.Join(by, ", ") + `) AS twice,
			contains(site, chr(31)) AND incident = '' AS mark FROM label WHERE NOT void
	), member AS MATERIALIZED (
		SELECT "rule", d, incident, if(incident <> '', '', if(mark, split_part(site, chr(31), 1), site)) AS site,
			if(incident <> '', '', if(mark, substr(site || chr(31) || entity, length(split_part(site, chr(31), 1)) + 2), entity)) AS entity,
			one, two, twice AND reader <> '' AND coalesce(author, '') <> '' AND lower(reader) <> lower(coalesce(author, '')) AS pair, count(*) FILTER (judges OR twice AND one <> two) AS n,
			count(*) FILTER (one = 'true_positive' AND NOT (twice AND one <> two)) AS h, count(*) AS a
		FROM told GROUP BY ALL
	), "cluster" AS (
		SELECT "set", incident, site, entity, if(incident = '', m.d, 0) AS d, sum(n)::BIGINT AS n, sum(h)::BIGINT AS h, bool_or(pair) AS pair FROM member` + within + ` GROUP BY ALL
	)
	SELECT "set", ` + fmt.Sprint(ofPairs) + ` AS kind, one AS t0, two AS t1, sum(a)::BIGINT AS n0, ` + none(1, 8) + ` FROM member` + within + ` WHERE pair GROUP BY "set", one, two
	UNION ALL SELECT "set", ` + fmt.Sprint(ofStrict) + `, '', '', count(*) FILTER (pair), count(*) FILTER (n > 0), count(*) FILTER (h > 0), sum(n)::BIGINT, sum(h)::BIGINT,
		sum(n * n)::BIGINT, sum(n * h)::BIGINT, sum(h * h)::BIGINT, 0::BIGINT FROM "cluster" GROUP BY "set"
	ORDER BY "set", kind, t0, t1`
}
