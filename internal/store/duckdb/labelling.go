//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/store/stamp"
)

// readings fills in what second readings say.
func (x *Index) readings(ctx context.Context, q *alert.Question, s *shares) error {
	if len(q.Provenances) == 0 {
		return nil
	}
	read := false
	if err := x.scan(ctx, 1, func(v []value) { read = v[0].(bool) }, `SELECT count(*) > 0 FROM ix.merged WHERE reading <> ''`); err != nil {
		return err
	}
	if !read {
		for _, t := range s.sets {
			t.Strict = t.Moments
			for i := range t.Cases {
				c := &t.Cases[i]
				c.StrictLabelled, c.Strict = c.Labelled, c.Hits
			}
		}
		return nil
	}
	a := &asking{Question: q}
	return x.scan(ctx, 15, s.strictly, a.readings(), a.args...)
}

// The kinds of rows of asking.readings.
const (
	ofPair = iota
	ofStrict
	ofStrictCase
)

// strictly takes over a row of asking.readings: its kind, a set, a day, four texts, and
// numbers.
func (s *shares) strictly(v []value) {
	n := func(i int) int64 { return v[7+i].(int64) }
	t := func(i int) string { return v[3+i].(string) }
	d := v[2].(int64)
	switch v[0].(int32) {
	case ofPair:
		r := s.rule(t(0), t(1), d)
		r.Pairs = append(r.Pairs, alert.PairCount{First: alert.Reading(t(2)), Second: alert.Reading(t(3)), N: n(0)})
	case ofStrict:
		of := s.set(v[1].(int64), d)
		of.PairClusters = n(0)
		of.Strict = alert.Moments{Episodes: n(1), Hits: n(2), N: n(3), H: n(4), NN: n(5), NH: n(6), HH: n(7)}
	case ofStrictCase:
		of := s.set(v[1].(int64), d)
		for i := range of.Cases {
			if c := &of.Cases[i]; c.Case == t(0) {
				c.Pairs, c.StrictLabelled, c.Strict = n(0), n(3), n(4)
			}
		}
	}
}

// unborne says of a row with a label of its own that it is a test or a duplicate, and not
// borne out: by no exercise, or by no alert that it repeats.
func (a *asking) unborne() string {
	return `CASE WHEN "class" = 'duplicate' THEN original NOT IN (SELECT id FROM ` + alerts + ` WHERE counts AND "class" <> 'duplicate' AND h IN (
			SELECT hash(original) FROM ix.known WHERE original <> '' UNION ALL SELECT hash(original) FROM ix.arrival WHERE original <> ''))
		WHEN "class" = 'test' THEN NOT EXISTS (SELECT 1 FROM (` + a.trials() + `) t WHERE row."time" BETWEEN t.first AND t.last
			AND (t.site = '' OR lower(t.site) = lower(row.site)) AND (t.entity = '' OR lower(t.entity) = lower(row.entity) AND NOT ` + notHosts(`row.kind`) + `
				OR list_contains(list_transform(list_filter(row.besides, lambda b: NOT ` + notHosts(`split_part(b, ':', 1)`) + `), lambda b: lower(substr(b, strpos(b, ':') + 1))), lower(t.entity))))
		ELSE false END`
}

// voids counts alerts whose label would count by rule, site, day and class, if that is not
// borne out.
func (a *asking) voids(rows string) string {
	return `SELECT "rule", site, ` + whole(`"time"`, 24*time.Hour) + ` AS d, "class", count(*) AS n FROM (` + rows + `) row
		WHERE "class" IN ('test', 'duplicate') AND ` + a.counts() + ` AND ` + a.unborne() + ` GROUP BY ALL`
}

// trials is a query of the question's exercises, as far as they touch its days.
func (a *asking) trials() string {
	first, last, sites, entities := []int64{}, []int64{}, []string{}, []string{}
	from, to := stamp.Bounds(a.From, a.To)
	for _, t := range a.Trials {
		if stamp.Nearest(t.To) < from || stamp.Nearest(t.From) > to {
			continue
		}
		first, last = append(first, stamp.Nearest(t.From)), append(last, stamp.Nearest(t.To))
		sites, entities = append(sites, t.Site), append(entities, t.Entity)
	}
	return fmt.Sprintf(`SELECT unnest(%s::BIGINT[]) AS first, unnest(%s::BIGINT[]) AS last, unnest(%s::VARCHAR[]) AS site, unnest(%s::VARCHAR[]) AS entity`,
		a.with(first), a.with(last), a.with(sites), a.with(entities))
}

// none are the columns that a kind of row does not have.
func none(from, to int) string {
	var list []string
	for i := from; i <= to; i++ {
		list = append(list, fmt.Sprintf("0::BIGINT AS n%d", i))
	}
	return strings.Join(list, ", ")
}

// readings asks what second readings say of the alerts with a label that counts and is borne
// out. A site can hold the mark that a cluster's name is made with; see sums.
func (a *asking) readings() string {
	read := `CASE WHEN %[1]s IN ('true_positive', 'benign_positive') THEN %[1]s WHEN %[1]s IN ('test', 'duplicate') THEN 'left_out' WHEN %[1]s IN ` + unsaid + ` THEN 'untold' ELSE 'false_positive' END`
	return `WITH part AS MATERIALIZED (` + a.parts() + `),
	label AS (
		SELECT * REPLACE (lower(entity) AS entity), "class" NOT IN ('test', 'duplicate') AS judges, ` + whole(`"time"`, 24*time.Hour) + ` AS d FROM (` + a.seen(a.asked()) + `) row
		WHERE "class" <> 'unlabelled' AND ` + a.counts() + ` AND NOT if(heir, false, ` + a.unborne() + `)
	), told AS (
		SELECT *, ` + fmt.Sprintf(read, `"class"`) + ` AS one, ` + fmt.Sprintf(read, "reading") + ` AS two, reading <> '' AND ` + strings.ReplaceAll(a.counts(), "provenance", "readby") + ` AS twice,
			contains(site, chr(31)) AND incident = '' AS mark FROM label
	), member AS MATERIALIZED (
		SELECT "rule", d, incident, site, if(incident <> '', '', if(mark, split_part(site, chr(31), 1), site)) AS place,
			if(incident <> '', '', if(mark, substr(site || chr(31) || entity, length(split_part(site, chr(31), 1)) + 2), entity)) AS entity,
			one, two, twice AND reader <> '' AND coalesce(author, '') <> '' AND lower(reader) <> lower(coalesce(author, '')) AS pair, count(*) FILTER (judges OR twice AND one <> two) AS n,
			count(*) FILTER (one = 'true_positive' AND NOT (twice AND one <> two)) AS h, count(*) AS a
		FROM told GROUP BY ALL
	), "cluster" AS MATERIALIZED (
		SELECT "set", m.d, incident, place, entity, sum(n)::BIGINT AS n, sum(h)::BIGINT AS h, bool_or(pair) AS pair` + within("member") + ` GROUP BY ALL
	)
	SELECT ` + fmt.Sprint(ofPair) + ` AS kind, 0::BIGINT AS "set", d, "rule" AS t0, site AS t1, one AS t2, two AS t3, sum(a)::BIGINT AS n0, ` + none(1, 7) + ` FROM member WHERE pair GROUP BY "rule", site, d, one, two
	UNION ALL SELECT if(incident = '', ` + fmt.Sprint(ofStrict) + `, ` + fmt.Sprint(ofStrictCase) + `), "set", d, incident, '', '', '', count(*) FILTER (pair), count(*) FILTER (n > 0), count(*) FILTER (h > 0),
		sum(n)::BIGINT, sum(h)::BIGINT, sum(n * n)::BIGINT, sum(n * h)::BIGINT, sum(h * h)::BIGINT FROM "cluster" GROUP BY "set", d, incident`
}
