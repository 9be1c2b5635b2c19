package mapping

import "candor/internal/evidence"

// key is a field of a record of a kind.
type key struct {
	name string
	// need says that a record is none without it, so that the mapping must say it.
	need bool
	as   sort
}

// sort is how the values of a key are written.
type sort int

const (
	plain  sort = iota
	moment      // a time
	date        // a day
	list        // several values
	number      // a number of something: seconds, hosts, a share
	typed       // several values, by the type of entity that they are of, or each with its own
)

// target is what records of a kind are written as.
type target struct {
	kind string
	keys []key
	// fields says that other columns are kept beside.
	fields bool
	// write names how records are written.
	write form
}

// form is one of Candor's own formats.
type form int

const (
	asCSV form = iota
	asJSON
	asYAML
)

// format returns the name by which a request forces the format.
func (t target) format() string {
	switch t.write {
	case asJSON:
		return "candor-jsonl"
	case asYAML:
		return "candor-yaml"
	}
	return "candor-csv"
}

// Kinds lists the kinds of evidence that a mapping makes.
func Kinds() []string {
	var out []string
	for _, t := range targets() {
		out = append(out, t.kind)
	}
	return out
}

// Keys lists the keys that a mapping of a kind may name, nil for a kind that none makes.
func Keys(kind string) []string {
	t, _ := targetOf(kind)
	var out []string
	for _, k := range t.keys {
		out = append(out, k.name)
	}
	return out
}

// Needed reports whether a record of a kind is none without a key, and Typed whether the
// key takes columns by the type of entity that they are of.
func Needed(kind, name string) (need, byType bool) {
	t, _ := targetOf(kind)
	for _, k := range t.keys {
		if k.name == name {
			return k.need, k.as == typed
		}
	}
	return false, false
}

func targetOf(kind string) (target, bool) {
	for _, t := range targets() {
		if t.kind == kind {
			return t, true
		}
	}
	return target{}, false
}

func texts(names ...string) []key { return keys(plain, names...) }

func keys(as sort, names ...string) []key {
	var out []key
	for _, n := range names {
		out = append(out, key{name: n, as: as})
	}
	return out
}

func needed(as sort, name string) key { return key{name: name, need: true, as: as} }

func joined(parts ...[]key) []key {
	var out []key
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// targets lists what can be made. The keys are those of Candor's own formats, whose
// readers decide what a record must be.
func targets() []target {
	return []target{
		{kind: evidence.Alerts, write: asJSON, fields: true, keys: joined(
			[]key{{name: "id"}, needed(plain, "rule_id"), needed(moment, "time")}, texts("rule_name", "site", "entity", "entity_type"), keys(typed, "entities"), texts("severity"),
			keys(number, "score"), texts("case_id"), keys(list, "techniques"), texts("tactic", "source", "disposition"),
			keys(moment, "disposition_time"), texts("disposition_by", "provenance", "reading", "duplicate_of"))},
		{kind: evidence.Dispositions, keys: joined([]key{needed(plain, "id"), needed(plain, "disposition"), needed(moment, "disposition_time")},
			texts("disposition_by", "provenance", "case_id", "reading", "duplicate_of", "source", "site"))},
		{kind: evidence.Cases, keys: joined([]key{needed(plain, "case_id"), {name: "title"}, {name: "occurred", as: moment}, needed(moment, "opened"), {name: "closed", as: moment}},
			texts("classification", "found_by"), keys(list, "techniques", "analytics", "platforms", "alerts"), texts("owner", "lessons"),
			keys(list, "runbooks"), texts("site"), keys(list, "entities"))},
		{kind: evidence.Exercises, keys: joined(texts("technique", "analytic"), []key{needed(plain, "test"), needed(moment, "time"), needed(plain, "outcome")},
			texts("rule_id", "notes", "platform", "host", "site", "provenance"))},
		{kind: evidence.Signals, fields: true, keys: joined([]key{needed(plain, "id"), needed(moment, "time"), needed(plain, "entity"), needed(plain, "name")},
			texts("site", "source"), keys(list, "techniques"), texts("tactic", "reliability", "credibility"), keys(number, "score"))},
		{kind: evidence.Feeds, keys: joined([]key{needed(date, "date"), needed(plain, "source"), {name: "channel"}, needed(number, "events"), needed(number, "hosts"), {name: "site"}},
			keys(number, "latency_median", "latency_p95"))},
		{kind: evidence.Rules, keys: joined([]key{needed(plain, "rule_id"), {name: "name"}, needed(plain, "enabled")},
			keys(list, "techniques", "analytics", "log_sources"), texts("owner"), keys(list, "aliases", "fields", "replaces"), keys(date, "modified"))},
		{kind: evidence.Telemetry, write: asYAML, keys: joined(texts("name", "channel", "component"), keys(list, "platforms", "sites"),
			keys(number, "hosts"), texts("product", "owner"), keys(date, "since", "until"), texts("note"))},
		{kind: evidence.Runs, keys: joined([]key{needed(plain, "rule_id"), {name: "rule_name"}, needed(moment, "start"), {name: "end", as: moment}, needed(plain, "status")},
			keys(number, "executions", "events", "gap_seconds"), texts("source", "site", "reason"))},
		{kind: evidence.Fields, keys: joined([]key{needed(plain, "source"), {name: "channel"}, needed(plain, "field"), needed(number, "share")},
			keys(date, "date"), keys(number, "events"), texts("site"))},
		{kind: evidence.Exceptions, keys: joined([]key{{name: "rule_id"}, needed(plain, "condition"), {name: "reason"}, {name: "owner"}},
			keys(date, "expires"), texts("id", "name", "rule_name", "list"), keys(date, "since"), texts("source"))},
	}
}
