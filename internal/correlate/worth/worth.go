// Package worth says what chains are worth: how many there are beside how many would line
// up by chance, how often they are right beside the same alerts unchained, and what would
// be lost by whoever looked at chains alone.
//
// It refuses to read malice into a null that is rejected: what is not an incident lines up
// as well, so that the same is computed of the time outside incidents, and shown beside it.
// Its functions are pure, and what is random in them follows from a seed. The definitions
// are those of doc/correlate.md.
package worth

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"candor/internal/alert"
	"candor/internal/correlate"
	"candor/internal/crew"
	"candor/internal/figure"
	"candor/internal/measure"
)

// Label is what an observation was found to be.
type Label int8

// The labels. LeftOut is a test or a duplicate, which judges nothing.
const (
	Unlabelled Label = iota
	Hit
	Miss
	LeftOut
)

// Seen is an observation with its label.
type Seen struct {
	correlate.Observation
	Label Label
	// Incident says that it fell into the time of an incident at its site, whether it was
	// part of it or not.
	Incident bool
}

// Unit is how chains are counted.
type Unit string

// The units.
const (
	// Sliding counts findings of the engine.
	Sliding Unit = "sliding"
	// Epoch counts windows of fixed edges, site by site and entity by entity: those in
	// which enough different stages were seen. It is for comparison with tables that were
	// made so; what a fixed edge cuts in two it does not see.
	Epoch Unit = "epoch"
)

// Policy is what worth is judged by.
type Policy struct {
	// Repeats is how many times the null is drawn, and Seed what it is drawn from.
	Repeats int
	Seed    string
	// Confidence is that of intervals, and MinutesPerAlert what handling one takes.
	Confidence, MinutesPerAlert float64
	// MinPrecision is what the lower limit of the precision has to reach for credit, MinSites
	// over how many sites, and MostLost the largest share of true positives that may be lost.
	MinPrecision float64
	MinSites     int
	MostLost     float64
}

// DefaultRepeats is how many times the null is drawn unless something else is said.
const DefaultRepeats = 200

// Share is a proportion with what it is of. Interval is clustered by site; both are nil
// where Of is 0.
type Share struct {
	Hits     int64             `json:"hits"`
	Of       int64             `json:"of"`
	Share    *float64          `json:"share"`
	Interval *measure.Interval `json:"interval_by_site"`
}

// Chance is how many chains there are beside how many line up by chance.
type Chance struct {
	Observed int64 `json:"observed"`
	// Expected is the mean over the repeats, Ratio Observed by Expected and P the share of
	// repeats with as many, 1/(repeats+1) at least; all nil without a null, and then Why says
	// why there is none.
	Expected *float64 `json:"expected"`
	Ratio    *float64 `json:"observed_by_expected"`
	P        *float64 `json:"p"`
	Why      string   `json:"no_null_because,omitempty"`
	// Powerless says that the window is a tenth of the span or more, so that the null says
	// nothing whatever comes out.
	Powerless bool `json:"no_power"`
}

// Site is the chains of one site, each figure as in Worth.
type Site struct {
	Site      string  `json:"site"`
	Chance    Chance  `json:"chance"`
	Control   *Chance `json:"outside_incidents"`
	Precision Share   `json:"precision"`
	Recall    Share   `json:"recall"`
	Chained   Share   `json:"chained_alerts"`
	Unchained Share   `json:"unchained_alerts"`
	Reached   Share   `json:"true_positives_chained"`
	Work
}

// Work is what people would look at in a day of the span, the days with nothing included.
type Work struct {
	// AlertsPerDay and ChainsPerDay are what people would look at, and MinutesSaved a day
	// what the difference comes to.
	AlertsPerDay float64 `json:"alerts_per_day"`
	ChainsPerDay float64 `json:"chains_per_day"`
	MinutesSaved float64 `json:"minutes_saved_per_day"`
}

func workOf(alerts, chains int64, span circle, p *Policy) (w Work) {
	if days := float64(span.length) / float64(dayLong); days > 0 {
		w.AlertsPerDay, w.ChainsPerDay = float64(alerts)/days, float64(chains)/days
		w.MinutesSaved = (w.AlertsPerDay - w.ChainsPerDay) * p.MinutesPerAlert
	}
	return w
}

// Lost is how many of all true positives are in no chain: what whoever is paged for chains
// alone would not be paged for. Ok is false where there are none.
func Lost(reached *Share) (lost float64, ok bool) {
	if reached.Share == nil {
		return 1, false
	}
	return 1 - *reached.Share, true
}

// Worth is what the chains of a definition are worth.
type Worth struct {
	Definition string `json:"definition"`
	Title      string `json:"title"`
	Unit       Unit   `json:"unit"`
	Window     string `json:"window"`
	Chains     int64  `json:"chains"`
	Chance     Chance `json:"chance"`
	// Control is the chance of the observations outside incidents; nil where there was no
	// incident.
	Control *Chance `json:"outside_incidents"`
	// Shift says how the null is made.
	Shift string `json:"null_shift,omitempty"`
	// Precision is chains with a true positive of those that are labelled, and Recall
	// units with a true positive in which one is chained of those with any: of the unit
	// epoch windows, of sliding ones days of an entity.
	Precision Share `json:"precision"`
	Recall    Share `json:"recall"`
	// Chained and Unchained are the precision of the alerts in chains, and of all alerts
	// that fit the definition; Reached is how many of all true positives, whether they fit
	// it or not, are in chains.
	Chained   Share `json:"chained_alerts"`
	Unchained Share `json:"unchained_alerts"`
	Reached   Share `json:"true_positives_chained"`
	Work
	Sites []Site `json:"sites"`
	// Credit says whether the chains may compensate for what cannot be seen, and Because why.
	Credit  bool   `json:"earns_credit"`
	Because string `json:"because"`
}

// Of returns what each definition of a plan is worth on observations, which must be in the
// order of time. Findings are those of the engine, which the unit epoch does not need.
func Of(p *correlate.Plan, list []Seen, findings []correlate.Finding, unit Unit, policy Policy) []Worth {
	x, defs := newIndex(p, list), p.Definitions()
	out := make([]Worth, len(defs))
	var next atomic.Int64
	var both crew.Workers
	for range min(atOnce, len(defs)) {
		both.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(defs); i = int(next.Add(1)) - 1 {
				s := newSample(x, i, unit)
				if unit == Epoch {
					s.epochs()
				} else {
					s.runs(findings)
				}
				out[i] = s.worth(&defs[i], unit, &policy)
			}
		})
	}
	both.Wait()
	return out
}

// atOnce is how many definitions are judged at once: each holds what it saw of all
// observations.
const atOnce = 2

// index is observations made ready for many definitions.
type index struct {
	plan  *correlate.Plan
	list  []Seen
	spans spans
	// of says for each observation which of the spots it is at, and spots has the first
	// observation of each.
	of    []int32
	spots []*Seen
	hits  map[string]int64 // by site
}

// spot is what observations have in common that fit the same stages, and are of one group
// where definitions group by place alone.
type spot struct {
	of           *correlate.Sort
	site, entity string
}

func newIndex(p *correlate.Plan, list []Seen) *index {
	x := &index{plan: p, list: list, spans: spanOf(list), of: make([]int32, len(list)), hits: map[string]int64{}}
	known := map[spot]int32{}
	for i := range list {
		o := &list[i]
		at := spot{o.Sort, o.Site, o.Entity}
		n, have := known[at]
		if !have {
			n = int32(len(x.spots))
			known[at], x.spots = n, append(x.spots, o)
		}
		x.of[i] = n
		if o.Label == Hit {
			x.hits[o.Site]++
		}
	}
	return x
}

// span is from the first day to the last of each site, and of all, in seconds.
type spans struct {
	all   circle
	sites map[string]circle
}

// circle is time from its first day on, in nanoseconds.
type circle struct{ from, length int64 }

const dayLong = int64(24 * time.Hour)

func (c *circle) hold(t int64) {
	first := t - t%dayLong
	if c.length == 0 {
		c.from, c.length = first, dayLong
	}
	end := max(c.from+c.length, first+dayLong)
	c.from = min(c.from, first)
	c.length = end - c.from
}

func spanOf(list []Seen) spans {
	s := spans{sites: map[string]circle{}}
	for i := range list {
		t := list[i].Time.UnixNano()
		s.all.hold(t)
		c := s.sites[list[i].Site]
		c.hold(t)
		s.sites[list[i].Site] = c
	}
	return s
}

// tally is the chains of a site, and those that are labelled.
type tally struct{ chains, labelled, hits int64 }

// count is alerts: hits of all that judge.
type count struct{ hits, of int64 }

// sample is what one definition is judged by.
type sample struct {
	*index
	def    int
	unit   Unit
	d      correlate.Definition
	groups map[string]*track
	fits   []fitting // by spot
	plain  bool      // what fits is of the group of its spot
	// overlap says that observations fit two of the stages, and incident that some fell into
	// an incident.
	overlap, incident bool
	// what is judged, by site
	chains                              map[string]tally
	chained, unchained, reached, recall map[string]count
	occasions, hours                    map[string]map[int64]bool
	fitted                              map[string]int64
}

// fitting is how an observation fits the definition: into which stages, and as what of
// which group.
type fitting struct {
	stages uint64
	of     *track
	family int
}

// track is what a group was observed in, family by family.
type track struct {
	site, key, group string
	families         []family
	windows          []window
	next             int
}

// window is a stretch of time in which a group was observed.
type window struct {
	from, to    int64
	stages      uint64
	hit, judged bool
	site        string
}

// family is the observations of one family in a group: what is shifted as one.
type family struct {
	name   string
	events []event
}

// event is a time at which stages were seen.
type event struct {
	at      int64
	stages  uint64
	outside uint64 // those that were seen outside incidents
}

func newSample(x *index, def int, unit Unit) *sample {
	s := &sample{index: x, def: def, unit: unit, d: x.plan.Definitions()[def], groups: map[string]*track{}, chains: map[string]tally{},
		chained: map[string]count{}, unchained: map[string]count{}, reached: map[string]count{}, recall: map[string]count{},
		occasions: map[string]map[int64]bool{}, hours: map[string]map[int64]bool{}, fits: make([]fitting, len(x.spots)), fitted: map[string]int64{}}
	s.plain = len(s.d.Aliases) == 0 && !slices.ContainsFunc(s.d.GroupBy, func(g string) bool { return g != "site" && g != "entity" })
	for i, o := range x.spots {
		s.fits[i] = s.fit(o)
	}
	for site, n := range x.hits {
		s.reached[site] = count{of: n}
	}
	return s
}

// fit finds how an observation fits, and the group that it belongs to.
func (s *sample) fit(o *Seen) fitting {
	f := fitting{}
	var group string
	if f.stages, group = s.plan.Fit(s.def, &o.Observation); f.stages == 0 {
		return f
	}
	site := ""
	if s.unit == Epoch || slices.Contains(s.d.GroupBy, "site") {
		site = o.Site
	}
	key := strings.ReplaceAll(group, "\x1f", "|")
	if s.unit == Epoch {
		key = o.Site + "|" + alert.FoldEntity(o.Entity)
	}
	if f.of = s.groups[key]; f.of == nil {
		f.of = &track{site: site, key: key, group: group}
		s.groups[key] = f.of
	}
	name := s.plan.Families().Of(o.Sort)
	if name == "" {
		name = s.d.Stages[bits.TrailingZeros64(f.stages)].String()
	}
	f.family = slices.IndexFunc(f.of.families, func(o family) bool { return o.name == name })
	if f.family < 0 {
		f.family, f.of.families = len(f.of.families), append(f.of.families, family{name: name})
	}
	return f
}

// each calls a function with every observation that fits, in the order of time.
func (s *sample) each(do func(o *Seen, f *fitting)) {
	for i := range s.list {
		f := &s.fits[s.of[i]]
		if f.stages == 0 {
			continue
		}
		if !s.plain {
			own := s.fit(&s.list[i])
			f = &own
		}
		if f.stages != 0 {
			do(&s.list[i], f)
		}
	}
}

// judge adds an alert to what is counted of its site.
func judge(of map[string]count, o *Seen) {
	c := of[o.Site]
	switch o.Label {
	case Hit:
		c.hits, c.of = c.hits+1, c.of+1
	case Miss:
		c.of++
	}
	of[o.Site] = c
}

// chain adds a chain that holds hits and misses.
func (s *sample) chain(site string, at int64, hits, labelled bool) {
	t := s.chains[site]
	t.chains++
	if hits || labelled {
		t.labelled++
		if s.occasions[site] == nil {
			s.occasions[site] = map[int64]bool{}
		}
		s.occasions[site][at/int64(time.Hour)] = true
	}
	if hits {
		t.hits++
	}
	s.chains[site] = t
}

// alertOf adds what fits, chained or not.
func (s *sample) alertOf(o *Seen, chained bool) {
	judge(s.unchained, o)
	s.fitted[o.Site]++
	if chained {
		judge(s.chained, o)
		if o.Label == Hit {
			c := s.reached[o.Site]
			c.hits++
			s.reached[o.Site] = c
		}
	}
	if o.Label == Hit || o.Label == Miss {
		if s.hours[o.Site] == nil {
			s.hours[o.Site] = map[int64]bool{}
		}
		s.hours[o.Site][o.Time.Unix()/3600] = true
	}
}

// worth sums up.
func (s *sample) worth(d *correlate.Definition, unit Unit, p *Policy) Worth {
	w := Worth{Definition: d.Key(), Title: d.Title, Unit: unit, Window: correlate.Spell(d.Span), Sites: []Site{}}
	null := s.null(unit, p)
	w.Chance, w.Control, w.Shift = null.all, null.control, null.shift
	precision, fitted := map[string]count{}, int64(0)
	for _, site := range slices.Sorted(maps.Keys(s.spans.sites)) {
		t := s.chains[site]
		if site == "" && s.fitted[site] == 0 && t.chains == 0 {
			continue // nothing that fits says no site
		}
		w.Chains, fitted = w.Chains+t.chains, fitted+s.fitted[site]
		precision[site] = count{t.hits, t.labelled}
		one := s.site(site, precision[site], p)
		one.Chance, one.Control = null.sites[site], null.controls[site]
		w.Sites = append(w.Sites, one)
	}
	w.Precision, w.Recall = shareOf(precision, s.occasions, p), shareOf(s.recall, s.hours, p)
	w.Chained, w.Unchained, w.Reached = shareOf(s.chained, s.hours, p), shareOf(s.unchained, s.hours, p), shareOf(s.reached, s.hours, p)
	w.Work = workOf(fitted, w.Chains, s.spans.all, p)
	w.credit(precision, p)
	return w
}

// site sums up one site.
func (s *sample) site(site string, precision count, p *Policy) Site {
	of := func(all map[string]count) Share { return shareOf(map[string]count{site: all[site]}, s.hours, p) }
	return Site{Site: site, Precision: shareOf(map[string]count{site: precision}, s.occasions, p), Recall: of(s.recall),
		Chained: of(s.chained), Unchained: of(s.unchained), Reached: of(s.reached), Work: workOf(s.fitted[site], s.chains[site].chains, s.spans.sites[site], p)}
}

// shareOf is a share over sites, with the interval clustered by site.
func shareOf(of map[string]count, hours map[string]map[int64]bool, p *Policy) Share {
	var sums alert.Sums
	for _, site := range slices.Sorted(maps.Keys(of)) {
		c := of[site]
		sums.Episode(c.of, c.hits)
		if c.of > 0 {
			sums.Occasions += int64(len(hours[site]))
		}
	}
	out := Share{Hits: sums.H, Of: sums.N}
	if sums.N > 0 {
		out.Share = new(float64(sums.H) / float64(sums.N))
		out.Interval = new(measure.Clustered(*out.Share, measure.EffectiveN(&sums, p.Confidence), p.Confidence))
	}
	return out
}

// credit says whether the chains may stand in for what cannot be seen.
func (w *Worth) credit(precision map[string]count, p *Policy) {
	sites := 0
	for _, c := range precision {
		if c.of > 0 {
			sites++
		}
	}
	lost, _ := Lost(&w.Reached)
	switch {
	case sites < p.MinSites:
		w.Because = figure.Sprintf("labelled chains come from %d of the sites, and %d are asked for", sites, p.MinSites)
	case (*w.Precision.Interval)[0] < p.MinPrecision:
		w.Because = figure.Sprintf("the lower limit of the precision is %s, below the %s of the policy", figure.Percent((*w.Precision.Interval)[0]), figure.Percent(p.MinPrecision))
	case lost > p.MostLost:
		w.Because = figure.Sprintf("%s of the true positives are in no chain, more than %s", figure.Percent(lost), figure.Percent(p.MostLost))
	default:
		w.Credit, w.Because = true, figure.Sprintf("the lower limit of the precision is %s over %d sites, and %s of the true positives are lost",
			figure.Percent((*w.Precision.Interval)[0]), sites, figure.Percent(lost))
	}
}

// bySite orders groups, so that what is summed is summed in one order.
func bySite(a, b *track) int {
	return cmp.Or(strings.Compare(a.site, b.site), strings.Compare(a.key, b.key))
}
