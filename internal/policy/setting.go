package policy

import (
	"candor/internal/assure"
	"candor/internal/claim"
	"candor/internal/detection"
)

// Setting is one key of a policy with its meaning.
type Setting struct {
	// Key is the path in the file, for example "measure.min_precision".
	Key     string `json:"key"`
	Value   any    `json:"value"`
	Default any    `json:"default"`
	// Unit is "days", "proportion", and so on; empty for names and lists.
	Unit    string `json:"unit,omitempty"`
	Meaning string `json:"meaning"`
}

// Explain returns every setting of p in the order of the file.
func Explain(p assure.Policy) []Setting {
	standard := builtIn()
	values, defaults := keys(&p), keys(&standard)
	settings := make([]Setting, len(values))
	for i, k := range values {
		settings[i] = Setting{Key: k.name, Value: k.value.get(), Default: defaults[i].value.get(), Unit: k.unit, Meaning: k.meaning}
	}
	return settings
}

// key is one setting of one policy: where it stands in the file, what it means,
// and how its value is read and set.
type key struct {
	name    string
	unit    string
	meaning string
	value   value
}

// keys returns the settings of p in the order of the file. It is the one list
// of them: reading, writing and explaining follow it.
func keys(p *assure.Policy) []key {
	ks := []key{
		{"name", "", "What this policy is called; shown with every verdict.", text{&p.Name, nil}},
		{"version", "", "Which version of the policy this is; required, and shown with every verdict.", text{&p.Version, nil}},
		{"window_days", "days", "How many days, up to and including the day of judgement, alerts and feeds are looked at.", whole{&p.WindowDays, 1, 3660}},
		{"release", "", "Which ATT&CK release to judge by where none is asked for, for example enterprise 18.1; newest for the newest that is imported.", release{&p.Release}},
		{"keep_daily", "assessments", "How many of the assessments stay that a server keeps by itself, one a day; with 0 it keeps none. Those that people keep stay.", whole{&p.KeepDaily, 0, 36600}},
		{"entities", "", "How names of hosts, accounts, addresses and labellers are kept in evidence that comes from now on: clear for as they are, pseudonym for keyed hashes, whose key lies beside the data folder.", text{&p.Entities, []string{assure.Clear, assure.Pseudonym}}},
	}
	ks = append(ks, visibilityKeys(p)...)
	ks = append(ks, claimKeys(p)...)
	ks = append(ks, measureKeys(p)...)
	ks = append(ks, readinessKeys(p)...)
	ks = append(ks, gateKeys("gate.reporting.", "to be reported to executives", &p.Gates.Reporting)...)
	ks = append(ks, gateKeys("gate.automation.", "to start an automated response", &p.Gates.Automation)...)
	ks = append(ks, key{"gate.max_waiver_days", "days", "For how many days a waiver may hold; it needs a second name besides.", whole{&p.Gates.MaxWaiverDays, 1, 3660}})
	ks = append(ks, costKeys(&p.Costs)...)
	return append(ks, takeKeys(&p.Take)...)
}

// takeKeys are the points by which confidence in a take is counted.
func takeKeys(t *assure.Points) []key {
	points := func(name, meaning string, at *int) key {
		return key{"take." + name, "points", meaning, whole{at, 0, 100}}
	}
	return []key{
		{"take.short_text", "characters", "Below how many characters an official text without log sources earns no point.", whole{&t.ShortText, 0, 1_000_000}},
		points("official", "What an official object counts for confidence in a take that says more than that.", &t.Official),
		points("visibility", "What it counts that the log sources are measured here.", &t.Visibility),
		points("measured", "What it counts that the alerts are labelled to a conclusion.", &t.Measured),
		points("exercised", "What an exercise in date or a case counts.", &t.Exercised),
		points("contradicted", "What is taken away for evidence that contradicts other evidence.", &t.Contradicted),
		points("aged", "What is taken away for evidence past its age.", &t.Aged),
		points("rating", "What is taken away for an external source that is rated worse than this policy asks.", &t.Rating),
		points("medium_from", "The sum from which confidence is medium.", &t.MediumFrom),
		points("high_from", "The sum from which confidence is high.", &t.HighFrom),
	}
}

// costKeys are the prices of next steps.
func costKeys(c *assure.Costs) []key {
	price := func(name, of string, at *float64) key {
		return key{"costs." + name, "", "What it costs to " + of + ", in one unit of your choice for all costs; 0 is not stated.", number{at, 0, 1e12}}
	}
	return []key{
		price("collect", "collect a log source and measure that it arrives", &c.Collect),
		price("verify_feed", "bring a log source that is declared to full measure", &c.VerifyFeed),
		price("register_external", "register an external source", &c.RegisterExternal),
		price("write_rule", "write or enable a rule", &c.WriteRule),
		price("exercise", "exercise a technique", &c.Exercise),
		price("label", "label one alert", &c.Label),
		price("tune", "tune a rule", &c.Tune),
		price("fix", "fix what failed and exercise it again", &c.Fix),
		price("write_runbook", "write a runbook", &c.WriteRunbook),
		price("review_runbook", "review a runbook", &c.ReviewRunbook),
	}
}

// gateKeys are the settings of the gate for one purpose, which is in words.
func gateKeys(prefix, purpose string, g *assure.GatePolicy) []key {
	return []key{
		{prefix + "min_precision", "proportion", "What the lower of the two lower bounds of precision, by alerts and by episodes, must reach " + purpose + ".",
			number{&g.MinPrecision, 0, 1}},
		{prefix + "min_episodes", "episodes", "The fewest labelled episodes, and the fewest occasions on which they may have fallen; with fewer than 5 no gate opens.", whole{&g.MinEpisodes, assure.LeastEpisodes, 1_000_000}},
		{prefix + "rungs", "", "The rungs on which an analytic may stand, or one that the rule claims.", texts[assure.Rung]{&g.Rungs, assure.Rungs()}},
		{prefix + "max_alerts_per_day", "alerts a day", "The most alerts a day, on average over the window; 0 sets no bound.", number{&g.MaxAlertsPerDay, 0, 1e9}},
		{prefix + "require_runbook", "", "Whether a current runbook is required, whatever the rung.", truth{&g.RequireRunbook}},
		{prefix + "max_age_days", "days", "How old the newest labelled alert may be; 0 sets no bound.", whole{&g.MaxAgeDays, 0, 3660}},
		{prefix + "min_persons", "persons", "By how many persons alerts must have been labelled; 0 asks for none. Second readings can stand in for it.", whole{&g.MinPersons, 0, 1000}},
		{prefix + "max_person_share", "proportion", "The largest share of the labels that may be one person's, or nobody's by name; 1 sets no bound. Second readings can stand in for it.", number{&g.MaxPersonShare, 0, 1}},
		{prefix + "max_minute_share", "proportion", "The largest share of the labels that may have been made within one minute, those that say no time included; 1 sets no bound. Second readings can stand in for it.", number{&g.MaxMinuteShare, 0, 1}},
		{prefix + "min_second_readings", "alerts", "How many alerts somebody else must have read a second time for that to stand in for more persons.", whole{&g.MinSecondReadings, 1, 1_000_000}},
		{prefix + "min_agreement", "AC1", "What the lower limit of agreement of those second readings (Gwet's AC1) must reach.", number{&g.MinAgreement, -1, 1}},
		{prefix + "max_left_out_share", "proportion", "The largest share of labels that may leave their alert out, as a test or a duplicate.", number{&g.MaxLeftOutShare, 0, 1}},
	}
}

func visibilityKeys(p *assure.Policy) []key {
	v := &p.Visibility
	return []key{
		{"visibility.outside_platforms", "", "ATT&CK platforms where no organisation has a sensor of its own.", texts[string]{&v.OutsidePlatforms, nil}},
		{"visibility.joint_need", "", "Which of an analytic's log sources must be seen: all, component (one for each data component), or any.",
			text{&v.JointNeed, []string{"all", "component", "any"}}},
		{"visibility.max_feed_age_days", "days", "How long after its last observation a feed still counts.", whole{&v.MaxFeedAgeDays, 0, 3660}},
		{"visibility.min_feed_days", "days", "On how many days of the window a feed must have arrived.", whole{&v.MinFeedDays, 0, 3660}},
		{"visibility.min_host_share", "proportion", "The share of a source's declared hosts that must have sent it on its best day of the window.", number{&v.MinHostShare, 0, 1}},
		{"visibility.min_field_share", "proportion", "The share of a log source's events that must carry a field which a rule needs; below it the rule does not see.", number{&v.MinFieldShare, 0, 1}},
		{"visibility.max_latency_minutes", "minutes", "Within how long 95 % of a log source's events should arrive; what is later is said. 0 sets no bound.", number{&v.MaxLatencyMinutes, 0, 1e6}},
		{"visibility.worst_reliability", "Admiralty rating", "The worst reliability, A to F, at which an external source counts.",
			text{&v.WorstReliability, []string{"A", "B", "C", "D", "E", "F"}}},
		{"visibility.worst_credibility", "Admiralty rating", "The worst credibility, 1 to 6, at which an external source counts.", whole{&v.WorstCredibility, 1, 6}},
	}
}

func claimKeys(p *assure.Policy) []key {
	return []key{
		{"claim.count", "", "The bases on which an enabled rule counts as a claim on an analytic.", texts[claim.Basis]{&p.Claim.Count, claim.Countable()}},
		{"claim.statuses", "", "The rule statuses that count, as the rules spell them; an empty list counts all.", texts[string]{&p.Claim.Statuses, nil}},
		{"claim.join_alerts_by", "", "How alerts are joined to rules besides by id: alias (a rule lists it, and no other does), name (exactly that of one rule alone).",
			texts[detection.Join]{&p.Claim.JoinAlertsBy, detection.Joins()}},
	}
}

func measureKeys(p *assure.Policy) []key {
	m := &p.Measure
	return []key{
		{"measure.min_precision", "proportion", "What the lower bound of actionable precision must reach, by alerts and by episodes.", number{&m.MinPrecision, 0, 1}},
		{"measure.min_episodes", "episodes", "The fewest labelled episodes that prove anything, and the fewest occasions on which they may have fallen (hours of a site).", whole{&m.MinEpisodes, 1, 1_000_000}},
		{"measure.max_alerts_per_day", "alerts a day", "The most alerts a day, on average over the window; 0 sets no bound.", number{&m.MaxAlertsPerDay, 0, 1e9}},
		{"measure.max_minutes_per_day", "minutes a day", "The most handling time a day, on average over the window; 0 sets no bound.", number{&m.MaxMinutesPerDay, 0, 1e9}},
		{"measure.minutes_per_alert", "minutes", "The handling time taken for an alert that carries none.", number{&m.MinutesPerAlert, 0, 1e6}},
		{"measure.provenances", "", "Whose labels count: analyst, incident, exercise, automation, ai.",
			texts[string]{&m.Provenances, []string{"analyst", "incident", "exercise", "automation", "ai"}}},
		{"measure.confidence", "proportion", "The level of every interval.", number{&m.Confidence, 0.5, 0.9999}},
	}
}

func readinessKeys(p *assure.Policy) []key {
	r := &p.Readiness
	return []key{
		{"readiness.max_exercise_age_days", "days", "How long a passing exercise counts; a failing one counts until a newer one passes.", whole{&r.MaxExerciseAgeDays, 1, 3660}},
		{"readiness.max_runbook_age_days", "days", "How long after its review a runbook is current.", whole{&r.MaxRunbookAgeDays, 1, 3660}},
		{"readiness.passing", "", "The exercise outcomes that pass: alerted, logged. Blocked says nothing of detection and cannot pass.",
			texts[string]{&r.Passing, []string{"alerted", "logged"}}},
		{"readiness.max_run_age_days", "days", "For how long a rule may not have run while others of its product did, before it counts as not enabled.", whole{&r.MaxRunAgeDays, 1, 3660}},
		{"readiness.corroborate_hours", "hours", "For how long after an exercise or an incident alerts are taken to be of it; 5 minutes before it count as well.", whole{&r.CorroborateHours, 1, 168}},
		{"readiness.max_chance", "proportion", "The highest chance of a coincidence with which an alert at the time of an exercise still bears it out.", number{&r.MaxChance, 0, 1}},
		{"readiness.require_owner", "", "Whether a runbook without an owner does not count.", truth{&r.RequireOwner}},
	}
}
