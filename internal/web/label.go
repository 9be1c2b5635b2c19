package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"candor/internal/alert"
	"candor/internal/assessment"
	"candor/internal/door"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/intake"
	"candor/internal/measure"
	"candor/internal/store"
)

// The addresses at which alerts are labelled, and labels taken back.
const (
	labelPath     = "/label"
	labelUndoPath = "/label/undo"
)

// mostToLabel is how many alerts a page has at most.
const mostToLabel = 100

// Sampler draws the alerts that are to be labelled.
type Sampler interface {
	Sample(ctx context.Context, r assessment.Request, rule string, by assessment.Sampling) (assessment.Sampled, error)
	OfCase(ctx context.Context, r assessment.Request, id string, most int) (list []*alert.Alert, all int64, err error)
}

// Labeller takes labels through the door by which they are pushed, and takes them back.
type Labeller interface {
	Land(ctx context.Context, p intake.Post) (intake.Receipt, ingest.Result, error)
	Withdraw(ctx context.Context, batch string, w store.Withdrawal) (store.Batch, error)
}

// labelling is which alerts are to be labelled.
type labelling struct {
	Rule, Case string
	N          int
	Seed       uint64
	Second     bool
}

// labelView is alerts, each with what it may be called.
type labelView struct {
	frame
	Asked labelling
	// Name is who labels, empty for whoever may not. The page is kept for nobody else.
	Name   string
	Alerts []toRead
	// S is the sample that they are; nil for those of a case, of which All are tied to it.
	S   *assessment.Sampled
	All int64
	// Once tells one form from another, so that what is sent twice counts once.
	Once string
	// Said is what was labelled before in this browser, if the page was led to from there.
	Said *receipt
	// Wrong says why nothing was written.
	Wrong string
}

// toRead is one alert with what was typed about it.
type toRead struct {
	*alert.Alert
	Number      int
	Class, Dupe string
	Classes     []choice
	Fields      []field
}

// labelKeys are the classes that a page offers, each with the key that chooses it.
func labelKeys() []choice {
	return []choice{{Name: "true positive", Value: string(alert.TruePositive), URL: "t"}, {Name: "benign positive", Value: string(alert.BenignPositive), URL: "b"},
		{Name: "false positive", Value: string(alert.FalsePositive), URL: "f"}, {Name: "duplicate", Value: string(alert.Duplicate), URL: "d"}}
}

// Keys are the classes with their keys, for the legend.
func (labelView) Keys() []choice { return labelKeys() }

// Estimate says what the sample says of all alerts of the window so far.
func (v labelView) Estimate() *measure.Weighed {
	if v.S == nil || v.S.Estimate == nil || v.S.Estimate.Precision == nil {
		return nil
	}
	return v.S.Estimate
}

// askedLabels reads which alerts are to be labelled.
func askedLabels(q url.Values) (labelling, error) {
	l := labelling{Rule: q.Get("rule"), Case: q.Get("case"), N: 20, Seed: 1, Second: q.Get("second") == "1"}
	var err error
	if t := q.Get("n"); t != "" {
		if l.N, err = strconv.Atoi(t); err != nil || l.N < 1 || l.N > mostToLabel {
			return l, fault.New(fault.Usage, "%q alerts cannot be shown at once", t).At("n").Next("use 1 to %d", mostToLabel)
		}
	}
	if t := q.Get("seed"); t != "" {
		if l.Seed, err = strconv.ParseUint(t, 10, 64); err != nil {
			return l, fault.New(fault.Usage, "%q is no seed", t).At("seed").Next("use a whole number")
		}
	}
	if (l.Rule == "") == (l.Case == "") {
		return l, fault.New(fault.Usage, "alerts are labelled of a rule or of a case, and this names %s", map[bool]string{true: "neither", false: "both"}[l.Rule == ""]).
			Next("go on from the page of a rule, or of an incident")
	}
	return l, nil
}

// Labels returns the address at which alerts are labelled.
func (s selection) Labels(l labelling) string {
	more := []string{"rule", l.Rule, "case", l.Case}
	if l.N != 0 && l.N != 20 {
		more = append(more, "n", strconv.Itoa(l.N))
	}
	if l.Seed > 1 {
		more = append(more, "seed", strconv.FormatUint(l.Seed, 10))
	}
	if l.Second {
		more = append(more, "second", "1")
	}
	return s.Link(labelPath, more...)
}

// LabelRule and LabelCase return the addresses at which the alerts of a rule and of a case
// are labelled.
func (s selection) LabelRule(id string) string { return s.Labels(labelling{Rule: id}) }

// LabelCase does so of a case.
func (s selection) LabelCase(id string) string { return s.Labels(labelling{Case: id}) }

// Address is where the page's alerts are labelled.
func (v labelView) Address() string { return v.Sel.Labels(v.Asked) }

// Other returns the address of the same rule's alerts, to be read the other way.
func (v labelView) Other() string {
	return v.Sel.Labels(labelling{Rule: v.Asked.Rule, Second: !v.Asked.Second})
}

// label shows alerts to be labelled.
func (s *site) label(_ http.ResponseWriter, r *http.Request) (done, error) {
	v, err := s.toLabel(r)
	if said := s.said.of(s.browser(r), r.URL.Query().Get("said")); err == nil {
		v.Said = said
	}
	return done{view: view{name: "label", data: v}}, err
}

// browser tells the browsers apart that have a session.
func (s *site) browser(r *http.Request) string {
	now, _ := s.Door.Session(r)
	return now.Key
}

// toLabel draws the alerts that a request is about.
func (s *site) toLabel(r *http.Request) (labelView, error) {
	fr, err := s.begin(r, "measurements", "Label alerts")
	if err != nil {
		return labelView{}, err
	}
	v := labelView{frame: fr, Once: rand.Text()}
	if v.Asked, err = askedLabels(r.URL.Query()); err != nil {
		return v, err
	}
	if fr.Sign.May(evidence.Dispositions) {
		v.Name = door.Who(r.Context()).Name
	}
	req := s.requestFor(fr.Sel, fr.Release)
	if v.Asked.Case != "" {
		list, all, err := s.Sampler.OfCase(r.Context(), req, v.Asked.Case, mostToLabel)
		v.All = all
		v.show(list)
		return v, err
	}
	if v.Asked.Second && v.Name == "" {
		return v, nil // for whom they are drawn is not known
	}
	sample, err := s.Sampler.Sample(r.Context(), req, v.Asked.Rule, s.sampling(v.Asked, v.Name))
	if err != nil {
		return v, err
	}
	v.S = &sample
	v.Asked.Rule = sample.RuleID
	v.show(sample.Alerts)
	return v, nil
}

// sampling is how the alerts of a rule are drawn: for a second reading, none that the
// reader labelled.
func (s *site) sampling(l labelling, name string) assessment.Sampling {
	by := assessment.Sampling{Drawing: measure.Drawing{N: l.N, Seed: l.Seed}, Second: l.Second}
	if l.Second {
		by.Reader = name
		if k, err := s.Writing.Key(); err == nil && k != nil {
			by.Called = k.Person(name)
		}
	}
	return by
}

// show lists alerts with what they may be called.
func (v *labelView) show(list []*alert.Alert) {
	for i, a := range list {
		row := toRead{Alert: a, Number: i, Classes: labelKeys()}
		for name, text := range a.Fields {
			row.Fields = append(row.Fields, field{name, text})
		}
		slices.SortFunc(row.Fields, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
		v.Alerts = append(v.Alerts, row)
	}
}

// statement is one label as it is pushed.
type statement struct {
	ID          string    `json:"id"`
	Source      string    `json:"source,omitempty"`
	Site        string    `json:"site,omitempty"`
	Disposition string    `json:"disposition"`
	Time        time.Time `json:"disposition_time"`
	By          string    `json:"disposition_by"`
	Provenance  string    `json:"provenance"`
	Reading     string    `json:"reading,omitempty"`
	DuplicateOf string    `json:"duplicate_of,omitempty"`
}

// statements reads the labels that a form holds: of each alert that has one, by its number.
func (s *site) statements(f url.Values, second bool, name string) (list []statement, err error) {
	now := s.Clock().UTC()
	for i := range mostToLabel {
		n := strconv.Itoa(i)
		class := f.Get("class." + n)
		if class == "" {
			continue
		}
		if !slices.ContainsFunc(labelKeys(), func(k choice) bool { return k.Value == class }) {
			return nil, fault.New(fault.Usage, "there is no label %q", class).Next("use the form on the page")
		}
		st := statement{ID: f.Get("id." + n), Source: f.Get("source." + n), Site: f.Get("site." + n), Disposition: class, Time: now, By: name, Provenance: string(alert.Analyst)}
		if class == string(alert.Duplicate) {
			st.DuplicateOf = strings.TrimSpace(f.Get("of." + n))
			if st.DuplicateOf == "" {
				return nil, fault.New(fault.Usage, "it is not said which alert %s repeats", st.ID).Next("name it, or choose another label: a duplicate without its original counts for nothing")
			}
		}
		if second {
			st.Reading = "second"
		}
		list = append(list, st)
	}
	if len(list) == 0 {
		return nil, fault.New(fault.Usage, "no alert is labelled").Next("choose a label for one of them, and record it")
	}
	return list, nil
}

// takeLabels takes the labels that a person gave.
func (s *site) takeLabels(w http.ResponseWriter, r *http.Request) (done, error) {
	f, err := formOf(w, r)
	if err != nil {
		return done{}, err
	}
	once, browser := f.Get("once"), s.browser(r)
	l, err := askedLabels(r.URL.Query())
	if err != nil {
		return done{}, err
	}
	fr, err := s.begin(r, "measurements", "Label alerts")
	if err != nil {
		return done{}, err
	}
	to := withParameter(fr.Sel.Labels(l), "said", once)
	said, fresh := s.said.begin(browser, once)
	if !fresh {
		return done{to: to}, nil // sent twice
	}
	if err := s.recordLabels(r, l, f, said); err != nil {
		s.said.drop(browser, once)
		if k := fault.KindOf(err); k != fault.Usage && k != fault.Invalid && k != fault.Conflict {
			return done{}, err
		}
		return s.labelsRefused(r, f, err)
	}
	return done{to: to}, nil
}

// recordLabels lands labels, and notes what came of them.
func (s *site) recordLabels(r *http.Request, l labelling, f url.Values, said *receipt) error {
	name := door.Who(r.Context()).Name
	list, err := s.statements(f, l.Second, name)
	if err != nil {
		return err
	}
	if err := s.blindly(r, l, name, list); err != nil {
		return err
	}
	var body bytes.Buffer
	lines := json.NewEncoder(&body)
	for i := range list {
		if err := lines.Encode(list[i]); err != nil {
			return fmt.Errorf("encode a label: %w", err)
		}
	}
	got, landed, err := s.Writing.Labels.Land(context.WithoutCancel(r.Context()), intake.Post{Kind: evidence.Dispositions, Token: name, Account: door.Who(r.Context()).Role != "", Body: &body, Lines: true})
	if err != nil && (got.Accepted == 0 || fault.KindOf(err) == fault.Invalid) {
		return err
	}
	if got.Accepted == 0 {
		return fault.New(fault.Invalid, "no label was taken: %s", got.Rejects[0].Reason).Next("look at the alert again")
	}
	s.said.set(said, receipt{Batch: landed.ID, N: got.Accepted - int(landed.Rejected), Refused: got.Rejected + int(landed.Rejected), Name: name, At: s.Clock(), Second: l.Second})
	return nil
}

// blindly refuses second readings of alerts that were not drawn for the reader: those
// that the reader labelled first, and those that somebody else read meanwhile.
func (s *site) blindly(r *http.Request, l labelling, name string, list []statement) error {
	if !l.Second {
		return nil
	}
	sel, err := selected(r)
	if err != nil {
		return err
	}
	fr, err := s.place(r, sel)
	if err != nil {
		return err
	}
	drawn, err := s.Sampler.Sample(r.Context(), s.requestFor(fr.Sel, fr.Release), l.Rule, s.sampling(l, name))
	if err != nil {
		return err
	}
	for _, st := range list {
		if !slices.ContainsFunc(drawn.Alerts, func(a *alert.Alert) bool {
			return a.Identity().Fits(alert.Identity{Source: st.Source, Site: st.Site, ID: st.ID})
		}) {
			return fault.New(fault.Conflict, "alert %s is not among those that are drawn for %s to read a second time: it was read meanwhile, or %s labelled it first", st.ID, name, name).
				Next("leave it out")
		}
	}
	return nil
}

// labelsRefused is the page again, with what was chosen in it and why it was not taken.
func (s *site) labelsRefused(r *http.Request, f url.Values, why error) (done, error) {
	v, err := s.toLabel(r)
	if err != nil {
		return done{}, err
	}
	v.Wrong = sentence(strings.TrimSuffix(why.Error(), ".")) + "."
	if h := forPages(fault.HintOf(why)); h != "" {
		v.Wrong += " " + sentence(h) + "."
	}
	for i := range v.Alerts {
		row := &v.Alerts[i]
		for k := range mostToLabel {
			n := strconv.Itoa(k)
			if id := row.Identity(); f.Get("id."+n) != id.ID || f.Get("source."+n) != id.Source || f.Get("site."+n) != id.Site {
				continue
			}
			row.Class, row.Dupe = f.Get("class."+n), f.Get("of."+n)
			for c := range row.Classes {
				row.Classes[c].Chosen = row.Classes[c].Value == row.Class
			}
		}
	}
	status := http.StatusUnprocessableEntity
	if fault.KindOf(why) == fault.Conflict {
		status = http.StatusConflict
	}
	return done{view: view{name: "label", status: status, data: v}}, nil
}

// undoLabels takes back labels that were given in the same browser.
func (s *site) undoLabels(w http.ResponseWriter, r *http.Request) (done, error) {
	f, err := formOf(w, r)
	if err != nil {
		return done{}, err
	}
	browser, once := s.browser(r), f.Get("said")
	said := s.said.of(browser, once)
	if said == nil || said.Batch == "" {
		return done{}, fault.New(fault.NotFound, "this browser recorded no such labels").Next("label the alerts anew: what is said last counts")
	}
	if !said.Undone {
		name := door.Who(r.Context()).Name
		_, err := s.Writing.Labels.Withdraw(context.WithoutCancel(r.Context()), said.Batch, store.Withdrawal{At: s.Clock(), By: door.Who(r.Context()).Author(), Reason: "undone by " + name + " in the page"})
		if err != nil && fault.KindOf(err) != fault.Conflict { // it is withdrawn already
			return done{}, err
		}
		s.said.undo(browser, once)
	}
	to := within(f.Get("to"))
	if to == "" || !strings.HasPrefix(to, labelPath+"?") {
		to = "/measurements"
	}
	return done{to: withParameter(to, "said", once)}, nil
}

// withParameter returns an address with a parameter set.
func withParameter(address, name, value string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// receipt is what came of labels that one form held.
type receipt struct {
	// Batch is what they became; empty while they wait in the journal.
	Batch string
	// N is how many were recorded, and Refused how many were not, as their alerts are not
	// known.
	N, Refused int
	Name       string
	At         time.Time
	Second     bool
	Undone     bool
	// Once is that of the form.
	Once string
}

// receipts are those of the browsers that have sessions, the newest so many.
type receipts struct {
	mu    sync.Mutex
	by    map[[2]string]*receipt
	order [][2]string
}

// mostReceipts is how many are kept. The server forgets them when it ends: what was
// recorded is in the ledger.
const mostReceipts = 4096

func (l *receipts) begin(browser, once string) (of *receipt, fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := [2]string{browser, once}
	if have := l.by[k]; have != nil {
		return have, false
	}
	if l.by == nil {
		l.by = map[[2]string]*receipt{}
	}
	if len(l.order) >= mostReceipts {
		delete(l.by, l.order[0])
		l.order = l.order[1:]
	}
	l.by[k], l.order = &receipt{}, append(l.order, k)
	return l.by[k], true
}

func (l *receipts) set(of *receipt, to receipt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*of = to
}

func (l *receipts) drop(browser, once string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := [2]string{browser, once}
	delete(l.by, k)
	l.order = slices.DeleteFunc(l.order, func(o [2]string) bool { return o == k })
}

func (l *receipts) undo(browser, once string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if have := l.by[[2]string{browser, once}]; have != nil {
		have.Undone = true
	}
}

// of returns a receipt of a browser; nil where there is none, or nothing came of it yet.
func (l *receipts) of(browser, once string) *receipt {
	l.mu.Lock()
	defer l.mu.Unlock()
	have := l.by[[2]string{browser, once}]
	if browser == "" || have == nil || have.N == 0 {
		return nil
	}
	got := *have
	got.Once = once
	return &got
}
