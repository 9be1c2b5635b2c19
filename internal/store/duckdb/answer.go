//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/day"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/stamp"
)

// alerts is every alert with what its arrivals come to: one that arrived once, with what
// it says, and each other as package history merged its arrivals.
const alerts = `(SELECT h, id, 0::INTEGER AS nth, source, ` + content + `, ` + said + `, '' AS reading, '' AS reader, '' AS readby FROM ix.known WHERE NOT many
	UNION ALL SELECT h, id, nth, source, ` + standing + ` FROM ix.merged)`

// The columns that follow from what became of an alert: whether it counts and what it says,
// the statement in force, and the second reading. Entity is the primary entity, kind the type
// of that, and besides are the others, each as its type, a colon and its name.
const (
	content  = `counts, "rule", "name", "time", site, entity, kind, besides, incident`
	said     = `"class", provenance, said, word, author, original`
	standing = content + `, ` + said + `, reading, reader, readby`
)

// unsaid are the classes that say nothing of what an alert was, and none, for IN.
const unsaid = `('', 'unlabelled', 'open')`

// Known returns which alerts that count have ids; see store.AlertReader.
func (x *Index) Known(ctx context.Context, ids []string) (map[string][]alert.Identity, error) {
	known := make(map[string][]alert.Identity, len(ids))
	several := map[string]bool{}
	err := x.scan(ctx, 3, func(v []value) {
		i := alert.Identity{Source: v[1].(string), Site: v[2].(string), ID: v[0].(string)}
		if known[i.ID] = append(known[i.ID], i); len(known[i.ID]) > 1 {
			several[i.ID] = true
		}
	}, `WITH asked AS (SELECT unnest(?::VARCHAR[]) AS id) SELECT a.id, a.source, a.site FROM `+alerts+` a
		 WHERE a.counts AND a.h IN (SELECT hash(id) FROM asked) AND a.id IN (SELECT id FROM asked)`, ids)
	if err != nil {
		return nil, fmt.Errorf("look up %d alerts: %w", len(ids), err)
	}
	for id := range several {
		slices.SortFunc(known[id], alert.Identity.Compare)
	}
	return known, nil
}

// whole is how many of a length of time there are in a stored time, rounded down. A
// floating point number has not enough digits to tell the end of a day from the next one.
func whole(at string, of time.Duration) string {
	return fmt.Sprintf(`(%[1]s // %[2]d - if(%[1]s %% %[2]d < 0, 1, 0))`, at, of)
}

// Tallies counts alerts; see store.AlertReader.
func (x *Index) Tallies(ctx context.Context, q *alert.Question) (list []alert.Tally, err error) {
	first, last := stamp.Bounds(q.From, q.To)
	a := &asking{Question: q}
	where := fmt.Sprintf(`counts AND "time" BETWEEN %s AND %s`, a.with(first), a.with(last))
	if q.Site != "" {
		where += " AND site IN ('', " + a.with(q.Site) + ")"
	}
	if rules := q.Rules(); len(q.Sets) > 0 && few(rules) {
		where += ` AND ` + among(`"rule"`, rules)
	} else if len(q.Sets) > 0 {
		where += fmt.Sprintf(` AND "rule" IN (SELECT unnest(%s::VARCHAR[]))`, a.with(rules))
	}
	err = x.scan(ctx, 9, func(v []value) {
		t := alert.Tally{RuleID: v[0].(string), Cluster: v[1].(string), Day: v[2].(string), Class: alert.Class(v[3].(string)),
			Provenance: alert.Provenance(v[4].(string)), Opened: stamp.Time(v[5].(int64)), Site: v[6].(string)}
		hours, n := alert.Hours(v[7].(int64)), v[8].(int64)
		if last := len(list) - 1; last >= 0 { // the names of two clusters can be one
			if before := list[last]; same(before, t) {
				list[last].Hours, list[last].N = before.Hours|hours, before.N+n
				return
			}
		}
		t.Hours, t.N = hours, n
		list = append(list, t)
	}, `WITH named AS (
		SELECT "rule", incident, if(incident = '', entity, '') AS entity, site, strftime(make_date(d::INTEGER), '%Y-%m-%d') AS "day", if("class" IN `+unsaid+`, 'unlabelled', "class") AS "class",
			if("class" IN `+unsaid+`, '', provenance) AS provenance, opened, bit_or(hours) AS hours, sum(n)::BIGINT AS n
		FROM (`+told(`SELECT * FROM `+alerts+` WHERE `+where, "")+`) GROUP BY ALL
	)
	SELECT "rule", if(incident = '', site || chr(31) || entity || chr(31) || "day", 'case' || chr(31) || incident) AS "cluster", "day", "class", provenance, opened, site, hours, n
	FROM named ORDER BY "rule", "cluster", "day", "class", provenance, opened, site`, a.args...)
	if err != nil {
		return nil, fmt.Errorf("tally alerts %s to %s: %w", q.From, q.To, err)
	}
	return list, nil
}

// same reports whether two tallies are of the same alerts, whatever their numbers.
func same(a, b alert.Tally) bool {
	a.Hours, a.N, b.Hours, b.N = 0, 0, 0, 0
	return a == b
}

// Rules lists the rules of alerts; see store.AlertReader.
func (x *Index) Rules(ctx context.Context) ([]store.AlertRule, error) { return x.RulesOf(ctx, nil) }

// The kinds of rows of asking.raised.
const (
	ofRule = iota
	ofFile
	ofSite
)

// RulesOf lists some of them; see batches.Index.
func (x *Index) RulesOf(ctx context.Context, keys []string) (list []store.AlertRule, err error) {
	a, places := &asking{}, map[string]int{}
	err = x.scan(ctx, 6, func(v []value) {
		key, text := v[1].(string), v[2].(string)
		switch v[0].(int32) {
		case ofRule:
			r := store.AlertRule{Name: text, Alerts: v[3].(int64), First: stamp.Time(v[4].(int64)), Last: stamp.Time(v[5].(int64))}
			r.Source, r.ID = alert.CutRule(key)
			places[key] = len(list)
			list = append(list, r)
		case ofFile:
			r := &list[places[key]]
			r.Batches = append(r.Batches, text)
		case ofSite:
			r := &list[places[key]]
			r.Sites = append(r.Sites, text)
		}
	}, a.raised(keys), a.args...)
	if err != nil {
		return nil, fmt.Errorf("list the rules of alerts: %w", err)
	}
	return list, nil
}

// raised asks what rules raised alerts, then in which files those lie, in the order in which
// they arrived, and at which sites. The alerts that arrived once are read once for all of it.
// A file goes by the number of its first batch until the end.
func (a *asking) raised(keys []string) string {
	of := a.of(keys, "")
	return fmt.Sprintf(`WITH pack AS MATERIALIZED (SELECT number, file, min(number) OVER (PARTITION BY file) AS f FROM ix.batch),
	once AS MATERIALIZED (
		SELECT "rule", "name", site, f, count(*) AS n, min("time") AS first, max("time") AS last, min(number) AS came FROM ix.known JOIN pack USING (number)
		WHERE counts AND NOT many%[1]s GROUP BY ALL
	), often AS MATERIALIZED (SELECT "rule", "name", site, count(*) AS n, min("time") AS first, max("time") AS last FROM ix.merged WHERE counts%[1]s GROUP BY ALL),
	lies AS (
		SELECT "rule", f, min(came) AS came FROM once GROUP BY ALL
		UNION ALL SELECT a."rule", p.f, min(r.number) FROM ix.arrival r JOIN ix.merged a ON a.h = r.h AND a.id = r.id AND a.nth = r.nth JOIN pack p ON p.number = r.number
		WHERE a.counts AND r.behind%[2]s GROUP BY ALL
	), said AS (SELECT "rule", "name", site, n, first, last FROM once UNION ALL SELECT * FROM often)
	SELECT %[3]d AS kind, "rule", coalesce(arg_max("name", (last, "name")) FILTER ("name" <> ''), '') AS t, sum(n)::BIGINT AS n, min(first) AS first, max(last) AS last FROM said GROUP BY "rule"
	UNION ALL SELECT %[4]d, l."rule", p.file, min(l.came)::BIGINT, 0, 0 FROM lies l JOIN pack p ON p.number = l.f GROUP BY l."rule", p.file
	UNION ALL SELECT %[5]d, "rule", site, 0, 0, 0 FROM said WHERE site <> '' GROUP BY "rule", site
	ORDER BY kind, "rule", n, t`, of, a.of(keys, "a."), ofRule, ofFile, ofSite)
}

// reading reads lives as they are now.
func (x *Index) reading(ctx context.Context, read func(c *change) error) error {
	conn, err := x.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	c := x.over(conn, tx)
	defer c.held.release(c.name)
	return read(c)
}

// Find returns the alert that an identity names; see store.AlertReader.
func (x *Index) Find(ctx context.Context, of alert.Identity) (*alert.Alert, error) {
	l, err := x.life(ctx, of.ID)
	switch {
	case err != nil:
		return nil, fmt.Errorf("look up alert %q: %w", of, err)
	case l == nil:
		return nil, batches.NoAlert(of)
	}
	var found []*alert.Alert
	for _, s := range history.FamilyOf(l.plain()).Named(of) {
		found = append(found, s.Shown())
	}
	return batches.Only(of, found)
}

// life reads the whole life of an alert; nil when nothing arrived of it.
func (x *Index) life(ctx context.Context, id string) (found *life, err error) {
	return found, x.reading(ctx, func(c *change) error {
		list, err := c.livesOf(ctx, `SELECT hash(?::VARCHAR)`, id)
		if err != nil {
			return err
		}
		for _, l := range list {
			if l.id == id {
				found = l
				return c.whole(ctx, []*life{l})
			}
		}
		return nil
	})
}

// whole reads all that arrived of lives from the files.
func (c *change) whole(ctx context.Context, list []*life) error {
	var wanted []*arrival
	for _, l := range list {
		for i := range l.arrivals {
			wanted = append(wanted, &l.arrivals[i])
		}
	}
	return c.fetch(ctx, wanted)
}

// Dispositions lists what was said of an alert; see store.AlertReader.
func (x *Index) Dispositions(ctx context.Context, of alert.Identity) ([]alert.Disposition, error) {
	l, err := x.life(ctx, of.ID)
	if err != nil {
		return nil, fmt.Errorf("list dispositions of alert %q: %w", of, err)
	}
	var about []history.Arrival
	if l != nil {
		about = history.FamilyOf(l.plain()).About(of, l.plain())
	}
	if len(about) == 0 {
		return nil, batches.NoAlert(of)
	}
	names := map[int]string{}
	if err := x.scan(ctx, 2, func(v []value) { names[int(v[0].(int32))] = v[1].(string) }, `SELECT number, id FROM ix.batch`); err != nil {
		return nil, err
	}
	return history.Told(of.ID, about, func(n int) string { return names[n] }), nil
}

// portion is how many alerts of a rule are read from the files at a time, and bigPortion of
// all rules: each portion looks through what the files hold of its time, whose order is
// another one.
const (
	portion    = 1 << 15
	bigPortion = 1 << 17
)

// Each yields the alerts of a rule; see store.AlertReader.
func (x *Index) Each(ctx context.Context, rule string, from, to day.Date) iter.Seq2[*alert.Alert, error] {
	return x.each(ctx, series{rule: rule, most: portion}, from, to)
}

// All yields the alerts of all rules; see store.AlertReader.
func (x *Index) All(ctx context.Context, from, to day.Date) iter.Seq2[*alert.Alert, error] {
	return x.each(ctx, series{every: true, most: bigPortion}, from, to)
}

// series is alerts of a rule, or of every one, from a time on, of that time those behind one.
type series struct {
	rule        string
	every       bool
	first, last int64
	behind      alert.Identity
	most        int // how many are read at a time
}

// has reports whether an alert that counts is one of them.
func (s *series) has(a *alert.Alert) bool {
	at := stored(a)
	return (s.every || a.Rule() == s.rule) && at >= s.first && at <= s.last && (at > s.first || a.Identity().Compare(s.behind) > 0)
}

// String says whose alerts they are.
func (s *series) String() string {
	if s.every {
		return "all rules"
	}
	return fmt.Sprintf("rule %q", s.rule)
}

func (x *Index) each(ctx context.Context, s series, from, to day.Date) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		s := s // it can be gone through again
		s.first, s.last = stamp.Bounds(from, to)
		for {
			list, err := x.portion(ctx, &s)
			if err != nil {
				yield(nil, fmt.Errorf("read the alerts of %s: %w", &s, err))
				return
			}
			for _, a := range list {
				if !yield(a, nil) {
					return
				}
			}
			if len(list) < s.most {
				return
			}
			end := list[len(list)-1]
			s.first, s.behind = stored(end), end.Identity()
		}
	}
}

// portion reads the first of a series.
func (x *Index) portion(ctx context.Context, s *series) (out []*alert.Alert, err error) {
	return out, x.reading(ctx, func(c *change) error {
		list, err := c.livesOf(ctx, `SELECT h FROM `+alerts+` WHERE counts AND ($8 OR "rule" = $1) AND "time" BETWEEN $2 AND $3 AND ("time" > $2 OR id > $4 OR id = $4 AND (source > $5 OR source = $5 AND site > $6))
			ORDER BY "time", id, source, site LIMIT $7`, s.rule, s.first, s.last, s.behind.ID, s.behind.Source, s.behind.Site, s.most, s.every)
		if err != nil {
			return err
		}
		if err := c.whole(ctx, list); err != nil {
			return err
		}
		for _, l := range list {
			for _, state := range history.FamilyOf(l.plain()).Counting() {
				if s.has(&state.Alert) {
					out = append(out, state.Shown())
				}
			}
		}
		slices.SortFunc(out, history.Compare)
		out = out[:min(len(out), s.most)]
		return nil
	})
}
