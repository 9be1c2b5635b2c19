//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/store"
	"candor/internal/store/stamp"
)

// cell is what alerts are counted by, and their hours. A cluster is an incident, or
// else a site and an entity, and then incident is 0. opened is a stored time, as in
// alert.Tally.
type cell struct {
	day, rule, incident, site, entity, class, provenance int32
	hours                                                alert.Hours
	opened, n                                            int64
}

// Tallies returns the counts of the alerts of the days from to to, both
// included. An unknown day is no bound.
func (a *Alerts) Tallies(ctx context.Context, from, to day.Date) ([]alert.Tally, error) {
	list, err := a.tallies(ctx, from, to)
	if err != nil {
		return nil, fmt.Errorf("tally alerts %s to %s: %w", from, to, err)
	}
	return list, nil
}

func (a *Alerts) tallies(ctx context.Context, from, to day.Date) ([]alert.Tally, error) {
	cells, err := a.cells(ctx, from, to)
	if err != nil {
		return nil, err
	}
	// Cells share few terms; to look each up once is faster than to join.
	texts, err := a.termsOf(ctx, cells)
	if err != nil {
		return nil, err
	}
	if mingling(texts) {
		list := make([]alert.Tally, len(cells))
		for i := range cells {
			list[i] = cells[i].tally(texts)
		}
		return compact(list), nil
	}
	return newRanks(texts).tallies(cells), nil
}

// termsOf returns the terms of cells with their texts.
func (a *Alerts) termsOf(ctx context.Context, cells []cell) (map[int32]string, error) {
	var last int32
	if err := a.db.QueryRowContext(ctx, `SELECT max(id) FROM term`).Scan(&last); err != nil {
		return nil, err
	}
	seen, texts := make([]bool, last+1), map[int32]string{}
	for i := range cells {
		c := &cells[i]
		for _, term := range [...]int32{c.rule, c.incident, c.site, c.entity, c.class, c.provenance} {
			if term < 0 || term > last {
				return nil, fmt.Errorf("alerts name the term %d, and there are %d", term, last+1)
			}
			if !seen[term] {
				seen[term], texts[term] = true, ""
			}
		}
	}
	return texts, a.texts(ctx, texts)
}

// tally returns what a cell counts.
func (c *cell) tally(texts map[int32]string) alert.Tally {
	member := alert.Alert{
		Time: time.Unix(int64(c.day)*stamp.SecondsPerDay, 0), CaseID: texts[c.incident], Site: texts[c.site], Entity: texts[c.entity],
	}
	return alert.Tally{
		RuleID: texts[c.rule], Cluster: member.Cluster(), Day: member.Day(),
		Class: alert.Class(texts[c.class]), Provenance: alert.Provenance(texts[c.provenance]), Opened: stamp.Time(c.opened),
		Site: texts[c.site], Hours: c.hours, N: c.n,
	}
}

// mingling reports whether a text holds a byte that sorts before the separator of
// cluster names, or that separator. Then two cells may have one cluster, and
// cells do not sort as the names of clusters do.
func mingling(texts map[int32]string) bool {
	for _, text := range texts {
		if strings.ContainsFunc(text, func(r rune) bool { return r <= '\x1f' }) {
			return true
		}
	}
	return false
}

// compact sorts tallies and adds up those of one key. Two cells can come to one
// key when a site or an entity holds the separator of cluster names.
func compact(list []alert.Tally) []alert.Tally {
	slices.SortFunc(list, compareKeys)
	kept := list[:0]
	for _, t := range list {
		if n := len(kept); n > 0 && compareKeys(kept[n-1], t) == 0 {
			kept[n-1].N += t.N
			kept[n-1].Hours |= t.Hours
			continue
		}
		kept = append(kept, t)
	}
	return kept
}

// compareKeys compares everything but the counts and the hours.
func compareKeys(x, y alert.Tally) int {
	return cmp.Or(cmp.Compare(x.RuleID, y.RuleID), cmp.Compare(x.Cluster, y.Cluster), cmp.Compare(x.Day, y.Day),
		cmp.Compare(x.Class, y.Class), cmp.Compare(x.Provenance, y.Provenance), x.Opened.Compare(y.Opened), cmp.Compare(x.Site, y.Site))
}

// cells counts the alerts of some days. What comes out of the engine costs by the
// value, so two numbers come in one: of a place the site, less than 0 where an
// incident and not an entity follows, and the number of alerts with their hours.
func (a *Alerts) cells(ctx context.Context, from, to day.Date) (list []cell, err error) {
	open, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	counted, columns := countedUnder(open)
	first, last := stamp.Bounds(from, to)
	return list, a.scan(ctx, 3+len(columns), func(v []value) {
		n := v[2].(int64)
		c := cell{n: n >> 24, hours: alert.Hours(n & (1<<24 - 1)), opened: stamp.Unknown}
		c.rule, c.day = unpack(v[0].(int64))
		if c.site, c.entity = unpack(v[1].(int64)); c.site < 0 {
			c.site, c.incident, c.entity = -1-c.site, c.entity, 0
		}
		c.class, c.provenance = unpack(v[3].(int64))
		if len(v) > 4 {
			c.opened = v[4].(int64)
		}
		list = append(list, c)
	}, `SELECT rule::BIGINT << 32 | (day & 4294967295), place, n, `+strings.Join(columns, `, `)+` FROM (
		SELECT day, rule, if(incident = 0, site::BIGINT << 32 | entity, (-1 - site)::BIGINT * 4294967296 | incident) AS place, `+counted+`,
			count(*) << 24 | bit_or(1 << (((time // 3600000000000) % 24 + 24) % 24)) AS n
		FROM alert WHERE NOT void AND day BETWEEN ? AND ? GROUP BY ALL)`, first, last)
}

// open returns the term of alert.Open, or -1 where it was never said.
func (a *Alerts) open(ctx context.Context) (term int32, err error) {
	return term, a.db.QueryRowContext(ctx, `SELECT coalesce(max(id), -1)::INTEGER FROM term WHERE text = ?`, string(alert.Open)).Scan(&term)
}

// countedUnder returns under what alerts are counted, and the columns that say it:
// class and provenance in one, and opened, unless nothing is.
func countedUnder(open int32) (counted string, columns []string) {
	const label = `class::BIGINT << 32 | provenance`
	if open < 0 {
		return `class, provenance`, []string{label}
	}
	return fmt.Sprintf(`if(class = %[1]d, %[2]d, class) AS class, if(class = %[1]d, 0, provenance) AS provenance,
		if(class = %[1]d AND incident <> 0, said, %[3]d) AS opened`, open, unlabelled, int64(stamp.Unknown)), []string{label, `opened`}
}

// unpack returns the two numbers that lie in one.
func unpack(n int64) (high, low int32) { return int32(n >> 32), int32(n) }

// termsQuery asks for the terms with the numbers of a list.
const termsQuery = `SELECT id, text FROM term SEMI JOIN (SELECT unnest(?::INTEGER[]) AS id) USING (id)`

// texts fills in the texts of the terms that are keys of to.
func (a *Alerts) texts(ctx context.Context, to map[int32]string) error {
	return a.scan(ctx, 2, func(v []value) {
		to[v[0].(int32)] = v[1].(string)
	}, termsQuery, slices.Collect(maps.Keys(to)))
}

// Rules lists the rules that alerts name, by ID in byte order. The batches are
// those that brought an alert of the rule or something new about one, oldest
// first; a rule that has had no alert for a while begins anew.
func (a *Alerts) Rules(ctx context.Context) ([]store.AlertRule, error) {
	var list []store.AlertRule
	err := a.scan(ctx, 6, func(v []value) {
		id := v[0].(string)
		if n := len(list); n == 0 || list[n-1].ID != id {
			list = append(list, store.AlertRule{ID: id, Alerts: v[2].(int64), First: stamp.Time(v[3].(int64)), Last: stamp.Time(v[4].(int64))})
		}
		newest := &list[len(list)-1]
		newest.Name = cmp.Or(v[1].(string), newest.Name)
		newest.Batches = append(newest.Batches, v[5].(string))
	}, rulesQuery)
	if err != nil {
		return nil, fmt.Errorf("list the rules of alerts: %w", err)
	}
	return list, nil
}

// rulesQuery asks for every rule with every batch that has news of it. In it,
// news are the arrivals that were news, with the rule that the alert was of
// before; told is what each batch says of each rule, and after how many alerts
// the rule had after it.
const rulesQuery = `
	WITH news AS (
		SELECT batch, seq, 0 AS was, rule, name FROM alert WHERE NOT revised
		UNION ALL SELECT a.batch, a.seq, 0, o.rule, o.name FROM origin o JOIN alert a ON a.seq = o.alert
		UNION ALL SELECT batch, seq, was, rule, name FROM arrival WHERE rule <> 0
	), counting AS (
		SELECT seq, id FROM batch b ANTI JOIN withdrawal w ON w.batch = b.seq
	), told AS (
		SELECT rule, batch, sum(more) AS more, max(name) AS name, max(said) AS said FROM (
			SELECT rule, batch, count(*) FILTER (was <> rule) AS more, arg_max(name, seq) FILTER (name <> 0) AS name, true AS said FROM news GROUP BY rule, batch
			UNION ALL SELECT was, batch, -count(*), NULL, false FROM news WHERE was NOT IN (0, rule) GROUP BY was, batch)
		SEMI JOIN counting c ON c.seq = batch GROUP BY rule, batch
	), after AS (
		SELECT *, sum(more) OVER (PARTITION BY rule ORDER BY batch) AS alerts FROM told
	), since AS (
		SELECT rule, max(batch) FILTER (alerts = 0) AS batch FROM after GROUP BY rule
	)
	SELECT i.text, coalesce(n.text, ''), c.alerts, c.first, c.last, b.id
	FROM (SELECT rule, count(*) AS alerts, min(time) AS first, max(time) AS last FROM alert WHERE NOT void GROUP BY rule) c
	JOIN told t ON t.rule = c.rule AND t.said
	JOIN since s ON s.rule = c.rule AND t.batch > coalesce(s.batch, 0)
	JOIN counting b ON b.seq = t.batch
	JOIN term i ON i.id = c.rule
	LEFT JOIN term n ON n.id = t.name
	ORDER BY i.text, b.seq`
