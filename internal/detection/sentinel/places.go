package sentinel

import (
	"path"
	"slices"
	"strings"

	"candor/internal/attack/place"
	"candor/internal/detection"
	"candor/internal/detection/kql"
)

// look sets a rule's platforms and log sources: those of the tables that its query
// asks, and where none of them is known, of the tables that its connectors fill. What
// a query looks things up in tells nothing beside what it looks at.
func look(r *detection.Rule, q kql.Query, tables []string) {
	at, ok := placed(q.Tables, q)
	if !ok {
		at, _ = placed(tables, q)
	}
	r.Look(at)
}

// placed returns what tables hold, and whether they tell anything. A union's glob stands
// for every table that it fits. Tables of alerts tell something only where there are no
// others.
func placed(tables []string, q kql.Query) (place.Place, bool) {
	var data, alerts []place.Place
	for _, name := range tables {
		for _, table := range globbed(name) {
			p, ok := place.Table(table)
			switch {
			case !ok || p.Reference:
			case p.Alerts:
				alerts = append(alerts, p)
			default:
				data = append(data, exact(p, q))
			}
		}
	}
	if len(data) == 0 {
		data = alerts
	}
	return place.Of(data...), len(data) > 0
}

// globbed returns the tables that a name with asterisks stands for.
func globbed(name string) []string {
	if !strings.Contains(name, "*") || strings.Trim(name, "*") == "" {
		return []string{name}
	}
	var out []string
	for _, n := range place.TableNames() {
		if fits, err := path.Match(strings.ToLower(name), n); err == nil && fits {
			out = append(out, n)
		}
	}
	return out
}

// exact narrows a table of Windows' events to those that the query asks for by number,
// and by the log that it names.
func exact(p place.Place, q kql.Query) place.Place {
	if !slices.Equal(p.Platforms, []string{"Windows"}) || len(p.Logs) > 1 || len(p.Logs) == 1 && p.Logs[0].Component != "" {
		return p
	}
	var names []string
	for _, l := range p.Logs {
		names = append(names, l.Name)
	}
	if len(names) == 0 { // a table of any log
		for _, source := range q.Sources {
			if name, ok := place.WindowsLog(source); ok && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	var logs []place.Log
	for _, name := range names {
		var numbered []place.Log
		for _, code := range q.Events {
			if place.KnownEvent(name, code) {
				numbered = append(numbered, place.Event(name, code))
			}
		}
		if len(numbered) == 0 {
			numbered = []place.Log{{Name: name}}
		}
		logs = append(logs, numbered...)
	}
	p.Logs = logs
	return p
}
