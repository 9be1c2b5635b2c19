package web

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/measure"
	"candor/internal/measure/tune"
	"candor/internal/roster"
)

// Explorer lists the alerts of a rule, and says what thresholds and exclusions would have
// made of them.
type Explorer interface {
	Explore(ctx context.Context, r assessment.Request, rule string, what tune.Supposed) (assessment.Explored, error)
	RuleAlerts(ctx context.Context, r assessment.Request, rule string, upTo day.Date) (roster.List, day.Date, error)
}

// The measures of the drawing of days, in pixels; along the days it is as wide as there is
// room, in percent.
const (
	daysHeight = 150
	daysTop    = 18.0
	daysBottom = 122.0
	daysLeft   = 0.07
	daysRight  = 0.99
)

// Drawn draws how many alerts the rule raised on each day of the window. A dashed line
// marks a day on which it came to look for something else.
func (v ruleView) Drawn() template.HTML {
	if len(v.M.Days) == 0 {
		return ""
	}
	from, to, most, all := v.M.Window.From, v.M.Window.To, int64(0), int64(0)
	for _, d := range v.M.Days {
		most, all = max(most, d.Alerts), all+d.Alerts
	}
	width := (daysRight - daysLeft) / float64(from.Until(to)+1)
	x := func(d day.Date) float64 { return daysLeft + width*float64(from.Until(d)) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="days" role="img" aria-label="%s" height="%d" width="100%%">`, template.HTMLEscapeString(figure.Sprintf(
		"From %s to %s: %d alerts on %d days, at most %d on one", string(from), string(to), all, len(v.M.Days), most)), daysHeight)
	for _, n := range []int64{0, most} {
		y := daysBottom - (daysBottom-daysTop)*float64(n)/float64(most)
		fmt.Fprintf(&b, `<line class="track" x1="%s" x2="%s" y1="%.1f" y2="%.1f"/><text x="%s" y="%.1f" text-anchor="end">%s</text>`,
			along(daysLeft), along(daysRight), y, y, along(daysLeft-0.008), y+4, figure.Count(n))
	}
	for _, d := range v.M.Days {
		h := max(2, (daysBottom-daysTop)*float64(d.Alerts)/float64(most)) // one of many is seen
		fmt.Fprintf(&b, `<g><title>%s: %s</title><rect x="%s" y="%.1f" width="%s" height="%.1f"/></g>`,
			d.Day, figure.Of(d.Alerts, "alert", "alerts"), along(x(d.Day)), daysBottom-h, along(max(width*0.85, 0.0015)), h)
	}
	for _, c := range v.M.Changes {
		if c.On >= from {
			fmt.Fprintf(&b, `<g><title>%s: changed</title><line class="limit" x1="%s" x2="%[2]s" y1="%.1f" y2="%.1f"/></g>`, c.On, along(x(c.On)), daysTop, daysBottom)
		}
	}
	fmt.Fprintf(&b, `<text x="%s" y="%d">%s</text><text x="%s" y="%d" text-anchor="end">%s</text></svg>`,
		along(daysLeft), daysHeight-8, from, along(daysRight), daysHeight-8, to)
	return template.HTML(b.String())
}

// waitView says how long alerts wait for something.
type waitView struct {
	For string
	measure.Waiting
}

// Waits are how long the rule's alerts wait.
func (v ruleView) Waits() []waitView {
	if v.M.Times == nil {
		return nil
	}
	return []waitView{{"to be acknowledged", v.M.Times.Acknowledge}, {"to be closed", v.M.Times.Close}}
}

// Minutes writes a time with its interval.
func (waitView) Minutes(q measure.Quantile) string {
	if q.Value == nil {
		return "not reached"
	}
	seconds := *q.Value * 60
	text := assure.Lasting(&seconds)
	if q.Low != nil && q.High != nil {
		low, high := *q.Low*60, *q.High*60
		text += " (" + assure.Lasting(&low) + " to " + assure.Lasting(&high) + ")"
	}
	return text
}

// Explorer and Listed are the addresses of what thresholds would do, and of the alerts.
func (v ruleView) Explorer() string { return v.Sel.Rule(v.M.RuleID, "tune") }

// Listed is the address of the rule's alerts.
func (v ruleView) Listed() string { return v.Sel.Rule(v.M.RuleID, "alerts") }

// exploreView is what thresholds and exclusions would have made of a rule's alerts.
type exploreView struct {
	frame
	E    assessment.Explored
	Back []link
	Text string // of the threshold that is supposed
}

func (s *site) explore(r *http.Request) (view, error) {
	fr, req, err := s.asking(r, "measurements", "Thresholds")
	if err != nil {
		return view{}, err
	}
	q := r.URL.Query()
	v := exploreView{Text: strings.TrimSpace(q.Get("threshold"))}
	what := tune.Supposed{Field: strings.TrimSpace(q.Get("field")), Value: q.Get("value")}
	if field, value, ok := strings.Cut(q.Get("exclude"), "="); ok && what.Field == "" {
		what.Field, what.Value = strings.TrimSpace(field), value
	}
	if v.Text != "" {
		at, err := strconv.ParseFloat(v.Text, 64)
		if err != nil {
			return view{}, fault.New(fault.Usage, "%q is no score", v.Text).At("threshold").Next("write a number, with a point before its decimals")
		}
		what.Below = &at
	}
	if v.E, err = s.Explorer.Explore(r.Context(), req, r.PathValue("id"), what); err != nil {
		return view{}, err
	}
	fr.Title = "Thresholds and exclusions of " + v.E.RuleID
	v.frame, v.Back = fr, ruleWay(fr.Sel, v.E.RuleID)
	return view{name: "explore", data: v}, nil
}

// ruleWay is the way to the pages of a rule.
func ruleWay(sel selection, id string) []link {
	return []link{{Text: "Measurements", URL: sel.List("measurements")}, {Text: "Rule " + id, URL: sel.Rule(id)}}
}

// outcomeView is what is left of a part of a rule's alerts.
type outcomeView struct {
	Name string
	tune.Part
	Now, Then *tune.Outcome
}

// Parts are both parts, as they are and as they would be.
func (v exploreView) Parts() []outcomeView {
	list := []outcomeView{{"Older, to choose on", v.E.Older, &v.E.Now.Older, nil}, {"Newer, to judge by", v.E.Newer, &v.E.Now.Newer, nil}}
	if v.E.Then != nil {
		list[0].Then, list[1].Then = &v.E.Then.Older, &v.E.Then.Newer
	}
	if v.E.Newer.Days == 0 {
		list = list[:1]
	}
	return list
}

// mostTried is how many thresholds, values and exclusions the page lists.
const mostTried = 25

// Thresholds are some of those that were tried, evenly.
func (v exploreView) Thresholds() []tune.Threshold {
	all := v.E.Thresholds
	if len(all) <= mostTried {
		return all
	}
	some := make([]tune.Threshold, mostTried)
	for i := range some {
		some[i] = all[i*(len(all)-1)/(mostTried-1)]
	}
	return some
}

// Exclusions are those that remove most, and Values those that tell most.
func (v exploreView) Exclusions() []tune.Exclusion {
	return v.E.Exclusions[:min(len(v.E.Exclusions), mostTried)]
}

// Values are those that tell hits from misses best.
func (v exploreView) Values() []tune.Value { return v.E.Values[:min(len(v.E.Values), mostTried)] }

// Try is the address of a threshold, and Exclude of an exclusion, that is supposed.
func (v exploreView) Try(at float64) string {
	return v.Sel.Link(v.path(), "threshold", strconv.FormatFloat(at, 'g', -1, 64))
}

// Exclude is the address of an exclusion that is supposed.
func (v exploreView) Exclude(field, value string) string {
	return v.Sel.Link(v.path(), "field", field, "value", value)
}

func (v exploreView) path() string {
	return "/measurements/rules/" + url.PathEscape(v.E.RuleID) + "/tune"
}

// ruleAlerts returns the alerts of the rule that a request asks for.
func (s *site) ruleAlerts(r *http.Request) (rosterView, error) {
	fr, req, err := s.asking(r, "measurements", "Alerts")
	if err != nil {
		return rosterView{}, err
	}
	upTo := strings.TrimSpace(r.URL.Query().Get("up_to"))
	if upTo != "" {
		if _, err := day.Parse(upTo); err != nil {
			return rosterView{}, fault.New(fault.Usage, "%q is no day", upTo).At("up_to").Next("write it as 2006-01-02")
		}
	}
	id := r.PathValue("id")
	l, earlier, err := s.Explorer.RuleAlerts(r.Context(), req, id, day.Date(upTo))
	if err != nil {
		return rosterView{}, err
	}
	v, err := newRoster(r, fr, l)
	v.Back = ruleWay(fr.Sel, id)
	if upTo != "" {
		v.hidden = append(v.hidden, field{"up_to", upTo})
	}
	if earlier != "" {
		v.Stretches = []choice{{Name: "newest", URL: fr.Sel.Rule(id, "alerts"), Chosen: upTo == ""},
			{Name: "up to " + string(earlier), URL: fr.Sel.Link("/measurements/rules/"+url.PathEscape(id)+"/alerts", "up_to", string(earlier))}}
	}
	return v, err
}

func (s *site) ruleAlertsPage(r *http.Request) (view, error) {
	v, err := s.ruleAlerts(r)
	if err != nil {
		return view{}, err
	}
	v.Rows, v.Paging, err = onPage(r, v.L.Rows)
	return view{name: "roster", data: v}, err
}
