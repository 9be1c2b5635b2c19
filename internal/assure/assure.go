// Package assure gives every analytic of a release its verdict: a rung with
// reasons, limits and next steps, from the statements of the judgements and the
// policy in force.
//
// It refuses to count what was not observed, to average rungs, and to say
// anything without a reason. Its functions are pure: the day is passed in.
package assure

import (
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/measure"
	"candor/internal/runbook"
	"candor/internal/telemetry"
	"candor/internal/visibility"
)

// Rung is the state of an analytic. Rungs are states, not marks on a scale; only
// Reliable counts as assured.
type Rung string

// The rungs, in the order in which they are listed.
const (
	NotApplicable Rung = "not_applicable"
	Outside       Rung = "outside_visibility"
	Blind         Rung = "blind"
	Observable    Rung = "observable"
	RuleOnly      Rung = "rule_only"
	Unproven      Rung = "unproven"
	Noisy         Rung = "noisy"
	Contradicted  Rung = "contradicted"
	Proven        Rung = "proven"
	Reliable      Rung = "reliable"
)

// Rungs lists every rung in order.
func Rungs() []Rung {
	return []Rung{NotApplicable, Outside, Blind, Observable, RuleOnly, Unproven, Noisy, Contradicted, Proven, Reliable}
}

// Policy is the thresholds that verdicts are judged by.
type Policy struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	WindowDays int    `json:"window_days"`
	Visibility visibility.Policy
	Claim      claim.Policy
	Measure    measure.Policy
	Readiness  Readiness
	Gates      Gates
	Costs      Costs
	Take       Points
	// Release is the one to judge by where a request names none of its domain; empty for
	// the newest.
	Release attack.ReleaseRef
	// SHA256 is of the policy as it was read, in hex, and Looser are the settings that
	// ask less than the built-in policy does, in words; empty where whoever made the
	// policy does not say. No verdict depends on either.
	SHA256 string
	Looser []string
	// KeepDaily is how many assessments a server keeps by itself, one a day; no verdict
	// depends on it.
	KeepDaily int
	// Entities is how names of hosts, accounts, addresses and persons are kept from now on:
	// Clear or Pseudonym. No verdict depends on it.
	Entities string
}

// How names are kept.
const (
	Clear     = "clear"     // as they came
	Pseudonym = "pseudonym" // as keyed hashes
)

// Points is how confidence in a take, the analyst context of an object, is
// counted: what its statements rest on counts for it, what speaks against them
// against it.
type Points struct {
	// ShortText is below how many characters an official text that names no log source
	// is no ground to stand on.
	ShortText int
	// Official is for an object that says more than that, Visibility for log sources
	// that are measured here, Measured for alerts that are labelled to a conclusion,
	// Exercised for an exercise in date or a case.
	Official, Visibility, Measured, Exercised int
	// Contradicted is taken away for evidence against evidence, Aged for evidence past
	// its age, Rating for an external source that is rated worse than policy asks.
	Contradicted, Aged, Rating int
	// MediumFrom and HighFrom are the sums from which confidence is medium and high.
	MediumFrom, HighFrom int
}

// Readiness bounds the age of exercises and runbooks.
type Readiness struct {
	MaxExerciseAgeDays int
	MaxRunbookAgeDays  int
	// Passing are the exercise outcomes that pass, for example "alerted".
	Passing []string
	// MaxRunAgeDays is for how many days a rule may not have searched while others of
	// its product ran, before it counts as stopped.
	MaxRunAgeDays int
	// CorroborateHours is for how many hours after an exercise or an incident alerts are
	// taken to be of it, 1 or more.
	CorroborateHours int
	// MaxChance is the highest chance, 0 to 1, that an alert at that time is coincidence
	// with which it still bears out an exercise.
	MaxChance float64
	// RequireOwner says that a runbook without an owner does not count.
	RequireOwner bool
}

// Evidence is everything a verdict is made from.
type Evidence struct {
	Telemetry visibility.Telemetry
	Rules     claim.Rules
	Exercises []evidence.Of[exercise.Exercise]
	// Away are the exercises that took place elsewhere: replays and evaluations.
	Away     []evidence.Of[exercise.Exercise]
	Runbooks []evidence.Of[runbook.Runbook]
	// Tunings are the values to which mutable elements of analytics were set.
	Tunings []evidence.Of[runbook.Tuning]
	// Runs are the recorded runs of rules, under the ids of the rules that they mean.
	Runs []evidence.Of[detection.Run]
	// Exempted are the exceptions as they were stated, and Exceptions those that had begun,
	// each under the id of the rule that it is of, with what of the alerts of the window
	// it would have hidden.
	Exempted   []evidence.Of[detection.Exception]
	Exceptions []Exempt
	// Changes are those of the rules of which batches stated more than one version, by rule.
	Changes map[string][]detection.Change
	// Revisions are the last changes of rules within the window, with what they raised before
	// and since; nil where Tallies are to say it.
	Revisions []Revision
	// Former are the rules that were retired.
	Former []Former
	// Fields say in what share of events fields arrive.
	Fields []evidence.Of[telemetry.FieldShare]
	// Tallies are the counts of the alerts of the window, with what alerts inherit
	// from their cases; see alert.Legacy. A Judging asks for what it needs of them instead.
	Tallies []alert.Tally
	// Cases are the reviews of incidents, and CaseCounts the counts of the alerts
	// that belong to a case, whatever their day.
	Cases      []evidence.Of[alert.Case]
	CaseCounts []alert.CaseCount
	// Around are the alerts at the times of exercises and incidents.
	Around Surroundings
	// Ties are what reviews said of whether alerts are part of incidents.
	Ties []evidence.Of[Tie]
	// AlertRules are the rules that alerts name: where their alerts came from.
	AlertRules []AlertRule
	// Batches are those of all evidence, withdrawn ones included.
	Batches []BatchRef
	// Expired is what was removed for retention of the alerts of the window.
	Expired []Expired
	// Waivers are accepted exceptions to what gates ask for.
	Waivers []evidence.Of[Waiver]
	// Site is the one that the evidence is narrowed to, and Left says what was left out;
	// empty for all of it. See At.
	Site, Left string
}

// BatchRef is a batch of evidence: when it was recorded, and when it stopped counting.
type BatchRef struct {
	ID string `json:"id"`
	// Batches is how many there are under the ID, where they were merged and Added is when
	// the first was; 0 for one alone.
	Batches int       `json:"batches,omitempty"`
	Kind    string    `json:"kind"`
	Added   time.Time `json:"added"`
	Records int64     `json:"records"`
	// LeftOut is how many records of its input a mapping file left out.
	LeftOut int64 `json:"left_out,omitempty"`
	// Withdrawn is zero for a batch that counts; By and Reason are of the withdrawal.
	Withdrawn time.Time `json:"withdrawn,omitzero"`
	By        string    `json:"by,omitempty"`
	Reason    string    `json:"reason,omitempty"`
}

// Expired is what was removed for retention at one time of the alerts of the window.
type Expired struct {
	On     day.Date `json:"on"`
	Reason string   `json:"reason"`
	// Alerts are how many, by the rule that they named.
	Alerts map[string]int64 `json:"alerts"`
}

// AlertRule is a rule as the alerts name it.
type AlertRule struct {
	ID      string   `json:"rule_id"`
	Name    string   `json:"rule_name,omitempty"`
	Alerts  int64    `json:"alerts"`
	Batches []string `json:"batches"`
	// Sites are those that its alerts name.
	Sites []string `json:"sites,omitempty"`
	// Own is whose rule the alerts themselves say that it is, until it is joined. Source
	// is the one source that the input says that its alerts are of; empty where that is
	// not known, or several.
	Own    string `json:"-"`
	Source string `json:"-"`
	// Last is when the newest of its alerts fired.
	Last time.Time `json:"-"`
	// As are the ids under which the alerts name it where they are others than its
	// own or name a source, each with what it was joined by.
	As []AlertName `json:"as,omitempty"`
	// Ambiguous lists the rules that it could be where it could be several: it is
	// then joined to none.
	Ambiguous []string `json:"ambiguous,omitempty"`
	// Elsewhere lists the rules that it would be, did the alerts not name a source that has
	// no such rule: it is then joined to none.
	Elsewhere []string `json:"elsewhere,omitempty"`
}

// AlertName is how alerts name a rule where it is not by the rule's own id alone.
type AlertName struct {
	ID string `json:"rule_id"`
	// Source is whose rule the alerts say that it is; empty where they do not.
	Source string `json:"source,omitempty"`
	// By is empty where no rule is known.
	By detection.Join `json:"joined_by,omitempty"`
}

// Key is the key under which the alerts are counted; see alert.RuleKey.
func (n AlertName) Key() string { return alert.RuleKey(n.Source, n.ID) }

// Name points at an ATT&CK object.
type Name struct {
	StixID   string `json:"stix_id"`
	ATTACKID string `json:"attack_id"`
	Name     string `json:"name"`
}

// Step is something to do next, and what for.
type Step struct {
	// Action is stable: "collect", "verify_feed", "register_external",
	// "write_rule", "enable_rule", "exercise", "label", "tune", "fix", "write_runbook",
	// "review_runbook", "keep", "wait", "clarify_source", "narrow_exception",
	// "collect_field", "tie_alerts".
	Action string `json:"action"`
	// Target is what to do it to: a log source, a technique, a rule, an analytic.
	Target string `json:"target"`
	Text   string `json:"text"`
	// Alone says that this step by itself would lift the analytic.
	Alone bool `json:"alone"`
}

// Proof is what exercises say of an analytic.
type Proof struct {
	// State is "none", "passed", "expired", "failed" (newest failed) or
	// "inconclusive" (none of them says whether it works).
	State string `json:"state"`
	// Corroborated says that alerts bear out an exercise in date that passed since one
	// failed last.
	Corroborated bool `json:"corroborated"`
	// Trials are the exercises as they are judged for the analytic, newest first.
	Trials   []Trial `json:"trials,omitempty"`
	Passed   int     `json:"passed"`
	Failed   int     `json:"failed"`
	LastTime string  `json:"last_time,omitempty"`
	LastTest string  `json:"last_test,omitempty"`
	// Away are tests that took place elsewhere, of which nothing above follows.
	Away []Away `json:"away,omitempty"`
}

// Duty is what runbooks say of an analytic.
type Duty struct {
	// State is "none", "empty" (front matter without a procedure), "no_owner", "expired"
	// or "current".
	State    string `json:"state"`
	ID       string `json:"id,omitempty"`
	Title    string `json:"title,omitempty"`
	Owner    string `json:"owner,omitempty"`
	Reviewed string `json:"reviewed,omitempty"`
	// Used is how many cases say that it was used, and LastUsed the day of the last.
	Used     int    `json:"used"`
	LastUsed string `json:"last_used,omitempty"`
}

// Compensation is an adjacent stage that is reliable where the behaviour itself
// is outside visibility. It is named and never counted.
type Compensation struct {
	Technique Name `json:"technique"`
	Tactic    Name `json:"tactic"`
	Analytic  Name `json:"analytic"`
	// Users are the groups and campaigns that use both techniques.
	Users []Name `json:"users"`
}

// Verdict is the judgement of one analytic.
type Verdict struct {
	Analytic   Name     `json:"analytic"`
	Platforms  []string `json:"platforms"`
	Strategies []Name   `json:"strategies"`
	Techniques []Name   `json:"techniques"`
	// Parents are the techniques that Techniques are sub-techniques of.
	Parents []Name `json:"parents"`
	Tactics []Name `json:"tactics"`

	Rung Rung `json:"rung"`
	// Sentence says why it stands there, from what made it.
	Sentence string `json:"sentence"`
	// Claimed says that an enabled rule claims it on a basis that counts.
	Claimed      bool           `json:"claimed"`
	ExternalOnly bool           `json:"external_only"`
	Compensated  []Compensation `json:"compensated"`

	Reasons    []evidence.Reason    `json:"reasons"`
	Next       []Step               `json:"next"`
	Limits     []string             `json:"limits"`
	Visibility visibility.Statement `json:"visibility"`
	Claims     []claim.Claim        `json:"claims"`
	// Misfits sums those of Claims that cannot count.
	Misfits     Misfits            `json:"claims_that_cannot_count"`
	Measurement *measure.Statement `json:"measurement"`
	Exercises   Proof              `json:"exercises"`
	Incidents   Incidents          `json:"incidents"`
	Runbook     Duty               `json:"runbook"`
	// Bounds are what keeps it from being reliable although it works, other than a
	// runbook.
	Bounds []evidence.Reason `json:"bounds,omitempty"`
	// Operation is what is recorded of the runs of the rules in Claims.
	Operation []Operation `json:"operation,omitempty"`
	// Impaired is what is in the way of rules whose claims count: what they raised is left
	// out of Measurement where others claim it too.
	Impaired []Impairment `json:"impaired_rules,omitempty"`
	// Revisions are the changes within the window of the rules whose claims count.
	Revisions []Revision `json:"changed_rules,omitempty"`
	// Exceptions are those of the rules whose claims count, and Fields what those rules
	// need, by rule, where any field was measured.
	Exceptions []Exempt               `json:"exceptions,omitempty"`
	Fields     map[string][]FieldNeed `json:"needed_fields,omitempty"`
	// Knobs are what ATT&CK says should be set locally, with what is. They change no
	// rung.
	Knobs []Knob `json:"knobs"`
	// Waivers in force, of the analytic and of the rules whose claims count. They
	// open gates and change no rung.
	Waivers []Waiver `json:"waivers,omitempty"`
	// Reportable says that it is reliable and that the reporting gate lets it through,
	// without a waiver.
	Reportable bool `json:"reportable"`
}

// RungCount is how many analytics stand on a rung.
type RungCount struct {
	Rung  Rung `json:"rung"`
	Count int  `json:"count"`
	// Shortfalls splits a rung of what is not seen by what is missing; empty on others.
	Shortfalls []ShortfallCount `json:"shortfalls,omitempty"`
}

// ShortfallCount is how many analytics of a rung are not seen in one way.
type ShortfallCount struct {
	Shortfall visibility.Shortfall `json:"shortfall"`
	Count     int                  `json:"count"`
}

// Totals sums an assessment as a distribution, never as a mean.
type Totals struct {
	Analytics  int         `json:"analytics"`
	Applicable int         `json:"applicable"` // Analytics less those not applicable
	Rungs      []RungCount `json:"rungs"`      // every rung, in order
	Claimed    int         `json:"claimed"`
	Assured    int         `json:"assured"`
	// Reportable is how many of Assured the reporting gate lets through.
	Reportable int `json:"reportable"`
	// Waived is how many analytics have a waiver in force, of theirs or of a rule.
	Waived int `json:"waived"`
	// Distance = Claimed and not Assured.
	Distance    int `json:"distance"`
	Compensated int `json:"compensated"`
}

// Unmapped is the evidence that no verdict could use, by name.
type Unmapped struct {
	// Rules name techniques or analytics that the release does not know.
	Rules []claim.Unmapped `json:"rules"`
	// Nowhere are the techniques of rules that have no analytic where the rule looks.
	Nowhere []claim.Nowhere `json:"nowhere"`
	// SilentRules name no technique and no analytic.
	SilentRules []string `json:"silent_rules"`
	// AlertRules raised alerts and are no known rule.
	AlertRules []AlertRule `json:"alert_rules"`
	// Tunings are of analytics or elements that the release does not have.
	Tunings []UnmappedTuning `json:"tunings"`
	// LogSources are declared or observed and unknown to the release, by name;
	// UnknownSources are the same with what the release has that is nearest.
	LogSources     []string                `json:"log_sources"`
	UnknownSources []visibility.Suggestion `json:"unknown_sources"`
	// StoppedFeeds arrived once and no longer do.
	StoppedFeeds []visibility.StoppedFeed `json:"stopped_feeds"`
}

// RulesNowhere counts the rules that claim no analytic though it is known where they look,
// since no technique of theirs has one there.
func (u Unmapped) RulesNowhere() int {
	seen := map[string]bool{}
	for i := range u.Nowhere {
		if u.Nowhere[i].Only {
			seen[u.Nowhere[i].RuleID] = true
		}
	}
	return len(seen)
}

// Assessment is the verdict on every analytic of a release.
type Assessment struct {
	Release   attack.Release    `json:"release"`
	AsOf      time.Time         `json:"as_of"`
	Window    visibility.Window `json:"window"`
	Policy    PolicyRef         `json:"policy"`
	Scope     ScopeRef          `json:"scope"`
	Totals    Totals            `json:"totals"`
	Tactics   []TacticTotals    `json:"tactics"`
	Verdicts  []Verdict         `json:"verdicts"`   // by ATT&CK ID
	NextSteps []Lift            `json:"next_steps"` // what lifts most first
	Unmapped  Unmapped          `json:"unmapped"`
	// Reread are the references of rules that were read through other releases.
	Reread []claim.Reread `json:"reread"`
	Limits []string       `json:"limits"`
	// Waivers are those in force, whatever they are of.
	Waivers []Waiver `json:"waivers,omitempty"`
	// BySite is how the verdicts stand at each site; nil where that was not asked, or no
	// evidence names a site.
	BySite *BySite `json:"by_site,omitempty"`
	// Beside are those of Limits that every answer drawn from the evidence bears.
	Beside []string `json:"beside,omitempty"`
	// Narrowed are those of Limits that say which analytics it is about alone.
	Narrowed []string `json:"narrowed,omitempty"`
}

// PolicyRef names the policy in force.
type PolicyRef struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// SHA256 is of the policy's file, or of the built-in as candor policy show prints it.
	SHA256 string `json:"sha256,omitempty"`
	// Looser are the settings that ask less than the built-in policy does, in words.
	Looser []string `json:"looser,omitempty"`
}

// Ref names the policy.
func (p *Policy) Ref() PolicyRef {
	return PolicyRef{Name: p.Name, Version: p.Version, SHA256: p.SHA256, Looser: p.Looser}
}

// String names the policy for people, with the beginning of its hash.
func (r PolicyRef) String() string {
	name := strings.TrimSpace(r.Name + " " + r.Version)
	if len(r.SHA256) < shownHash {
		return name
	}
	return name + " (sha256 " + r.SHA256[:shownHash] + ")"
}

// shownHash is how much of a hash is shown beside a policy's name, in digits.
const shownHash = 12

// ScopeRef says for whom and what was judged.
type ScopeRef struct {
	Organisation string `json:"organisation,omitempty"`
	// Platforms is empty when the scope was not stated and all apply.
	Platforms []string `json:"platforms"`
	// Site is the site whose evidence was judged; empty for the whole.
	Site string `json:"site,omitempty"`
}

// TacticTotals is the distribution over one tactic's analytics; an analytic
// counts under each of its tactics.
type TacticTotals struct {
	Tactic Name        `json:"tactic"`
	Rungs  []RungCount `json:"rungs"`
	Total  int         `json:"total"`
}
