package tune

import (
	"cmp"
	"slices"

	"candor/internal/alert"
	"candor/internal/fault"
	"candor/internal/figure"
)

// Exclusion is a value that could be excluded without losing anything that is
// known: what it would have removed in each part, and what would have been left.
type Exclusion struct {
	Field string  `json:"field"`
	Value string  `json:"value"`
	Older Removal `json:"older"`
	Newer Removal `json:"newer"`
	// After is each part without the alerts that have the value.
	After Both `json:"after"`
	// Blinds is where nothing of the rule would be left.
	Blinds Blinds `json:"blinds"`
	// Text says what the exclusion rests on and what it would do.
	Text string `json:"text"`
}

// mostCandidates bounds the candidates that are looked at, those that remove most.
const mostCandidates = 4 * mostShown

// trial is what a value would remove, cluster by cluster and host by host.
type trial struct {
	removed   map[int32]cluster
	hosts     map[int32]int64
	occasions [2]occasions // of the labelled alerts that it would remove, by part
}

// trials looks at values in a second reading of the rows, before any threshold is
// tried: the first tells which are worth it, so that what is kept stays small.
type trials struct {
	sweep      *sweep
	result     *Result
	policy     *Policy
	enrichment *enrichment
	values     []Value
	candidates []*Value
	of         map[fieldValue]*trial
}

func newTrials(s *sweep, e *enrichment, r *Result, p *Policy) *trials {
	t := &trials{sweep: s, result: r, policy: p, enrichment: e, of: map[fieldValue]*trial{}}
	refused := map[string]bool{}
	r.Refused = e.disguises()
	for _, x := range r.Refused {
		refused[x.Field] = true
	}
	t.values = e.values(r, p, refused)
	t.choose()
	return t
}

// choose picks the candidates: values that mark misses beyond chance and that no
// known true positive of either part has, by how many alerts they would remove.
func (t *trials) choose() {
	for i := range t.values {
		v := &t.values[i]
		c := t.counts(v)
		lost := c[0].TruePositive + c[1].TruePositive + c[0].Doubted + c[1].Doubted
		if v.Discovered && v.Interval[1] < 0 && lost == 0 {
			t.candidates = append(t.candidates, v)
		}
	}
	slices.SortStableFunc(t.candidates, func(a, b *Value) int {
		x, y := t.counts(a), t.counts(b)
		return cmp.Compare(y[0].All()+y[1].All(), x[0].All()+x[1].All())
	})
	t.result.Candidates = len(t.candidates)
	t.candidates = t.candidates[:min(len(t.candidates), mostCandidates)]
}

func (t *trials) counts(v *Value) *[2]Removal {
	return t.enrichment.counts[fieldValue{v.Field, v.Value}]
}

// judge reads the rows again and sets values, exclusions and refusals.
func (t *trials) judge(rows Rows) error {
	shown := t.values[:min(len(t.values), mostShown)]
	for i := range shown {
		t.watch(&shown[i])
	}
	for _, v := range t.candidates {
		t.watch(v)
	}
	if len(t.of) > 0 {
		if err := t.read(rows); err != nil {
			return err
		}
	}
	for k, x := range t.of {
		t.countClusters(t.enrichment.counts[k], x)
	}
	for i := range shown {
		shown[i].Clusters = t.counts(&shown[i])[0].Clusters
	}
	t.result.Values = shown
	t.suggest()
	return nil
}

func (t *trials) watch(v *Value) {
	t.of[fieldValue{v.Field, v.Value}] = &trial{removed: map[int32]cluster{}, hosts: map[int32]int64{}, occasions: [2]occasions{{}, {}}}
}

// read adds the rows to what is watched. Alerts that arrived since the first reading
// would be counted in one of the two, so that they are an error.
func (t *trials) read(rows Rows) error {
	again := int64(0)
	for row, err := range rows {
		if err != nil {
			return err
		}
		again++
		i, known := t.sweep.index[row.Cluster]
		if host, ok := t.sweep.hosts.of(row); known && ok {
			t.add(row, i, host)
		}
	}
	if again != t.result.Alerts {
		return fault.New(fault.Conflict, "the rule had %s and now has %d", count(t.result.Alerts, "alert"), again).Next("try again, now that they are there")
	}
	return nil
}

func (t *trials) add(r *Row, i, host int32) {
	for f, v := range r.Fields {
		if x := t.of[fieldValue{f, v}]; x != nil {
			x.add(r, i, t.sweep.clusters[i].part, host)
		}
	}
}

func (x *trial) add(r *Row, i int32, part int, host int32) {
	x.hosts[host]++
	if c := x.removed[i]; r.hit() || r.miss() {
		c.labelled++
		x.occasions[part][occasionOf(r)]++
		if r.hit() {
			c.hits++
		}
		x.removed[i] = c
	}
}

// countClusters sets how many clusters of each part have labelled alerts with the
// value.
func (t *trials) countClusters(c *[2]Removal, x *trial) {
	c[0].Clusters, c[1].Clusters = 0, 0
	for i := range x.removed {
		c[t.sweep.clusters[i].part].Clusters++
	}
}

// suggest makes exclusions of the candidates that rest on enough clusters, and
// refuses the others.
func (t *trials) suggest() {
	t.result.Exclusions = []Exclusion{}
	for _, v := range t.candidates {
		c := t.counts(v)
		if c[0].Clusters < t.policy.leastClusters() {
			t.refuse(v, c)
			continue
		}
		if len(t.result.Exclusions) < mostShown {
			t.result.Exclusions = append(t.result.Exclusions, t.exclusion(v, c))
		}
	}
}

func (t *trials) refuse(v *Value, c *[2]Removal) {
	if len(t.result.Refused) < mostShown {
		t.result.Refused = append(t.result.Refused, Refusal{Field: v.Field, Value: v.Value, Reason: FewClusters,
			Text: figure.Sprintf("It rests on %s of the older part; %d are asked for.", count(int64(c[0].Clusters), "cluster"), t.policy.leastClusters())})
	}
}

func (t *trials) exclusion(v *Value, c *[2]Removal) Exclusion {
	x := t.of[fieldValue{v.Field, v.Value}]
	e := Exclusion{Field: v.Field, Value: v.Value, Older: c[0], Newer: c[1], Blinds: t.sweep.hosts.blinds(x.hosts)}
	e.After = Both{t.after(0, t.result.Older, x, &c[0]), t.after(1, t.result.Newer, x, &c[1])}
	e.Text = figure.Sprintf("It rests on %s of the older part", count(int64(c[0].Clusters), "cluster"))
	if c[1].Clusters > 0 {
		e.Text += figure.Sprintf(" and %d of the newer", c[1].Clusters)
	}
	e.Text += ". " + afterText("older", &e.After.Older)
	if t.result.Newer.Days > 0 {
		e.Text += " " + afterText("newer", &e.After.Newer)
	}
	e.Text += e.Blinds.sentence(" ")
	return e
}

func afterText(part string, o *Outcome) string {
	if o.Episodes == 0 {
		return figure.Sprintf("Nothing labelled would be left of the %s part.", part)
	}
	return figure.Sprintf("Of the %s part %s would be left, %d with a true positive.", part, count(int64(o.Episodes), "labelled episode"), o.EpisodeHits)
}

// after states a part without the alerts that have the value.
func (t *trials) after(part int, of Part, x *trial, gone *Removal) Outcome {
	s := t.sweep
	o := Outcome{Kept: s.totals[part] - gone.All(), Removed: gone.All(), Unlabelled: s.open[part] - gone.Unlabelled - gone.Other,
		Lost: (*losses)(nil).lost(part, s.cases)}
	if of.Days > 0 {
		o.AlertsPerDay = float64(o.Kept) / float64(of.Days)
	}
	left := alert.Sums{Occasions: int64(s.occasions[part].without(x.occasions[part]))}
	for i := range t.sweep.clusters {
		c, less := &t.sweep.clusters[i], x.removed[int32(i)]
		if c.part == part {
			left.Episode(c.labelled-less.labelled, c.hits-less.hits)
		}
	}
	o.state(&left, t.policy)
	return o
}
