package sample

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"candor/internal/day"
)

// record is an alert as a line of alerts.jsonl. Nobody has said anything yet
// about one without a disposition.
type record struct {
	ID              string            `json:"id"`
	RuleID          string            `json:"rule_id"`
	RuleName        string            `json:"rule_name"`
	Time            time.Time         `json:"time"`
	Site            string            `json:"site"`
	Entity          string            `json:"entity"`
	Severity        string            `json:"severity"`
	Score           float64           `json:"score"`
	CaseID          string            `json:"case_id,omitempty"`
	Techniques      []string          `json:"techniques,omitempty"`
	Tactic          string            `json:"tactic,omitempty"`
	Source          string            `json:"source"`
	Fields          map[string]string `json:"fields"`
	Disposition     string            `json:"disposition,omitempty"`
	DispositionTime *time.Time        `json:"disposition_time,omitempty"`
	DispositionBy   string            `json:"disposition_by,omitempty"`
	Provenance      string            `json:"provenance,omitempty"`
}

// simulation makes the alerts of the organisation.
type simulation struct {
	rand      *rand.Rand
	end       day.Date
	incidents map[string][]place
	out       []record
}

// place is where and when an episode happens.
type place struct {
	caseID             string // empty unless it belongs to an incident
	back               int    // days before the end
	start              time.Duration
	site, host, server string
	user, address      string
}

// simulate makes the alerts of the organisation, by time.
func simulate(seed uint64, end day.Date) (*simulation, error) {
	s := &simulation{rand: rand.New(rand.NewPCG(seed, 2)), end: end, incidents: map[string][]place{}}
	s.attack("phishing", 26)
	s.attack("account", 20)
	for _, st := range streams() {
		h := head{st.file, st.title}
		if st.title == "" {
			var err error
			if h, err = headOf(st.file); err != nil {
				return nil, err
			}
		}
		s.stream(st, h)
	}
	slices.SortStableFunc(s.out, func(a, b record) int { return a.Time.Compare(b.Time) })
	for i := range s.out {
		s.out[i].ID = fmt.Sprintf("mf-%06d", i+1)
	}
	return s, nil
}

// alertLines returns alerts.jsonl.
func (s *simulation) alertLines() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i := range s.out {
		if err := e.Encode(&s.out[i]); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// attack makes the incidents of a kind. Several rules may see the same one.
func (s *simulation) attack(kind string, n int) {
	for i := range n {
		p := s.place(0)
		p.start = min(p.start, 14*time.Hour)
		p.caseID = fmt.Sprintf("MF-%s-%03d", kind, i+1)
		s.incidents[kind] = append(s.incidents[kind], p)
	}
}

// place picks where an episode happens, at least a number of days before the end
// and in working hours.
func (s *simulation) place(before int) place {
	i := s.rand.IntN(len(sites))
	return place{
		back:    before + s.rand.IntN(Days-before),
		start:   5*time.Hour + time.Duration(s.rand.IntN(13*3600))*time.Second,
		site:    sites[i],
		host:    fmt.Sprintf("wks-%03d", 1+i*150+s.rand.IntN(90)),
		server:  fmt.Sprintf("lnx-%02d", 1+i*22+s.rand.IntN(14)),
		user:    pick(s.rand, users()),
		address: fmt.Sprintf("203.0.113.%d", 1+s.rand.IntN(254)),
	}
}

// stream makes the alerts of one rule: episodes that were attacks, then those
// that were not, by how they were closed.
func (s *simulation) stream(st stream, h head) {
	taken := map[string]bool{}
	hits := 0
	for _, p := range s.incidents[st.incident] {
		if hits == st.hits || p.back < st.stopped {
			continue
		}
		hits++
		p.start += time.Duration(st.later) * time.Minute
		s.episode(st, h, p, closing{"true_positive", "analyst"})
	}
	for _, m := range st.misses {
		for range m.episodes {
			p := s.place(st.stopped)
			for key := st.entity(p); taken[key]; key = st.entity(p) {
				p = s.place(st.stopped)
			}
			taken[st.entity(p)] = true
			s.episode(st, h, p, m.closing)
		}
	}
	for _, d := range st.tests {
		p := s.place(0)
		p.back, p.start = d.back, d.at
		switch st.about {
		case "user":
			p.user = d.on
		case "address":
			p.address = d.on
		default:
			p.host = d.on
		}
		s.alert(st, h, p, closing{"test", "exercise"})
	}
}

// entity names what an episode of the stream is about. Days apart it is another
// episode.
func (st stream) entity(p place) string {
	return fmt.Sprint(cmp.Or(p.pick(st.about), p.host), " ", p.back)
}

// pick returns the part of a place that an alert is about.
func (p place) pick(about string) string {
	switch about {
	case "user":
		return p.user
	case "server":
		return p.server
	case "address":
		return p.address
	}
	return p.host
}

// episode makes the alerts of one burst. All are closed the same way; a case
// says of its later alerts what was said of its first.
func (s *simulation) episode(st stream, h head, p place, c closing) {
	size := st.size
	if c.hit() {
		size = st.hitSize
	}
	n := size[0] + s.rand.IntN(size[1]-size[0]+1)
	if st.storms && s.rand.IntN(25) == 0 {
		n *= 6
	}
	for i := range n {
		if i > 0 && c.hit() {
			c.provenance = "incident"
		}
		s.alert(st, h, p, c)
		p.start += time.Duration(1+s.rand.IntN(4*3600/n)) * time.Second
	}
}

func (s *simulation) alert(st stream, h head, p place, c closing) {
	at := s.end.Add(-p.back).Time().Add(p.start)
	values, score := st.missValues, 5+55*s.rand.Float64()
	if c.hit() {
		values, score = st.hitValues, 45+50*s.rand.Float64()
	}
	a := record{
		RuleID: h.id, RuleName: h.title, Time: at, Site: p.site, Entity: p.pick(st.about),
		Severity: st.severity, Score: float64(int(score*10)) / 10, CaseID: p.caseID,
		Techniques: st.techniques, Tactic: st.tactic, Source: st.source,
		Fields: map[string]string{"user": p.user, "source_address": p.address, st.field: pick(s.rand, values)},
	}
	if c.disposition != "" {
		s.close(&a, c)
	}
	s.out = append(s.out, a)
}

// close puts the statement on an alert, made within hours and before the end.
func (s *simulation) close(a *record, c closing) {
	at := a.Time.Add(20*time.Minute + time.Duration(s.rand.IntN(6*3600))*time.Second)
	if last := s.end.Add(1).Time().Add(-time.Second); at.After(last) {
		at = last
	}
	a.Disposition, a.Provenance, a.DispositionTime = c.disposition, c.provenance, &at
	a.DispositionBy = "close-stale-alerts"
	if c.provenance != "automation" {
		a.DispositionBy = pick(s.rand, analysts())
	}
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

func users() []string {
	return []string{"a.novak", "b.haddad", "c.jansen", "d.oyelaran", "e.kowalski", "f.moreau", "g.silva", "h.petersen",
		"i.demir", "j.fischer", "k.tanaka", "m.rossi", "n.virtanen", "o.mbeki", "p.dubois", "t.nguyen", "u.weber", "v.sokolova"}
}

func analysts() []string { return []string{"l.brandt", "m.okafor", "s.lindqvist"} }
