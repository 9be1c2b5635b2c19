package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/store/stamp"
)

// Tallies returns the counts of the alerts of the days from to to, both
// included. An unknown day is no bound.
func (a *Alerts) Tallies(ctx context.Context, from, to day.Date) ([]alert.Tally, error) {
	cells, err := a.cells(ctx, from, to)
	if err != nil {
		return nil, fmt.Errorf("tally alerts %s to %s: %w", from, to, err)
	}
	// Cells share few terms; to look each up once is faster than to join.
	texts := map[int64]string{}
	for _, c := range cells {
		for _, term := range [...]int64{c.rule, c.incident, c.site, c.entity, c.class, c.provenance} {
			texts[term] = ""
		}
	}
	if err := a.texts(ctx, texts); err != nil {
		return nil, fmt.Errorf("tally alerts %s to %s: %w", from, to, err)
	}
	list := make([]alert.Tally, len(cells))
	for i, c := range cells {
		member := alert.Alert{
			Time: time.Unix(c.day*stamp.SecondsPerDay, 0), CaseID: texts[c.incident], Site: texts[c.site], Entity: texts[c.entity],
		}
		list[i] = alert.Tally{
			RuleID: texts[c.rule], Cluster: member.Cluster(), Day: member.Day(),
			Class: alert.Class(texts[c.class]), Provenance: alert.Provenance(texts[c.provenance]), Opened: stamp.Time(c.opened),
			Site: texts[c.site], Hours: alert.HourSet(int(c.hour)), N: c.n,
		}
	}
	return compact(list), nil
}

// compact sorts tallies and adds up those of one key: those of the hours of a day,
// and two cells where a site or an entity holds the separator of cluster names.
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

// countedCell is a cell with its count.
type countedCell struct {
	cell
	n int64
}

// cells reads the cells of some days.
func (a *Alerts) cells(ctx context.Context, from, to day.Date) ([]countedCell, error) {
	first, last := stamp.Bounds(from, to)
	rows, err := a.db.QueryContext(ctx, `SELECT `+cellColumns+`, n FROM cell WHERE day BETWEEN ? AND ?`, first, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []countedCell
	var c countedCell
	targets := append(c.targets(), &c.n)
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// texts fills in the texts of the terms that are keys of to.
func (a *Alerts) texts(ctx context.Context, to map[int64]string) error {
	ids, err := json.Marshal(slices.Sorted(maps.Keys(to)))
	if err != nil {
		return err
	}
	rows, err := a.db.QueryContext(ctx, `SELECT id, text FROM term WHERE id IN (SELECT value FROM json_each(?))`, string(ids))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return err
		}
		to[id] = text
	}
	return rows.Err()
}
