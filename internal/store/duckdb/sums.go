//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"cmp"
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
}

// with notes the value of a parameter and returns its name.
func (a *asking) with(v any) string {
	a.args = append(a.args, v)
	return fmt.Sprint("$", len(a.args))
}

// rows is a query of the alerts of the question's days and site, each with the statement
// in force and the second reading. Where are further conditions on alerts a.
func (a *asking) rows(where string) string {
	first, last := stamp.Bounds(a.From, a.To)
	where = fmt.Sprintf(`a.counts AND a."time" BETWEEN %s AND %s%s`, a.with(first), a.with(last), where)
	if a.Site != "" {
		where += " AND a.site IN ('', " + a.with(a.Site) + ")"
	}
	return `SELECT a."rule", a.incident, a.entity, a.kind, a.besides, a.site, a."time", a."class", a.provenance, a.said, a.author, a.original, a.reading, a.reader, a.readby FROM ` + alerts + ` a WHERE ` + where
}

// asked are the alerts of rules of the question's sets, for rows; where the sets leave out
// many of the days of their rules, of the others alone.
func (a *asking) asked() string {
	if a.scattered() {
		return ` AND (a."rule", ` + whole(`a."time"`, 24*time.Hour) + `) IN (SELECT "rule", unnest(range(first, last + 1)) FROM part)`
	}
	if rules := a.Rules(); few(rules) {
		return ` AND ` + among(`a."rule"`, rules)
	}
	return ` AND a."rule" IN (SELECT "rule" FROM part)`
}

// scattered reports whether the parts of the sets have few of the days of the rules.
func (a *asking) scattered() bool {
	days, all := a.ruleDays()
	return a.From != a.To && 2*days < all
}

// shortRuleDays is of how many days of a rule, in all, the alerts are read once and kept for
// all that is asked of them. Of more they are read for each, so that they need no room.
const shortRuleDays = 1000

// short reports whether the question is of so few.
func (a *asking) short() bool {
	days, all := a.ruleDays()
	return all > 0 && days <= shortRuleDays
}

// ruleDays counts the days that the parts of the sets have of each rule, and how many there
// would be if they had all; 0 of either where the days have no bounds.
func (a *asking) ruleDays() (asked, all int) {
	if a.From == "" || a.To == "" {
		return 0, 0
	}
	each, of := 1+a.From.Until(a.To), map[string]int{}
	for _, s := range a.Sets {
		for _, p := range s {
			n := 1 + max(a.From, p.From).Until(min(cmp.Or(p.To, a.To), a.To))
			of[p.Rule] = min(each, of[p.Rule]+max(n, 0))
		}
	}
	for _, n := range of {
		asked += n
	}
	return asked, each * len(of)
}

// fewRules is of how many rules at most the alerts are looked for by name: the engine then
// reads no more of a block of rules than which there are.
const fewRules = 40

// few reports whether rules are so few, and can be written in a statement.
func few(rules []string) bool {
	return len(rules) <= fewRules && !slices.ContainsFunc(rules, func(r string) bool { return strings.Contains(r, "\x00") })
}

// of says that a table's alerts are of some rules; empty for nil, which stands for all.
func (a *asking) of(keys []string, table string) string {
	switch {
	case keys == nil:
		return ""
	case few(keys):
		return ` AND ` + among(table+`"rule"`, keys)
	}
	return ` AND ` + table + `"rule" IN (SELECT unnest(` + a.with(keys) + `::VARCHAR[]))`
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
			first, last = append(first, number(max(p.From, a.From), math.MinInt32)), append(last, number(cmp.Or(p.To, a.To), math.MaxInt32))
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

// Shares answers a question day by day; see batches.Index.
func (x *Index) Shares(ctx context.Context, q *alert.Question) (alert.Shares, error) {
	a, s := &asking{Question: q}, &shares{rules: map[siteDay]*alert.RuleShare{}, sets: map[setDay]*alert.SetShare{}}
	if err := x.scan(ctx, 18, s.take, a.shares(), a.args...); err != nil {
		return alert.Shares{}, fmt.Errorf("sum alerts %s to %s: %w", q.From, q.To, err)
	}
	if err := x.readings(ctx, q, s); err != nil {
		return alert.Shares{}, fmt.Errorf("look at the labels of alerts %s to %s: %w", q.From, q.To, err)
	}
	return s.list(), nil
}

// shares are those of an answer as its rows come.
type shares struct {
	rules map[siteDay]*alert.RuleShare
	sets  map[setDay]*alert.SetShare
}

// siteDay is the alerts of a rule at a site on a day since 1970, and setDay those of a set.
type siteDay struct {
	rule, site string
	day        int64
}

type setDay struct{ set, day int64 }

func (s *shares) list() (out alert.Shares) {
	for _, r := range s.rules {
		out.Rules = append(out.Rules, *r)
	}
	for _, t := range s.sets {
		out.Sets = append(out.Sets, *t)
	}
	return out
}

// The kinds of rows of asking.shares.
const (
	ofClass = iota
	ofPerson
	ofMinutes
	ofMinute
	ofVoid
	ofMember
	ofClusters
	ofCase
)

// take takes over a row: its kind, a set, a day, four texts, and numbers, as far as the kind has them.
func (s *shares) take(v []value) {
	n := func(i int) int64 { return v[7+i].(int64) }
	t := func(i int) string { return v[3+i].(string) }
	kind, d := v[0].(int32), v[2].(int64)
	if kind >= ofClusters {
		s.takeSet(s.set(v[1].(int64), d), kind, t, n)
		return
	}
	r := s.rule(t(0), t(1), d)
	switch kind {
	case ofClass:
		r.Classes = append(r.Classes, alert.ClassCount{Class: alert.Class(t(2)), Provenance: alert.Provenance(t(3)), N: n(0)})
	case ofPerson:
		r.Persons = append(r.Persons, alert.PersonCount{Name: t(2), N: n(0)})
	case ofMinutes:
		r.Minutes.Near += t(2)
	case ofMinute:
		r.Minutes.Add(r.Day, n(1), n(0))
	case ofVoid:
		if alert.Class(t(2)) == alert.Test {
			r.Unexercised = n(0)
		} else {
			r.Unoriginal = n(0)
		}
	case ofMember:
		r.Cases = append(r.Cases, t(2))
	}
}

func (s *shares) takeSet(t *alert.SetShare, kind int32, text func(int) string, n func(int) int64) {
	if kind == ofCase {
		t.Cases = append(t.Cases, alert.CaseShare{Case: text(0), N: n(0), Labelled: n(1), Hits: n(2)})
		return
	}
	if t.Occasions = n(10); n(0) > 0 {
		t.Clusters, t.Busiest, t.Most, t.Largest = n(0), text(0), n(1), n(4)
		t.Moments = alert.Moments{Episodes: n(2), Hits: n(3), N: n(5), H: n(6), NN: n(7), NH: n(8), HH: n(9)}
	}
}

// rule is the share of a rule, and set that of a set.
func (s *shares) rule(rule, site string, d int64) *alert.RuleShare {
	k := siteDay{rule, site, d}
	r := s.rules[k]
	if r == nil {
		r = &alert.RuleShare{Rule: rule, Day: dated(d), Site: site}
		s.rules[k] = r
	}
	return r
}

func (s *shares) set(set, d int64) *alert.SetShare {
	k := setDay{set, d}
	t := s.sets[k]
	if t == nil {
		t = &alert.SetShare{Set: int(set), Day: dated(d)}
		s.sets[k] = t
	}
	return t
}

// shares is the query. Alerts are counted by what they say first, as it is stored, and those
// counts, which are few beside them, by set. A site can hold the mark that a cluster's name
// is made with: then what is behind it belongs to the entity, as it does in the name.
func (a *asking) shares() string {
	kind := func(k int) string { return fmt.Sprint(k, " AS kind") }
	with, rows := `WITH part AS MATERIALIZED (`+a.parts()+`),`, a.rows(a.asked())
	if a.short() {
		with, rows = with+` row AS MATERIALIZED (`+rows+`),`, `SELECT * FROM row`
	}
	return with + `
	heard AS MATERIALIZED (SELECT *, ` + a.judging() + ` AS judged FROM (` + a.inherited(told(rows, `author,`)) + `)),
	fact AS (
		SELECT "rule", incident, if(incident = '', entity, '') AS entity, site, d, sum(n)::BIGINT AS a, sum(if(judged > 0, n, 0))::BIGINT AS n,
			sum(if(judged = 2, n, 0))::BIGINT AS h, bit_or(if(judged > 0, hours, 0)) AS hours FROM heard GROUP BY ALL
	), member AS MATERIALIZED (SELECT "set", m.*, contains(site, chr(31)) AND incident = '' AS mark` + within("fact") + `),
	"cluster" AS MATERIALIZED (
		SELECT "set", d, incident, if(incident <> '', '', if(mark, split_part(site, chr(31), 1), site)) AS site,
			if(mark, substr(site || chr(31) || entity, length(split_part(site, chr(31), 1)) + 2), entity) AS entity,
			sum(a)::BIGINT AS a, sum(n)::BIGINT AS n, sum(h)::BIGINT AS h
		FROM member GROUP BY ALL
	), total AS MATERIALIZED (
		SELECT "set", d, count(*) AS n0, max(a) AS n1, count(*) FILTER (n > 0) AS n2, count(*) FILTER (h > 0) AS n3, max(n) AS n4, sum(n)::BIGINT AS n5, sum(h)::BIGINT AS n6,
			sum(n * n)::BIGINT AS n7, sum(n * h)::BIGINT AS n8, sum(h * h)::BIGINT AS n9 FROM "cluster" WHERE incident = '' GROUP BY "set", d
	), busiest AS (
		SELECT c."set", c.d, min(c.site || chr(31) || c.entity || chr(31) || strftime(make_date(c.d::INTEGER), '%Y-%m-%d')) AS name
		FROM "cluster" c JOIN total t ON t."set" = c."set" AND t.d = c.d AND t.n1 = c.a WHERE c.incident = '' GROUP BY c."set", c.d
	), occasion AS (SELECT "set", d, sum(n)::BIGINT AS n10 FROM (SELECT "set", site, d, bit_count(bit_or(hours))::BIGINT AS n FROM member WHERE n > 0 GROUP BY "set", site, d) GROUP BY "set", d)
	SELECT ` + kind(ofClass) + `, 0::BIGINT AS "set", d, "rule" AS t0, site AS t1, "class" AS t2, provenance AS t3, sum(n)::BIGINT AS n0, ` + none(1, 10) + ` FROM heard GROUP BY "rule", site, d, "class", provenance
	UNION ALL BY NAME SELECT ` + kind(ofPerson) + `, d, "rule" AS t0, site AS t1, author AS t2, sum(n)::BIGINT AS n0 FROM heard WHERE judged > 0 AND author <> '' GROUP BY "rule", site, d, author
	UNION ALL BY NAME SELECT ` + kind(ofMember) + `, d, "rule" AS t0, site AS t1, incident AS t2 FROM heard WHERE incident <> '' GROUP BY "rule", site, d, incident
	UNION ALL BY NAME SELECT ` + kind(ofMinute) + `, d, "rule" AS t0, site AS t1, sum(n)::BIGINT AS n0, ` + whole("closed", time.Minute) + ` AS n1 FROM heard
		WHERE judged > 0 AND closed IS NOT NULL GROUP BY "rule", site, d, n1
	UNION ALL BY NAME (` + a.minutes(rows) + `)
	UNION ALL BY NAME SELECT ` + kind(ofVoid) + `, d, "rule" AS t0, site AS t1, "class" AS t2, n AS n0 FROM (` + a.voids(rows) + `)
	UNION ALL BY NAME SELECT ` + kind(ofClusters) + `, coalesce(t."set", o."set") AS "set", coalesce(t.d, o.d) AS d, b.name AS t0, coalesce(n0, 0) AS n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, coalesce(n10, 0) AS n10
		FROM total t JOIN busiest b ON b."set" = t."set" AND b.d = t.d FULL JOIN occasion o ON o."set" = t."set" AND o.d = t.d
	UNION ALL BY NAME SELECT ` + kind(ofCase) + `, "set", d, incident AS t0, a AS n0, n AS n1, h AS n2 FROM "cluster" WHERE incident <> ''`
}

// minutes tells of labels of alerts that count and judge in which minute they were made, by
// rule, site and day, as far as that is known; see alert.Alert.SaidOf and
// alert.LabelMinutes. What is inherited is not among them.
func (a *asking) minutes(rows string) string {
	return fmt.Sprintf(`WITH said AS MATERIALIZED (SELECT "rule", site, d, w, w - d * 1440 AS o FROM (SELECT "rule", site, %s AS d, %s AS w FROM (%s)
			WHERE said > "time" AND "class" IN (%s) AND %s))
		SELECT %d AS kind, d, "rule" AS t0, site AS t1, string_agg(chr((o + 1)::INTEGER), '') AS t2, 0::BIGINT AS n0, 0::BIGINT AS n1 FROM said WHERE o < %d GROUP BY "rule", site, d
		UNION ALL SELECT %d, d, "rule", site, '', count(*), w FROM said WHERE o >= %[7]d GROUP BY "rule", site, d, w`,
		whole(`"time"`, 24*time.Hour), whole("said", time.Minute), rows, judges(func(alert.Class) bool { return true }), a.counts(), ofMinutes, alert.NearMinutes, ofMinute)
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

// CaseCounts counts the alerts of cases; see store.AlertReader.
func (x *Index) CaseCounts(ctx context.Context, q *alert.Question) (list []alert.CaseCount, err error) {
	if len(q.Cases) == 0 {
		return nil, nil
	}
	a := &asking{Question: q}
	err = x.scan(ctx, 6, func(v []value) {
		list = append(list, alert.CaseCount{Case: v[0].(string), Rule: v[1].(string), Class: alert.Class(v[2].(string)), Provenance: alert.Provenance(v[3].(string)), Reopened: v[4].(bool), N: v[5].(int64)})
	}, `SELECT incident, "rule", "class", provenance, again, count(*) FROM (`+a.seen(` AND a.incident IN (SELECT id FROM `+a.closings()+`)`)+`) GROUP BY ALL ORDER BY ALL`, a.args...)
	if err != nil {
		return nil, fmt.Errorf("count the alerts of cases %s to %s: %w", q.From, q.To, err)
	}
	return list, nil
}
