package report

import (
	"cmp"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/detection"
	"candor/internal/figure"
	"candor/internal/measure"
	"candor/internal/visibility"
)

// The tables of a report for engineers, by their titles, which are the names of its sheets.
const (
	TableAnalytics = "analytics"
	TableRules     = "rules"
	TableSources   = "log sources"
	TableSteps     = "next steps"
)

// Tables lists the tables of a report for engineers.
func Tables() []string { return []string{TableAnalytics, TableRules, TableSources, TableSteps} }

// engineeringOf is what a report for engineers is made of.
type engineeringOf struct {
	request  assessment.Request
	whole    *assure.Assessment
	measured *assessment.Measured
	made     *assessment.RulesMade
}

// analyticRecord is an analytic as engineers have it.
type analyticRecord struct {
	Analytic   string   `col:"analytic"`
	Name       string   `col:"name"`
	Strategies []string `col:"strategies"`
	Techniques []string `col:"techniques"`
	Tactics    []string `col:"tactics"`
	Platforms  []string `col:"platforms"`
	Rung       string   `col:"rung"`
	Why        string   `col:"why"`
	Claimed    bool     `col:"claimed"`
	Reportable bool     `col:"reportable"`
	Waived     bool     `col:"waived"`
	Visibility string   `col:"visibility"`
	SourcesN   int      `col:"log_sources_seen"`
	SourcesOf  int      `col:"log_sources_named"`
	RulesN     int      `col:"rules_counting"`
	RulesOf    int      `col:"rules_claiming"`
	figures
	Exercises string `col:"exercises"`
	Passed    int    `col:"exercises_passed"`
	Failed    int    `col:"exercises_failed"`
	Missed    int    `col:"incidents_missed"`
	Runbook   string `col:"runbook"`
	Owner     string `col:"runbook_owner"`
	Next      string `col:"next_step"`
	Limits    string `col:"limits_of_it"`
}

// figures are the columns of what alerts say: beside a proportion stand what it is of, how many
// of that, and its interval; all are empty where nothing is known.
type figures struct {
	Alerts      *int64   `col:"alerts"`
	True        *int64   `col:"true_positive"`
	Benign      *int64   `col:"benign_positive"`
	False       *int64   `col:"false_positive"`
	Unlabelled  *int64   `col:"unlabelled"`
	Precision   *float64 `col:"precision_share"`
	PrecisionN  *int64   `col:"precision_n"`
	PrecisionOf *int64   `col:"precision_of"`
	Low         *float64 `col:"precision_low"`
	High        *float64 `col:"precision_high"`
	Episode     *float64 `col:"episode_share"`
	EpisodeN    *int64   `col:"episode_n"`
	EpisodeOf   *int64   `col:"episode_of"`
	EpisodeLow  *float64 `col:"episode_low"`
	EpisodeHigh *float64 `col:"episode_high"`
	Conclusion  string   `col:"conclusion"`
}

// figuresOf are those of a statement; without one nothing is known.
func figuresOf(m *measure.Statement) figures {
	if m == nil {
		return figures{Conclusion: "no alert"}
	}
	f := figures{Alerts: &m.Alerts, True: &m.TruePositive, Benign: &m.BenignPositive, False: &m.FalsePositive, Unlabelled: &m.Unlabelled, Conclusion: strings.ReplaceAll(string(m.Conclusion), "_", " ")}
	if n := labelled(m); m.Precision != nil {
		f.Precision, f.PrecisionN, f.PrecisionOf = m.Precision, &m.TruePositive, &n
		f.Low, f.High = ends(m.ClusteredInterval)
	}
	if n, of := int64(m.EpisodeHits), int64(m.Episodes); m.EpisodePrecision != nil {
		f.Episode, f.EpisodeN, f.EpisodeOf = m.EpisodePrecision, &n, &of
		f.EpisodeLow, f.EpisodeHigh = ends(m.EpisodeInterval)
	}
	return f
}

// ends are the limits of an interval; nil where there is none.
func ends(i *measure.Interval) (low, high *float64) {
	if i == nil {
		return nil, nil
	}
	return &i[0], &i[1]
}

// ruleRecord is a rule as engineers have it; the first columns are those of Candor's CSV of
// rules.
type ruleRecord struct {
	ID         string   `col:"rule_id"`
	Name       string   `col:"name"`
	Enabled    bool     `col:"enabled"`
	Techniques []string `col:"techniques"`
	Analytics  []string `col:"analytics"`
	Logs       []string `col:"log_sources"`
	Owner      string   `col:"owner"`
	Source     string   `col:"source"`
	Path       string   `col:"path"`
	Basis      string   `col:"basis"`
	ClaimsN    int      `col:"claims_counting"`
	ClaimsOf   int      `col:"claims"`
	Why        string   `col:"why_not"`
	figures
	PerDay  *float64 `col:"alerts_a_day"`
	Minutes *float64 `col:"minutes_a_day"`
}

// sourceRecord is a log source that analytics need.
type sourceRecord struct {
	Name      string   `col:"log_source"`
	Channel   string   `col:"channel"`
	Component string   `col:"data_component"`
	State     string   `col:"state"`
	LastSeen  string   `col:"last_seen"`
	DaysN     int      `col:"days_seen"`
	DaysOf    int      `col:"days_of"`
	HostsN    int      `col:"hosts_seen"`
	HostsOf   *int     `col:"hosts_of"`
	Needed    int      `col:"needed_by"`
	Analytics []string `col:"analytics"`
}

// stepRecord is a next step.
type stepRecord struct {
	Step     string   `col:"step"`
	Action   string   `col:"action"`
	Unlocks  string   `col:"what_it_lifts"`
	Lifted   int      `col:"lifted"`
	Reliable int      `col:"newly_reliable"`
	Named    int      `col:"named_by"`
	Acts     int      `col:"things_to_do"`
	Cost     *float64 `col:"cost"`
}

// document is the report: all that is judged and measured, as tables.
func (e *engineeringOf) document() Document {
	t := &e.whole.Totals
	d := Document{Kind: KindEngineering, Title: "Analytics, rules and log sources in figures", Basis: basisOf(e.whole, e.request)}
	d.Lead = []string{
		figure.Sprintf("%d analytics, of which %d apply: rules claim %d of those, %d are reliable, and the gate for reporting lets %d of these through.", t.Analytics, t.Applicable, t.Claimed, t.Assured, t.Reportable),
		figure.Sprintf("%d rules are in force, of which %d raised alerts in the window.", len(e.made.Rules), e.raising()),
	}
	d.Limits = together(e.whole.Limits, e.measured.Limits, "A cell that is empty says that it is not known, which is not zero.",
		"Precision has intervals at "+figure.Percent(e.measured.Confidence)+", of clustered alerts; a proportion stands beside what it is of.")
	d.Sections = []Section{
		{Title: TableAnalytics, Table: table(e.analytics(), "The release has no analytic.")},
		{Title: TableRules, Table: table(e.rules(), "No rule is in force.")},
		{Title: TableSources, Table: table(e.sources(), "No analytic names a log source.")},
		{Title: TableSteps, Table: table(e.steps(), "No step is known that lifts an analytic.")},
	}
	return d
}

// raising counts the rules in force that raised alerts.
func (e *engineeringOf) raising() (n int) {
	raised := map[string]bool{}
	for i := range e.measured.Rules {
		raised[e.measured.Rules[i].RuleID] = e.measured.Rules[i].Alerts > 0
	}
	for i := range e.made.Rules {
		if raised[e.made.Rules[i].ID] {
			n++
		}
	}
	return n
}

func attackIDs(of []assure.Name) []string {
	return ids(of, func(n *assure.Name) string { return n.ATTACKID })
}

func (e *engineeringOf) analytics() []analyticRecord {
	list := make([]analyticRecord, len(e.whole.Verdicts))
	for i := range e.whole.Verdicts {
		v := &e.whole.Verdicts[i]
		r := analyticRecord{Analytic: v.Analytic.ATTACKID, Name: v.Analytic.Name, Strategies: attackIDs(v.Strategies), Techniques: attackIDs(v.Techniques),
			Tactics: attackIDs(v.Tactics), Platforms: v.Platforms, Rung: string(v.Rung), Why: v.Sentence, Claimed: v.Claimed, Reportable: v.Reportable, Waived: len(v.Waivers) > 0,
			Visibility: string(v.Visibility.State), SourcesOf: len(v.Visibility.Needs), figures: figuresOf(v.Measurement),
			Exercises: v.Exercises.State, Passed: v.Exercises.Passed, Failed: v.Exercises.Failed, Missed: v.Incidents.Missed,
			Runbook: v.Runbook.State, Owner: v.Runbook.Owner, Limits: strings.Join(v.Limits, " ")}
		for k := range v.Visibility.Needs {
			if v.Visibility.Needs[k].State == visibility.Measured {
				r.SourcesN++
			}
		}
		for k := range v.Claims {
			c := &v.Claims[k]
			if c.Cannot() {
				continue
			}
			r.RulesOf++
			if c.Counts && c.Enabled {
				r.RulesN++
			}
		}
		if len(v.Next) > 0 {
			r.Next = v.Next[0].Text
		}
		list[i] = r
	}
	return list
}

func (e *engineeringOf) rules() []ruleRecord {
	said := map[string]*measure.Detail{}
	for i := range e.measured.Rules {
		said[e.measured.Rules[i].RuleID] = &e.measured.Rules[i]
	}
	list := make([]ruleRecord, len(e.made.Rules))
	for i := range e.made.Rules {
		m := &e.made.Rules[i]
		r := ruleRecord{ID: m.ID, Name: m.Name, Enabled: m.Enabled, Techniques: m.Techniques, Analytics: m.Analytics, Logs: logWords(m.Logs), Owner: m.Owner,
			Source: cmp.Or(m.Origin, m.Format), Path: m.Path, Basis: m.Basis.Words(), ClaimsN: m.Counting, ClaimsOf: len(m.Claims), Why: strings.Join(m.Why, "; "), figures: figuresOf(nil)}
		if s := said[m.ID]; s != nil {
			r.figures, r.PerDay, r.Minutes = figuresOf(&s.Statement), &s.PerDay.Mean, &s.WorkloadMinutesPerDay
		}
		list[i] = r
	}
	return list
}

// logWords are log sources as Candor's CSV of rules has them; one that has no name of its own
// has no place there.
func logWords(logs []detection.Log) []string {
	var list []string
	for _, l := range logs {
		if l.Name == "" {
			continue
		}
		word := l.Name
		if l.Channel != "" {
			word += "|" + l.Channel
		}
		list = append(list, strings.ReplaceAll(word, wordSeparator, ","))
	}
	return list
}

func (e *engineeringOf) sources() []sourceRecord {
	at := map[attack.LogSource]int{}
	var list []sourceRecord
	for i := range e.whole.Verdicts {
		v := &e.whole.Verdicts[i]
		for k := range v.Visibility.Needs {
			n := &v.Visibility.Needs[k]
			place, there := at[n.LogSource]
			if !there {
				place = len(list)
				at[n.LogSource] = place
				list = append(list, e.source(n))
			}
			if of := &list[place]; !slices.Contains(of.Analytics, v.Analytic.ATTACKID) {
				of.Analytics, of.Needed = append(of.Analytics, v.Analytic.ATTACKID), of.Needed+1
			}
		}
	}
	slices.SortFunc(list, func(a, b sourceRecord) int {
		return cmp.Or(cmp.Compare(b.Needed, a.Needed), strings.Compare(a.Name, b.Name), strings.Compare(a.Channel, b.Channel), strings.Compare(a.Component, b.Component))
	})
	return list
}

func (e *engineeringOf) source(n *visibility.Need) sourceRecord {
	r := sourceRecord{Name: n.Name, Channel: n.Channel, Component: n.ComponentName, State: string(n.State), LastSeen: string(n.LastSeen),
		DaysN: n.Days, DaysOf: e.whole.Window.From.Until(e.whole.Window.To) + 1, HostsN: n.Hosts}
	if n.HostsOf > 0 {
		r.HostsOf = &n.HostsOf
	}
	return r
}

func (e *engineeringOf) steps() []stepRecord {
	list := make([]stepRecord, len(e.whole.NextSteps))
	for i := range e.whole.NextSteps {
		l := &e.whole.NextSteps[i]
		list[i] = stepRecord{l.Text, l.Action, l.Unlocks, l.Lifted, l.Assured, l.Named, l.Acts, l.Cost}
	}
	return list
}
