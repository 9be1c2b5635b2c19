//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	driver "github.com/duckdb/duckdb-go/v2"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/day"
	"candor/internal/store"
	"candor/internal/store/stamp"
)

// slot is one day of a question about one rule or entity, so that alerts meet their
// questions by equality.
type slot struct {
	asked    int32
	key      string
	day      int64 // since 1970
	from, to int64 // as stored
	untied   bool
	of       string // the case that it asks for alerts of; empty for any
	apart    bool   // that it counts false ones apart
	hosts    bool   // that it asks for hosts
}

// keyed is by what the alerts of a question are found, and whether they are only counted.
type keyed struct {
	column, onto string
	counted      bool
	besides      bool // alerts may be about others than their primary entity
}

// slotsOf parts questions into slots, by what finds the fewest alerts: the entities that
// they name, else the case, else the rules, else the day alone.
func slotsOf(asked []alert.Around) (map[keyed][]slot, error) {
	out := map[keyed][]slot{}
	for i := range asked {
		q := &asked[i]
		from, err := stamp.Of(q.From)
		if err != nil {
			return nil, err
		}
		to, err := stamp.Of(q.To)
		if err != nil {
			return nil, err
		}
		by, keys := keyed{column: `''`, onto: `''`}, []string{""}
		switch {
		case len(q.Entities) > 0:
			by, keys = keyed{column: `entity`, onto: `a.k`}, alert.FoldEntities(q.Entities)
		case q.Case != "":
			by, keys = keyed{column: `incident`, onto: `a.incident`}, []string{q.Case}
		case len(q.Rules) > 0:
			by, keys = keyed{column: `rule`, onto: `a."rule"`}, distinct(q.Rules)
		}
		by.counted = q.Counted
		for d := floorDay(from); from <= to && d <= floorDay(to); d++ {
			for _, k := range keys {
				out[by] = append(out[by], slot{int32(i), k, d, from, to, q.Untied, q.Case, q.Refuting != nil, q.Hosts})
			}
		}
	}
	return out, nil
}

// distinct returns the texts of a list, each once; an empty list for none.
func distinct(list []string) []string {
	list = append([]string{}, list...)
	slices.Sort(list)
	return slices.Compact(list)
}

// floorDay is the day of a stored time, counted from 1970.
func floorDay(at int64) int64 {
	d := at / int64(24*time.Hour)
	if at%int64(24*time.Hour) < 0 {
		d--
	}
	return d
}

// Near answers what lay around times; see store.AroundReader.
func (x *Index) Near(ctx context.Context, asked []alert.Around) (list []alert.Near, err error) {
	if err := store.CheckAround(asked...); err != nil {
		return nil, err
	}
	by, err := slotsOf(asked)
	if err != nil {
		return nil, err
	}
	sums := map[of]*alert.Near{}
	err = x.reading(ctx, func(c *change) error {
		besides, err := c.besides(ctx, asked, by)
		if err != nil {
			return fmt.Errorf("look around %d times: %w", len(asked), err)
		}
		for k, slots := range by {
			k.besides = besides
			if err := c.near(ctx, asked, k, slots, func(n alert.Near) { add(sums, &asked[n.Asked], n) }); err != nil {
				return fmt.Errorf("look around %d times: %w", len(asked), err)
			}
		}
		return nil
	})
	for _, n := range sums {
		list = append(list, *n)
	}
	slices.SortFunc(list, history.CompareNear)
	return list, err
}

// of is a rule that a question asks about.
type of struct {
	asked int
	rule  string
}

// add adds what lies at one site, of one case and class, to the answer to q, if q asks for it.
func add(sums map[of]*alert.Near, q *alert.Around, n alert.Near) {
	if len(q.Rules) > 0 && !slices.Contains(q.Rules, n.RuleID) || len(q.Sites) > 0 && !slices.Contains(q.Sites, n.Site) {
		return
	}
	if q.Counted {
		n.Site = ""
	}
	key := of{n.Asked, n.RuleID}
	have := sums[key]
	if have == nil {
		sums[key] = &n
		return
	}
	have.Add(n)
}

// near gives what meets the slots to take, by question, rule and site, and where false ones
// are counted apart by class, and by case of those without one.
func (c *change) near(ctx context.Context, asked []alert.Around, by keyed, slots []slot, take func(alert.Near)) error {
	held := c.hold(fmt.Sprint("slots ", by.column, by.counted), &table{rows: len(slots), columns: []driver.ColumnInfo{column("asked", driver.TYPE_INTEGER), column("k", driver.TYPE_VARCHAR),
		column("d", driver.TYPE_BIGINT), column("since", driver.TYPE_BIGINT), column("until", driver.TYPE_BIGINT), column("untied", driver.TYPE_BOOLEAN), column("apart", driver.TYPE_BOOLEAN), column("case", driver.TYPE_VARCHAR), column("hosts", driver.TYPE_BOOLEAN)},
		put: func(c *cells, i int) {
			s := &slots[i]
			put(c, s.asked)
			put(c, s.key)
			put(c, s.day)
			put(c, s.from)
			put(c, s.to)
			put(c, s.untied)
			put(c, s.apart)
			put(c, s.of)
			put(c, s.hosts)
		}})
	shown := `min("time"), arg_min(id, ("time", id, source)), arg_min(entity, ("time", id, source))`
	if by.counted {
		shown = unknown + `, '', ''`
	}
	where := whereOf(asked, slots)
	several := by.column == `entity` && (by.besides || slices.ContainsFunc(slots, func(s slot) bool { return len(asked[s.asked].Entities) > 1 }))
	mute := `apart AND "class" IN ` + unsaid
	return scan(ctx, c.conn, 10, func(v []value) {
		n := alert.Near{Asked: int(v[0].(int32)), RuleID: v[1].(string), Site: v[2].(string), N: v[3].(int64), First: stamp.Time(v[4].(int64)), ID: v[5].(string), Entity: v[6].(string)}
		if asked[n.Asked].Refutes(alert.Class(v[7].(string)), v[8].(string), stamp.Time(v[9].(int64))) {
			n.N, n.Refuted = 0, n.N
		}
		take(n)
	}, `SELECT asked, "rule", site, count(*), `+shown+`,
			CASE WHEN NOT apart OR "class" IN `+unsaid+` THEN '' ELSE "class" END AS said, if(`+mute+`, incident, '') AS heir, if(`+mute+` AND "class" = 'open', said, `+unknown+`) AS opened
		FROM (`+by.meeting(held, where, c.except(asked, `s.asked`), several)+`) GROUP BY ALL`)
}

// besides reports whether any alert that may meet a slot by an entity is about others than its
// primary one.
func (c *change) besides(ctx context.Context, asked []alert.Around, by map[keyed][]slot) (some bool, err error) {
	var slots []slot
	for k, of := range by {
		if k.column == `entity` {
			slots = append(slots, of...)
		}
	}
	if len(slots) == 0 {
		return false, nil
	}
	return some, scan(ctx, c.conn, 1, func(v []value) { some = v[0].(bool) }, `SELECT EXISTS (SELECT 1 FROM `+alerts+` a WHERE len(a.besides) > 0 AND `+whereOf(asked, slots)+`)`)
}

// whereOf says of alerts a what is true of those that slots may meet: their time, and which
// rules they are of, where no question asks about all and they are few.
func whereOf(asked []alert.Around, slots []slot) string {
	first, last := slots[0].from, slots[0].to
	for i := range slots {
		first, last = min(first, slots[i].from), max(last, slots[i].to)
	}
	return fmt.Sprintf(`a.counts AND a."time" BETWEEN %d AND %d`, first, last) + onlyOf(asked, slots)
}

// onlyOf says of alerts a that they are of one of the rules which the questions of slots ask
// about, where those are few; empty where one asks about all.
func onlyOf(asked []alert.Around, slots []slot) string {
	rules := map[string]bool{}
	for i, seen := 0, int32(-1); i < len(slots); i++ {
		if slots[i].asked == seen {
			continue
		}
		seen = slots[i].asked
		of := asked[seen].Rules
		for _, r := range of {
			rules[r] = true
		}
		if len(of) == 0 || len(rules) > fewRules {
			return ""
		}
	}
	if list := slices.Sorted(maps.Keys(rules)); few(list) {
		return ` AND ` + among(`a."rule"`, list)
	}
	return ""
}

// meeting is a query of the alerts that meet slots, with what is asked of each, among those
// of which a condition holds that reads no slot. An alert that meets several slots of a
// question by what it is about is one; several says that there can be such.
func (k keyed) meeting(slots, among, except string, several bool) string {
	from, columns := alerts, `s.asked, s.apart, a.h, a.id, a.nth, a.source, a.site, a."rule", a."time", a.entity, a."class", a.incident, a.said`
	if k.column == `entity` && !several {
		from, except = `(SELECT a.*, lower(a.entity) AS k, NOT (`+notHosts(`a.kind`)+`) AS host FROM `+alerts+` a)`, ` AND (a.host OR NOT s.hosts)`+except
	} else if k.column == `entity` {
		from, columns = `(SELECT a.*, lower(a.entity) AS k, NOT (`+notHosts(`a.kind`)+`) AS host FROM `+alerts+` a WHERE `+among+`
			UNION ALL SELECT * EXCLUDE (b), lower(substr(b, strpos(b, ':') + 1)), NOT (`+notHosts(`split_part(b, ':', 1)`)+`) FROM (
				SELECT a.*, unnest(a.besides) AS b FROM `+alerts+` a WHERE len(a.besides) > 0 AND `+among+`))`, `DISTINCT `+columns
		except = ` AND (a.host OR NOT s.hosts)` + except
	}
	return `SELECT ` + columns + ` FROM ` + from + ` a JOIN ` + slots + ` s ON s.k = ` + k.onto + ` AND s.d = ` + whole(`a."time"`, 24*time.Hour) + `
		WHERE ` + among + ` AND a."time" BETWEEN s.since AND s.until AND (NOT s.untied OR a.incident = '') AND (s."case" = '' OR a.incident = s."case")` + except
}

// notHosts says that a type is of entities which are no hosts; see alert.Entity.Hosts.
func notHosts(of string) string {
	var list []string
	for _, t := range alert.EntityTypes() {
		if !(alert.Entity{Type: t}).Hosts() {
			list = append(list, quoted(string(t)))
		}
	}
	return of + ` IN (` + strings.Join(list, ", ") + `)`
}

// aboutOne says of alerts a that they are about one of the folded names of a parameter, where
// hosts says whether hosts are meant.
func aboutOne(names, hosts string) string {
	return `(lower(a.entity) IN (SELECT unnest(` + names + `::VARCHAR[])) AND NOT (` + hosts + ` AND ` + notHosts(`a.kind`) + `)
		OR len(a.besides) > 0 AND EXISTS (SELECT 1 FROM (SELECT unnest(a.besides) AS b) o WHERE lower(substr(o.b, strpos(o.b, ':') + 1)) IN (SELECT unnest(` + names + `::VARCHAR[]))
			AND NOT (` + hosts + ` AND ` + notHosts(`split_part(o.b, ':', 1)`) + `)))`
}

// except leaves out the alerts a that questions do not ask for by name, where nth is the
// place of the question; empty where none does.
func (c *change) except(asked []alert.Around, nth string) string {
	var of []int32
	var named []alert.Identity
	for i := range asked {
		for _, id := range asked[i].Except {
			of, named = append(of, int32(i)), append(named, id)
		}
	}
	if len(named) == 0 {
		return ""
	}
	held := c.hold("except", &table{rows: len(named), columns: []driver.ColumnInfo{column("of", driver.TYPE_INTEGER), column("id", driver.TYPE_VARCHAR), column("source", driver.TYPE_VARCHAR), column("site", driver.TYPE_VARCHAR)}, put: func(c *cells, i int) {
		put(c, of[i])
		put(c, named[i].ID)
		put(c, alert.FoldEntity(named[i].Source))
		put(c, alert.FoldEntity(named[i].Site))
	}})
	return ` AND NOT EXISTS (SELECT 1 FROM ` + held + ` e WHERE e."of" = ` + nth + ` AND e.id = a.id
		AND (e.source = '' OR a.source = '' OR e.source = lower(a.source)) AND (e.site = '' OR a.site = '' OR e.site = lower(a.site)))`
}

// Around lists alerts around a time; see store.AroundReader.
func (x *Index) Around(ctx context.Context, q alert.Around, most int) (out []*alert.Alert, err error) {
	if err := store.CheckAround(q); err != nil {
		return nil, err
	}
	first, err := stamp.Of(q.From)
	if err != nil {
		return nil, err
	}
	last, err := stamp.Of(q.To)
	if err != nil {
		return nil, err
	}
	return out, x.reading(ctx, func(c *change) error {
		list, err := c.livesOf(ctx, `SELECT h FROM `+alerts+` a WHERE counts AND "time" BETWEEN $1 AND $2 AND (NOT $3 OR incident = '') AND ($8 = '' OR incident = $8)
			AND (len($4::VARCHAR[]) = 0 OR "rule" IN (SELECT unnest($4::VARCHAR[]))) AND (len($5::VARCHAR[]) = 0 OR site IN (SELECT unnest($5::VARCHAR[])))
			AND (len($6::VARCHAR[]) = 0 OR `+aboutOne(`$6`, `$9`)+`)
			`+c.except([]alert.Around{q}, `0`)+` ORDER BY "time", id, source, site LIMIT $7`,
			first, last, q.Untied, distinct(q.Rules), distinct(q.Sites), alert.FoldEntities(q.Entities), max(most, 0), q.Case, q.Hosts)
		if err == nil {
			err = c.whole(ctx, list)
		}
		if err != nil {
			return fmt.Errorf("look around a time: %w", err)
		}
		for _, l := range list {
			for _, s := range history.FamilyOf(l.plain()).Counting() {
				if q.Asks(&s.Alert) {
					out = append(out, s.Shown())
				}
			}
		}
		slices.SortFunc(out, history.Compare)
		out = out[:min(len(out), max(most, 0))]
		return nil
	})
}

// Presence counts alerts by rule, site and day; see store.AroundReader.
func (x *Index) Presence(ctx context.Context, from, to day.Date) ([]alert.Presence, error) {
	return x.PresenceOf(ctx, nil, from, to)
}

// PresenceOf counts those of some rules; see batches.Index.
func (x *Index) PresenceOf(ctx context.Context, keys []string, from, to day.Date) (list []alert.Presence, err error) {
	first, last := stamp.Bounds(from, to)
	a := &asking{args: []any{first, last}}
	err = x.scan(ctx, 6, func(v []value) {
		at := stamp.Time(v[4].(int64))
		list = append(list, alert.Presence{RuleID: v[0].(string), Site: v[1].(string), Day: at.Format(time.DateOnly), N: v[3].(int64), First: at, Last: stamp.Time(v[5].(int64))})
	}, `SELECT "rule", site, `+whole(`"time"`, 24*time.Hour)+` AS d, count(*), min("time"), max("time") FROM `+alerts+` WHERE counts AND "time" BETWEEN $1 AND $2`+a.of(keys, "")+`
		GROUP BY ALL ORDER BY ALL`, a.args...)
	if err != nil {
		return nil, fmt.Errorf("find where alerts are from %s to %s: %w", from, to, err)
	}
	return list, nil
}
