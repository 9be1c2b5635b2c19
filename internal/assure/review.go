package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/figure"
	"candor/internal/measure"
	"candor/internal/visibility"
)

// Role is what an analytic did in an incident.
type Role string

// The roles, in the order in which they are listed.
const (
	GaveEvidence Role = "contributed_evidence" // an alert of a claiming rule is known to be true
	GaveNoise    Role = "contributed_only_noise"
	GaveUnknown  Role = "contributed_unlabelled" // alerts that nobody has labelled yet
	LeftUntied   Role = "untied"                 // alerts at its place and time that nobody tied to it
	StayedSilent Role = "stayed_silent"          // visible and claimed, and no alert
	NoRule       Role = "no_rule"                // visible, and no rule claims it
	CouldNotSee  Role = "could_not_have_seen"
)

// Roles lists every role in order.
func Roles() []Role {
	return []Role{GaveEvidence, GaveNoise, GaveUnknown, LeftUntied, StayedSilent, NoRule, CouldNotSee}
}

// Words says the role for people.
func (r Role) Words() string {
	switch r {
	case GaveEvidence:
		return "Contributed evidence"
	case GaveNoise:
		return "Contributed only noise"
	case GaveUnknown:
		return "Raised alerts that nobody has labelled"
	case LeftUntied:
		return "Raised alerts that are tied to no case"
	case StayedSilent:
		return "Stayed silent"
	case NoRule:
		return "No rule"
	}
	return "Could not have seen it"
}

// Review says of each analytic that an incident involved what it did there.
type Review struct {
	Case    alert.Case     `json:"case"`
	Release attack.Release `json:"release"`
	// ReleaseWhy says in words why it is that one.
	ReleaseWhy string `json:"release_why"`
	// AsOf is the day as of which visibility was judged, that of the incident.
	AsOf   day.Date  `json:"as_of"`
	Policy PolicyRef `json:"policy"`
	// Alerts are those of the case, by rule, whether or not the rule is involved.
	Alerts   []Share       `json:"alerts"`
	Involved []Involvement `json:"involved"`
	Roles    []RoleCount   `json:"roles"`
	// Untied are the first alerts at the place and time of a missed incident that are tied to
	// no case, of rules that claim what it involved; Ties are what was said of such alerts.
	Untied []UntiedAlert `json:"untied"`
	Ties   []Tie         `json:"ties"`
	// UntiedAlerts is how many there are of Untied, listed or not.
	UntiedAlerts int64 `json:"untied_alerts"`
	// Outside is how many alerts that are tied to the case, and are not known to be false or
	// benign, lie outside its place and time: they say nothing of what it involved.
	Outside int64 `json:"outside"`
	// Unknown are the ids that the case names and of which the release has no live
	// analytic.
	Unknown []string `json:"unknown"`
	// Refs are the batches that brought the case and its alerts.
	Refs   []evidence.Ref `json:"evidence"`
	Limits []string       `json:"limits"`
}

// UntiedAlert is an alert that may be part of an incident, and is tied to no case.
type UntiedAlert struct {
	ID       string    `json:"id"`
	Source   string    `json:"source,omitempty"` // see alert.Identity
	RuleID   string    `json:"rule_id"`
	RuleName string    `json:"rule_name,omitempty"`
	Time     time.Time `json:"time"`
	Site     string    `json:"site,omitempty"`
	Entity   string    `json:"entity,omitempty"`
	// Others are what it is about besides, by any of which it may have been found.
	Others []alert.Entity `json:"other_entities,omitempty"`
}

// Names are the names of what the alert is about; see alert.Alert.Names.
func (u UntiedAlert) Names(most int) string {
	return (&alert.Alert{Entity: u.Entity, Others: u.Others}).Names(most)
}

// RoleCount is how many analytics had a role.
type RoleCount struct {
	Role  Role `json:"role"`
	Count int  `json:"count"`
}

// Share is a rule's part in the alerts of a case.
type Share struct {
	RuleID     string `json:"rule_id"`
	RuleName   string `json:"rule_name,omitempty"`
	Alerts     int64  `json:"alerts"`
	True       int64  `json:"true_positive"`
	Other      int64  `json:"false_or_benign"`
	Unlabelled int64  `json:"unlabelled"`
}

// Involvement is what one analytic did in an incident, and why that is said.
type Involvement struct {
	Analytic   Name             `json:"analytic"`
	Techniques []Name           `json:"techniques"`
	Platforms  []string         `json:"platforms"`
	Role       Role             `json:"role"`
	Visibility visibility.State `json:"visibility"`
	// Rules are the claiming rules that raised alerts in the case, Untied how many alerts
	// of claiming rules lie at its place and time and are tied to none, Outside how many are
	// tied to it and lie elsewhere, and Claiming is how many rules claim it in a way that
	// counts.
	Rules    []Share         `json:"rules"`
	Untied   int64           `json:"untied_alerts"`
	Outside  int64           `json:"outside"`
	Claiming int             `json:"claiming_rules"`
	Reason   evidence.Reason `json:"reason"`
}

// Reviewed is what a review is made from.
type Reviewed struct {
	Case evidence.Of[alert.Case]
	// Then is the assessment as of the day of the incident.
	Then Assessment
	// Counts are those of the alerts of cases, and AlertRules the rules that alerts name.
	Counts     []alert.CaseCount
	AlertRules []AlertRule
	// Untied and Ties are Review's.
	Untied []UntiedAlert
	Ties   []Tie
	// Beside is how many untied alerts there are of each rule, listed or not, and Here how
	// many of those that are tied to the case lie at its place and time, but for false and
	// benign ones.
	Beside, Here map[string]int64
}

// ReviewOf reviews an incident. Involved are the analytics that the case names, and
// those of the techniques that it names, on its platforms; a revoked technique
// stands for its successor.
func ReviewOf(lib *attack.Library, in Reviewed) Review {
	c := &in.Case.Value
	r := Review{Case: *c, Release: in.Then.Release, AsOf: day.Of(c.When()), Policy: in.Then.Policy, Alerts: sharesOf(&in),
		Involved: []Involvement{}, Untied: orEmpty(in.Untied), Ties: orEmpty(in.Ties), Unknown: []string{}, Limits: reviewLimits(&in)}
	for _, n := range in.Beside {
		r.UntiedAlerts += n
	}
	for i := range r.Alerts {
		r.Outside += r.Alerts[i].outside(in.Here)
	}
	if r.Outside > 0 {
		r.Limits = append(r.Limits, figure.Sprintf("Alerts that are tied to the case and lie outside its place and time: %d. They say nothing of what it involved. Where they are part of it, the case has to say so: its times, site and entities are those that it was added with.", r.Outside))
	}
	r.Refs = append(evidence.Batches(in.Case.Batch), alertBatches(&in, r.Alerts)...)
	for _, id := range namedBy(lib, c) {
		known := false
		for i := range in.Then.Verdicts {
			v := &in.Then.Verdicts[i]
			if !involves(v, id, c.Platforms) {
				continue
			}
			known = true
			if !slices.ContainsFunc(r.Involved, func(x Involvement) bool { return x.Analytic == v.Analytic }) {
				r.Involved = append(r.Involved, involvement(v, r.Alerts, &in))
			}
		}
		if !known {
			r.Unknown = append(r.Unknown, id)
		}
	}
	slices.SortFunc(r.Involved, func(a, b Involvement) int {
		return cmp.Or(slices.Index(Roles(), a.Role)-slices.Index(Roles(), b.Role), compareNames(a.Analytic, b.Analytic))
	})
	r.Roles = roleCounts(r.Involved)
	return r
}

// involves reports whether a verdict is on an analytic that id names, or on one of
// the technique that id names, on one of the platforms.
func involves(v *Verdict, id string, platforms []string) bool {
	if strings.EqualFold(v.Analytic.ATTACKID, id) {
		return true
	}
	here := len(platforms) == 0 || slices.ContainsFunc(platforms, func(p string) bool { return onPlatform(v.Platforms, p) })
	return here && slices.ContainsFunc(v.Techniques, func(n Name) bool { return strings.EqualFold(n.ATTACKID, id) })
}

// sharesOf sums the alerts of the case by rule, the most first.
func sharesOf(in *Reviewed) []Share {
	by := map[string]*Share{}
	for _, c := range in.Counts {
		if c.Case != in.Case.Value.ID {
			continue
		}
		s := by[c.Rule]
		if s == nil {
			s = &Share{RuleID: c.Rule}
			by[c.Rule] = s
		}
		s.add(&c)
	}
	shares := make([]Share, 0, len(by))
	for _, s := range by {
		if i := slices.IndexFunc(in.AlertRules, func(r AlertRule) bool { return r.ID == s.RuleID }); i >= 0 {
			s.RuleName = in.AlertRules[i].Name
		}
		shares = append(shares, *s)
	}
	slices.SortFunc(shares, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Alerts, a.Alerts), strings.Compare(a.RuleID, b.RuleID))
	})
	return shares
}

// outside is how many alerts of the case lie elsewhere, of those that are not false or benign.
func (s *Share) outside(here map[string]int64) int64 {
	return max(s.Alerts-s.Other-here[s.RuleID], 0)
}

func (s *Share) add(t *alert.CaseCount) {
	s.Alerts += t.N
	switch {
	case t.Class == alert.TruePositive:
		s.True += t.N
	case t.Class == alert.BenignPositive || t.Class.False():
		s.Other += t.N
	case t.Class == alert.Unlabelled:
		s.Unlabelled += t.N
	}
}

func alertBatches(in *Reviewed, shares []Share) []evidence.Ref {
	var ids []string
	for _, r := range in.AlertRules {
		if slices.ContainsFunc(shares, func(s Share) bool { return s.RuleID == r.ID }) {
			ids = append(ids, r.Batches...)
		}
	}
	slices.Sort(ids)
	return evidence.Batches(ids...)
}

// involvement says what the analytic of a verdict did. That a rule of it raised an
// alert, there or in the case, counts before what is known of its telemetry.
func involvement(v *Verdict, shares []Share, in *Reviewed) Involvement {
	x := Involvement{Analytic: v.Analytic, Techniques: v.Techniques, Platforms: v.Platforms, Visibility: v.Visibility.State, Rules: []Share{}}
	var claims []string
	for _, c := range v.Claims {
		if c.Enabled && c.Counts && !slices.Contains(claims, c.RuleID) {
			claims = append(claims, c.RuleID)
		}
	}
	x.Claiming = len(claims)
	for _, id := range claims {
		x.Untied += in.Beside[id]
	}
	var sum Share
	for _, s := range shares {
		if slices.Contains(claims, s.RuleID) {
			x.Rules = append(x.Rules, s)
			away := s.outside(in.Here)
			x.Outside += away
			// Those that are known to be true are taken to be elsewhere first.
			sum.Alerts, sum.True, sum.Other = sum.Alerts+s.Alerts-away, sum.True+max(s.True-away, 0), sum.Other+s.Other
		}
	}
	x.Role = x.roleOf(&sum)
	x.Reason = evidence.Reason{Code: string(x.Role), Text: x.text(&sum), Refs: x.refs(v, in.Case.Batch)}
	if x.Outside > 0 {
		x.Reason.Text += figure.Sprintf(" Not counted are alerts of these rules that were tied to the case and lie outside its place and time: %d.", x.Outside)
	}
	if !x.Visibility.Seen() && x.Visibility != visibility.Partial && x.Role != CouldNotSee {
		x.Reason.Text += fmt.Sprintf(" What is recorded of its telemetry says something else (%s): there were alerts.", plainWords(string(x.Visibility)))
		x.Reason.Refs = unique(append(x.Reason.Refs, needRefs(v.Visibility.Needs)...))
	}
	return x
}

func (x *Involvement) roleOf(sum *Share) Role {
	switch {
	case sum.True > 0:
		return GaveEvidence
	case sum.Other > 0 && sum.Other == sum.Alerts:
		return GaveNoise
	case sum.Alerts > 0:
		return GaveUnknown
	case x.Untied > 0:
		return LeftUntied
	case !x.Visibility.Seen():
		return CouldNotSee
	case x.Claiming == 0:
		return NoRule
	}
	return StayedSilent
}

// text says the role in a sentence.
func (x *Involvement) text(sum *Share) string {
	state := plainWords(string(x.Visibility))
	switch x.Role {
	case GaveEvidence:
		return figure.Sprintf("%d of %s of its claiming rules in the case %s known to be true.", sum.True, count(sum.Alerts, "alert"), isAre(sum.True))
	case GaveNoise:
		return figure.Sprintf("Its claiming rules raised %s in the case, and all are known to be false or benign.", count(sum.Alerts, "alert"))
	case GaveUnknown:
		return figure.Sprintf("Its claiming rules raised %s in the case, of which %d are labelled and none is known to be true.", count(sum.Alerts, "alert"), sum.Other)
	case LeftUntied:
		return figure.Sprintf("Its claiming rules raised %s at the place and time of the case that %s tied to none: whether it was missed is not known before the review says what they are.", count(x.Untied, "alert"), isAre(x.Untied))
	case CouldNotSee:
		return fmt.Sprintf("On the day of the incident its visibility was: %s.", state)
	case NoRule:
		return fmt.Sprintf("It could be seen (%s) and no enabled rule claims it in a way that counts.", state)
	}
	return fmt.Sprintf("It could be seen (%s), %s it, and none raised an alert in the case.", state, claiming(x.Claiming))
}

func isAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// refs leads to the case, and to what the role rests on besides.
func (x *Involvement) refs(v *Verdict, batch string) []evidence.Ref {
	refs := evidence.Batches(batch)
	if x.Role == CouldNotSee || x.Role == StayedSilent || x.Role == NoRule {
		refs = append(refs, needRefs(v.Visibility.Needs)...)
	}
	if x.Claiming > 0 {
		refs = append(refs, claimRefs(v.Claims)...)
	}
	return unique(append(refs, object(v.Analytic)))
}

func roleCounts(involved []Involvement) []RoleCount {
	counts := make([]RoleCount, 0, len(Roles()))
	for _, r := range Roles() {
		n := 0
		for i := range involved {
			if involved[i].Role == r {
				n++
			}
		}
		counts = append(counts, RoleCount{r, n})
	}
	return counts
}

// openedAgain counts the alerts of the case that were opened after it was closed.
func openedAgain(in *Reviewed) (n int64) {
	for _, c := range in.Counts {
		if c.Case == in.Case.Value.ID && c.Reopened {
			n += c.N
		}
	}
	return n
}

func reviewLimits(in *Reviewed) []string {
	c := &in.Case.Value
	l := []string{
		"Visibility is judged as of the day of the incident; which rules were running then is not known, and those that are enabled now are looked at.",
		"Alerts that nobody tied to the case say nothing here; those at its place and time by rules that claim what it involved are listed, and bound verdicts, where it was missed.",
		"An analytic of a named technique need not have been what the adversary's variant of it would have shown.",
	}
	if len(c.Platforms) == 0 {
		l = append(l, "The case does not say on which platforms it took place: all are looked at.")
	}
	if c.Closed.IsZero() {
		l = append(l, "The case is not closed: its alerts inherit no class from it.")
	}
	if n := openedAgain(in); n > 0 {
		l = append(l, fmt.Sprintf("%s open again since the case was closed; no class is inherited from it.", were(int(n), "alert")))
	}
	if len(c.Alerts) > 0 {
		l = append(l, fmt.Sprintf("The case lists %s by id; those that are not known here are not counted.", count(int64(len(c.Alerts)), "alert")))
	}
	return l
}

// CaseSummary is a case in short.
type CaseSummary struct {
	ID         string          `json:"id"`
	Title      string          `json:"title,omitempty"`
	Occurred   time.Time       `json:"occurred"`
	Closed     bool            `json:"closed"`
	Class      alert.Class     `json:"class"`
	FoundBy    alert.Discovery `json:"found_by,omitempty"`
	Techniques []string        `json:"techniques"`
	Analytics  []string        `json:"analytics"`
	Alerts     int64           `json:"alerts"`
	Batch      string          `json:"batch"`
}

// Reviews lists cases, and how incidents became known.
type Reviews struct {
	AsOf   time.Time          `json:"as_of"`
	Policy PolicyRef          `json:"policy"`
	Cases  []CaseSummary      `json:"cases"` // the latest first
	Known  measure.CaseRecall `json:"known_by"`
}

// Summaries returns the cases in short, the latest first, with how many alerts
// name each.
func Summaries(cases []evidence.Of[alert.Case], counts []alert.CaseCount) []CaseSummary {
	alerts := map[string]int64{}
	for _, c := range counts {
		alerts[c.Case] += c.N
	}
	list := make([]CaseSummary, 0, len(cases))
	for _, c := range cases {
		v := &c.Value
		list = append(list, CaseSummary{ID: v.ID, Title: v.Title, Occurred: v.When(), Closed: !v.Closed.IsZero(), Class: v.Class, FoundBy: v.FoundBy,
			Techniques: orEmpty(v.Techniques), Analytics: orEmpty(v.Analytics), Alerts: alerts[v.ID], Batch: c.Batch})
	}
	slices.SortFunc(list, func(a, b CaseSummary) int { return cmp.Or(b.Occurred.Compare(a.Occurred), strings.Compare(a.ID, b.ID)) })
	return list
}
