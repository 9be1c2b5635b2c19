package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/figure"
)

// The states of Incidents.
const (
	incidentsNone         = "none"
	incidentsMissed       = "missed"
	incidentsAnswered     = "answered"
	incidentsDetected     = "detected"
	incidentsInconclusive = "inconclusive"
	incidentsUntied       = "untied"
)

// Incidents is what reviewed incidents say of an analytic. A missed one counts
// against it until something newer answers it; a detected one proves nothing by
// itself.
type Incidents struct {
	// State is "none", "missed" (and nothing newer has answered it), "untied" (alerts of
	// claiming rules lie at its place and time, and nobody said whether they are part of
	// it), "answered", "detected" or "inconclusive".
	State string `json:"state"`
	// Untied are the incidents beside which such alerts lie, newest first.
	Untied []UntiedCase `json:"untied,omitempty"`
	// Missed are the incidents that were found by a hunt, by others or too late and
	// in which no claiming rule raised an alert; Detected those that an alert of a
	// claiming rule led to. The others say nothing of it.
	Missed   int `json:"missed"`
	Detected int `json:"detected"`
	Others   int `json:"inconclusive"`
	// LastCase and LastTime are of the incident that State rests on.
	LastCase string `json:"last_case,omitempty"`
	LastTime string `json:"last_time,omitempty"`
}

// UntiedCase is an incident with the alerts that may be part of it.
type UntiedCase struct {
	Case  string    `json:"case"`
	Time  time.Time `json:"time"`
	Fired []Firing  `json:"fired"` // by claiming rules
}

// Tie is what a review said of whether an alert is part of an incident.
type Tie struct {
	Case    string `json:"case"`
	AlertID string `json:"alert_id"`
	// Source and Site are what the alert is known by besides, as far as it is.
	Source string `json:"source,omitempty"`
	Site   string `json:"site,omitempty"`
	RuleID string `json:"rule_id"`
	// Part says that it is part of the incident.
	Part bool      `json:"part"`
	Why  string    `json:"why,omitempty"`
	By   string    `json:"by,omitempty"`
	Made time.Time `json:"made"`
}

// Key names what a later statement supersedes.
func (t *Tie) Key() string {
	key := t.Case + "|" + t.AlertID
	if t.Source+t.Site != "" {
		key += alert.RuleMark + t.Source + alert.RuleMark + t.Site
	}
	return key
}

// Alert is what the alert is known by.
func (t *Tie) Alert() alert.Identity {
	return alert.Identity{Source: t.Source, Site: t.Site, ID: t.AlertID}
}

// incidentIndex finds incidents by the ATT&CK ID of an analytic or a technique
// that was part of them.
type incidentIndex struct {
	byID map[string][]evidence.Of[alert.Case]
	// raised is what the alerts are that rules raised in a case, by case and rule.
	raised map[string]map[string]*part
	// later is how many cases were opened after the day of the assessment.
	later int
}

// part is how many alerts a rule raised in a case, and what they are. What is false or
// benign is no part of an incident, whoever tied it to that, nor is what lies elsewhere.
type part struct {
	idle, unknown, known int64 // false or benign, not said, known to be true
	// here is how many of those that are not idle lie at the place and time of the case.
	here int64
}

func (p *part) add(c *alert.CaseCount) {
	switch {
	case c.Class == alert.TruePositive:
		p.known += c.N
	case c.Class.False() || c.Class == alert.BenignPositive:
		p.idle += c.N
	default:
		p.unknown += c.N
	}
}

// elsewhere is how many that could be part of the incident lie elsewhere.
func (p *part) elsewhere() int64 { return max(p.known+p.unknown-p.here, 0) }

// proven reports whether one that is known to be true lies there for sure.
func (p *part) proven() bool { return p.known > 0 && p.here > p.unknown }

// indexIncidents indexes the cases that are true positives, closed or not. A
// revoked technique stands for its successor, as it does for exercises.
func indexIncidents(lib *attack.Library, ev *Evidence, today day.Date) incidentIndex {
	x := incidentIndex{byID: map[string][]evidence.Of[alert.Case]{}, raised: map[string]map[string]*part{}}
	for _, c := range ev.Cases {
		if day.Of(c.Value.Opened) > today || day.Of(c.Value.When()) > today {
			x.later++
			continue
		}
		if c.Value.Class != alert.TruePositive {
			continue
		}
		for _, id := range namedBy(lib, &c.Value) {
			x.byID[id] = append(x.byID[id], c)
		}
	}
	for _, c := range ev.CaseCounts {
		if x.raised[c.Case] == nil {
			x.raised[c.Case] = map[string]*part{}
		}
		if x.raised[c.Case][c.Rule] == nil {
			x.raised[c.Case][c.Rule] = &part{}
		}
		x.raised[c.Case][c.Rule].add(&c)
	}
	for id, rules := range x.raised {
		for _, at := range ev.Around.Seen[ofTied(id)] {
			if p := rules[at.RuleID]; p != nil {
				p.here += at.N
			}
		}
	}
	return x
}

// namedBy lists what a case names, by current ATT&CK ID, each once.
func namedBy(lib *attack.Library, c *alert.Case) []string {
	var ids []string
	for _, id := range slices.Concat(c.Analytics, c.Techniques) {
		for _, r := range readings(lib, caseHolder(c), id) {
			if !slices.Contains(ids, r.id) {
				ids = append(ids, r.id)
			}
		}
	}
	return ids
}

// unknown lists the ids that incidents name and the release does not know.
func (x *incidentIndex) unknown(lib *attack.Library) []string {
	var ids []string
	for id := range x.byID {
		if len(lib.ByATTACKID(id)) == 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, compareIDs)
	return ids
}

// reviews is what the incidents of one analytic come to, and those that it rests on.
type reviews struct {
	Incidents
	// missed is the newest that was missed and detected the newest that was not.
	missed, detected evidence.Of[alert.Case]
	// missedBut says which alerts of claiming rules are part of the missed one all the same.
	missedBut string
	all       []evidence.Of[alert.Case]
}

// reviewsOf returns what the incidents say of s, whose exercises are judged already.
func (a *assessor) reviewsOf(s *subject) reviews {
	x := &a.incidents
	r := reviews{Incidents: Incidents{State: incidentsNone}, all: x.about(s)}
	for _, c := range r.all {
		result := x.result(s, &c.Value)
		// That some alerts are tied to it says nothing of the others.
		if fired := a.untied(s, &c.Value); missedBy(c.Value.FoundBy) && len(fired) > 0 {
			r.Untied = append(r.Untied, UntiedCase{c.Value.ID, c.Value.When(), fired})
			continue
		}
		switch result {
		case failed:
			if r.Missed++; newer(c, r.missed) {
				r.missed = c
			}
		case passed:
			if r.Detected++; newer(c, r.detected) {
				r.detected = c
			}
		default:
			r.Others++
		}
	}
	r.missedBut = x.but(s, r.missed.Value.ID)
	slices.SortFunc(r.Untied, func(a, b UntiedCase) int { return cmp.Or(b.Time.Compare(a.Time), strings.Compare(a.Case, b.Case)) })
	r.decide(s.trials.lastPass)
	return r
}

// untied returns the claiming rules that raised alerts at the place and time of an incident
// which nobody tied to any, nor said to be apart from it.
func (a *assessor) untied(s *subject, c *alert.Case) []Firing {
	var fired []Firing
	for _, at := range a.around.Seen[ofCase(c.ID)] {
		if slices.ContainsFunc(s.counting, func(cl claim.Claim) bool { return cl.RuleID == at.RuleID }) {
			fired = append(fired, a.firing(&at.Near))
		}
	}
	return fired
}

// text says that the incident may have been missed or not.
func (u *UntiedCase) text() string {
	var n int64
	var names []string
	for i := range u.Fired {
		n += u.Fired[i].Alerts
		names = append(names, u.Fired[i].RuleName)
	}
	return figure.Sprintf("At the place and time of incident %s of %s, which no alert led to, claiming rules raised %s that %s tied to no case (%s): whether the incident was missed is not known before a review says what they are.",
		u.Case, day.Of(u.Time), count(n, "alert"), isAre(n), listed(names, 3))
}

// about lists the incidents that name s, or a technique of it on its platform.
func (x *incidentIndex) about(s *subject) []evidence.Of[alert.Case] {
	all := slices.Clone(x.byID[strings.ToUpper(s.Analytic.ATTACKID)])
	for _, t := range s.Techniques {
		for _, c := range x.byID[t.ATTACKID] {
			here := len(c.Value.Platforms) == 0 || slices.ContainsFunc(c.Value.Platforms, func(p string) bool { return onPlatform(s.Platforms, p) })
			if here && !slices.ContainsFunc(all, func(o evidence.Of[alert.Case]) bool { return o.Value.ID == c.Value.ID }) {
				all = append(all, c)
			}
		}
	}
	return all
}

// newer reports whether a is newer than b; of those at the same time the one
// with the greater id is, so that their order does not matter.
func newer(a, b evidence.Of[alert.Case]) bool {
	return cmp.Or(a.Value.When().Compare(b.Value.When()), strings.Compare(a.Value.ID, b.Value.ID)) > 0
}

// result judges what one incident says of s. An incident without an alert of a
// claiming rule at its place and time, or with such alone as are known to be no part of it, was missed only
// if it came to be known in some other way than by an alert: that another rule's alert led to it makes these needless, not blind.
func (x *incidentIndex) result(s *subject, c *alert.Case) int {
	raised, known := false, false
	for _, cl := range s.counting {
		if at := x.raised[c.ID][cl.RuleID]; at != nil {
			raised, known = raised || at.here > 0, known || at.proven()
		}
	}
	switch {
	case len(s.counting) == 0:
		return inconclusive
	case !raised && missedBy(c.FoundBy):
		return failed
	case known && c.FoundBy == alert.FoundByAlert:
		return passed
	}
	return inconclusive
}

// but says which alerts of claiming rules are tied to a missed incident all the same.
func (x *incidentIndex) but(s *subject, id string) string {
	var idle, away int64
	seen := map[string]bool{}
	for _, cl := range s.counting {
		if at := x.raised[id][cl.RuleID]; at != nil && !seen[cl.RuleID] {
			seen[cl.RuleID] = true
			idle, away = idle+at.idle, away+at.elsewhere()
		}
	}
	var parts []string
	if idle > 0 {
		parts = append(parts, "such as are known to be false or benign")
	}
	switch {
	case away == 1:
		parts = append(parts, "1 that was tied to it and lies outside its place and time")
	case away > 1:
		parts = append(parts, figure.Sprintf("%d that were tied to it and lie outside its place and time", away))
	}
	if len(parts) == 0 {
		return ""
	}
	return " but " + strings.Join(parts, ", and ")
}

// missedBy reports whether an incident that was found so was missed by alerts.
func missedBy(d alert.Discovery) bool {
	return d == alert.FoundByHunt || d == alert.FoundByOthers || d == alert.FoundTooLate
}

// decide sets State. A missed incident stands, however old, until an exercise
// passes or an alert leads to an incident after it.
func (r *reviews) decide(lastPass time.Time) {
	last := r.missed
	switch at := r.missed.Value.When(); {
	case len(r.all) == 0:
		return
	case r.Missed > 0 && !lastPass.After(at) && !r.detected.Value.When().After(at):
		r.State = incidentsMissed
	case len(r.Untied) > 0:
		r.State = incidentsUntied
		r.LastCase, r.LastTime = r.Untied[0].Case, r.Untied[0].Time.UTC().Format(time.RFC3339)
		return
	case r.Missed > 0:
		r.State = incidentsAnswered
	case r.Detected > 0:
		r.State, last = incidentsDetected, r.detected
	default:
		r.State, last = incidentsInconclusive, slices.MaxFunc(r.all, func(a, b evidence.Of[alert.Case]) int {
			return cmp.Or(a.Value.When().Compare(b.Value.When()), strings.Compare(a.Value.ID, b.Value.ID))
		})
	}
	r.LastCase, r.LastTime = last.Value.ID, last.Value.When().UTC().Format(time.RFC3339)
}

// whyIncidents states what the incidents say, where there are any.
func (a *assessor) whyIncidents(s *subject) []evidence.Reason {
	v := &s.reviews
	if v.State == incidentsNone {
		return nil
	}
	r := evidence.Reason{Code: "incident_" + v.State, Text: incidentText(s)}
	for _, c := range v.all {
		r.Refs = append(r.Refs, evidence.Batches(c.Batch)...)
	}
	r.Refs = append(r.Refs, a.alerts.batches(raisedIn(&a.incidents, s))...)
	if r.Refs = unique(r.Refs); len(r.Refs) == 0 {
		r.Refs = []evidence.Ref{object(s.Analytic)}
	}
	if s.missedAndContradicted() {
		r.Code = "incident_contradicts"
	}
	return []evidence.Reason{r}
}

// raisedIn lists the claiming rules that raised alerts in the incidents of s.
func raisedIn(x *incidentIndex, s *subject) []string {
	var rules []string
	for _, c := range s.reviews.all {
		for _, cl := range s.counting {
			if _, ok := x.raised[c.Value.ID][cl.RuleID]; ok && !slices.Contains(rules, cl.RuleID) {
				rules = append(rules, cl.RuleID)
			}
		}
	}
	slices.Sort(rules)
	return rules
}

func incidentText(s *subject) string {
	v := &s.reviews
	missed := fmt.Sprintf("Incident %s of %s %s, and none of the claiming rules raised an alert in it%s.", v.missed.Value.ID, dayOf(&v.missed.Value), foundWords(v.missed.Value.FoundBy), v.missedBut)
	switch v.State {
	case incidentsUntied:
		return v.Untied[0].text()
	case incidentsMissed:
		switch {
		case s.trials.Passed > 0:
			return missed + " An exercise had passed before."
		case s.measuredWell():
			return missed + " The alerts had said that it works."
		}
		return missed
	case incidentsAnswered:
		since := "an exercise has passed"
		if v.detected.Value.When().After(v.missed.Value.When()) {
			since = fmt.Sprintf("an alert of a claiming rule has led to incident %s", v.detected.Value.ID)
		}
		return missed + fmt.Sprintf(" Since then %s.", since)
	case incidentsDetected:
		return fmt.Sprintf("An alert of a claiming rule led to incident %s of %s; that alone proves nothing.", v.detected.Value.ID, dayOf(&v.detected.Value))
	}
	return fmt.Sprintf("%s it, and none says whether the claiming rules work.", involving(len(v.all)))
}

func dayOf(c *alert.Case) string { return string(day.Of(c.When())) }

func involving(n int) string {
	if n == 1 {
		return "1 reviewed incident involved"
	}
	return fmt.Sprintf("%d reviewed incidents involved", n)
}

func foundWords(d alert.Discovery) string {
	switch d {
	case alert.FoundByAlert:
		return "came to be known by an alert"
	case alert.FoundByHunt:
		return "was found by a hunt"
	case alert.FoundByOthers:
		return "was found by others"
	case alert.FoundTooLate:
		return "was found too late"
	}
	return "came to be known in a way that is not said"
}

// missedAndContradicted reports whether an incident was missed after something
// else had said that it works.
func (s *subject) missedAndContradicted() bool {
	return s.Incidents.State == incidentsMissed && (s.trials.Passed > 0 || s.measuredWell())
}

// Apart returns the cases with the alerts of which a review said that they are no part of
// them.
func Apart(cases []evidence.Of[alert.Case], ties []evidence.Of[Tie]) []evidence.Of[alert.Case] {
	of := map[string][]alert.Identity{}
	for i := range ties {
		if t := &ties[i].Value; !t.Part {
			of[t.Case] = append(of[t.Case], t.Alert())
		}
	}
	for i := range cases {
		c := &cases[i].Value
		c.Apart = of[c.ID]
		slices.SortFunc(c.Apart, alert.Identity.Compare)
	}
	return cases
}
