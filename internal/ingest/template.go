package ingest

import (
	"embed"
	"strings"

	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
)

//go:embed template
var templates embed.FS

// Template is a file to start from.
type Template struct {
	// Kind is what it is a template of: one of Templates.
	Kind string `json:"kind"`
	// Adds is the kind of evidence that it is added as; empty for a mapping, which
	// goes with alerts.
	Adds string `json:"adds,omitempty"`
	// File is a name for it.
	File string `json:"file"`
	// Notes explain what the format leaves no room to explain, one line each.
	Notes []string `json:"notes"`
	Text  string   `json:"text"`
}

func listed() []Template {
	return []Template{
		{Kind: evidence.Telemetry, Adds: evidence.Telemetry, File: "telemetry.yaml"},
		{Kind: evidence.Feeds, Adds: evidence.Feeds, File: "feeds.csv", Notes: []string{
			"One row for each day, log source, channel and site that was measured.",
			"events 0 says that the feed was looked for and did not arrive; leave a row out if nobody looked.",
			"source and channel are ATT&CK's names; an empty channel stands for all; site may be empty.",
			"latency_median and latency_p95 are seconds from event to arrival: of half of the day's events, and of 95 % of them; leave them empty if nobody measured.",
		}},
		{Kind: evidence.Rules, Adds: evidence.Rules, File: "rules.csv", Notes: []string{
			"For rules that live where Sigma, Elastic, Splunk and Sentinel files do not reach.",
			"techniques, analytics and log_sources are lists joined by semicolons; a log source is Name or Name|channel.",
			"enabled is true or false, and must be said.",
			"replaces names rules in whose place it is, so that their alerts count until it has enough of its own; modified is the day of its last change.",
			"aliases are other names that alerts have for it, fields the fields of an event that it needs. All four may be left out.",
		}},
		{Kind: evidence.Alerts, Adds: evidence.Alerts, File: "alerts.jsonl", Notes: []string{
			"One JSON object for each alert. id, rule_id and time are needed; leave out what you do not know.",
			"disposition: true_positive, benign_positive, false_positive, false_positive_logic, false_positive_data, test, duplicate, undetermined, open.",
			"provenance: analyst, incident, exercise, automation, ai; the last two do not count unless policy says so. Other keys are kept as fields.",
			"reading: second, if somebody else looked without being told the first class. duplicate_of: the id of the alert that a duplicate repeats.",
			"Exports that are CSV need no rewriting: candor evidence template mapping.",
		}},
		{Kind: evidence.Dispositions, Adds: evidence.Dispositions, File: "dispositions.csv", Notes: []string{
			"One row for each statement about an alert that is known already; it supersedes earlier ones and both stay.",
			"id (or alert_id) is the alert's id; disposition_time is when the statement was made, and must be said.",
			"disposition: true_positive, benign_positive, false_positive, false_positive_logic, false_positive_data, test, duplicate, undetermined, open.",
			"open says that the alert is worked on, still or again: it has no label from then on, not even that of a case that was closed before.",
			"provenance: analyst, incident, exercise, automation, ai; the last two do not count unless policy says so. case_id, if given, puts the alert into that case.",
			"reading: second, if somebody else looked without being told the first class: no class changes, and where the two differ the alert counts as a miss in lower limits.",
			"duplicate_of: the id of the alert that a duplicate repeats; without one a duplicate counts as unlabelled.",
		}},
		{Kind: "mapping", File: "mapping.yaml"},
		{Kind: evidence.Exercises, Adds: evidence.Exercises, File: "exercises.csv", Notes: []string{
			"One row for each test: technique or analytic, what was done, when, and what came of it.",
			"outcome: blocked, alerted, logged, none, or ran where nobody looked: the alerts then say what came of it. rule_id is the rule that alerted, if known.",
			"host and site are where it ran, as alerts name them: what is stated is held against the alerts there.",
		}},
		{Kind: "external", Adds: evidence.Telemetry, File: "external.yaml"},
		{Kind: evidence.Cases, Adds: evidence.Cases, File: "cases.csv", Notes: []string{
			"One row for each incident that was looked into. case_id and opened are needed; a case that is not closed has no class yet.",
			"classification: true_positive, benign_positive, false_positive, false_positive_logic, false_positive_data, test, duplicate, undetermined.",
			"found_by: alert (one of your alerts led to it), hunt, others (somebody told you), missed (found when it was over).",
			"techniques, analytics: what was done, whether or not anything detected it. alerts: the ids of its alerts; they take on its class.",
			"Lists are joined by semicolons. JSON Lines of the same names are taken, too.",
		}},
		{Kind: evidence.Signals, Adds: evidence.Signals, File: "signals.csv", Notes: []string{
			"One row for each weak or external observation of an entity. id, time, entity and name are needed.",
			"reliability (A to F) and credibility (1 to 6) are Admiralty ratings; leave them empty if nobody rated it. Other columns are kept as fields.",
			"JSON Lines of the same names are taken, too.",
		}},
		{Kind: evidence.Tuning, Adds: evidence.Tuning, File: "tuning.yaml"},
		{Kind: evidence.Runs, Adds: evidence.Runs, File: "runs.csv", Notes: []string{
			"One row for each run of a rule, or for each unbroken stretch of runs that ended alike. rule_id, start and status are needed.",
			"start and end bound the time that was searched; leave end empty for one moment. executions is how many runs the row stands for.",
			"status: ok; late (it searched, and not all that it should have in time); failed; disabled (its product does not run it any more).",
			"gap_seconds is how much time nothing searched. A rule that is enabled and does not run counts as not enabled.",
			"The execution log of Elastic Security, the table SentinelHealth and the log of Splunk's scheduler are read as they are exported.",
		}},
		{Kind: evidence.Exceptions, Adds: evidence.Exceptions, File: "exceptions.csv", Notes: []string{
			"One row for each exception of a rule: what is suppressed, why, who answers for it, and until when. rule_id * is every rule.",
			"condition: comparisons (=, !=, contains, startswith, endswith, like, in, exists) joined by and, or, not, over the fields of the rule's alerts:",
			"entity, site, severity, case_id, tactic, source, rule_id, rule_name, and whatever other columns alerts were added with.",
			"Without owner or expires, or past its day, it is a limit of every verdict that it touches. One that would have hidden an alert that is known to be",
			"true takes the rule down to rule only. Exception lists of Elastic Security and Sentinel's automation rules are read as they are exported.",
		}},
		{Kind: evidence.Fields, Adds: evidence.Fields, File: "fields.csv", Notes: []string{
			"One row for each field that was measured: which share of the events of a log source and channel carry it, 0 to 1 or in percent.",
			"Rules find it by its name as they spell it: Sigma rules by Sigma's names, Elastic's by those of ECS. date is the day that was measured.",
			"events is how many events were looked at; site may be empty. A rule whose needed field arrives in too few events does not see.",
		}},
		{Kind: evidence.Renames, Adds: evidence.Renames, File: "renames.csv", Notes: []string{
			"One row for each ATT&CK ID that took the place of another: techniques or analytics. Several may have become one, and one several.",
			"Rules that name an ID that your release does not know are read through it, forwards or backwards. It is asked after what releases say",
			"themselves, and before what this candor knows of releases that you do not have. by says who says so, domain where it holds; both may be empty.",
		}},
		{Kind: evidence.Runbooks, Adds: evidence.Runbooks, File: "runbook.md"},
	}
}

// Templates lists what there are templates of.
func Templates() []string {
	var kinds []string
	for _, t := range listed() {
		kinds = append(kinds, t.Kind)
	}
	return kinds
}

// TemplateOf returns the template of a kind, with dates that go with today. A
// kind that is not among Templates is fault.Usage.
func TemplateOf(kind string, today day.Date) (Template, error) {
	for _, t := range listed() {
		if t.Kind != kind {
			continue
		}
		b, err := templates.ReadFile("template/" + t.File)
		if err != nil {
			return Template{}, err
		}
		dates := strings.NewReplacer("{today}", string(today), "{yesterday}", string(today.Add(-1)), "{expires}", string(today.Add(90)))
		t.Text = dates.Replace(string(b))
		if t.Notes == nil {
			t.Notes = []string{}
		}
		return t, nil
	}
	return Template{}, fault.New(fault.Usage, "there is no template of %q", kind).
		Next("use one of: %s; or candor evidence template runbook --for AN1989", strings.Join(Templates(), ", "))
}
