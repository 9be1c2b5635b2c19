package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/custody"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/inert"
	"candor/internal/matrix"
	"candor/internal/near"
)

// The layers of the ATT&CK Navigator beside the views of the matrix.
const (
	LayerRung       = "rung"
	LayerProfile    = "profile"    // rungs of the techniques of a threat profile
	LayerDifference = "difference" // of two assessments
)

// Layers lists the layers that there are.
func Layers() []string {
	list := []string{LayerRung}
	for _, v := range matrix.Views()[1:] {
		list = append(list, string(v))
	}
	return append(list, LayerProfile, LayerDifference)
}

// Layered says which layer is asked for: of a difference, the names of the two assessments that
// are kept, of which the second is the one made now where After is empty.
type Layered struct{ Layer, Before, After string }

// check is fault.Usage for what there is no layer of.
func (l *Layered) check(r assessment.Request) error {
	switch {
	case !slices.Contains(Layers(), l.Layer):
		return fault.New(fault.Usage, "there is no layer %q", l.Layer).Next("%s", near.Hint(l.Layer, Layers(), ""))
	case l.Layer == LayerProfile && r.Profile == "":
		return fault.New(fault.Usage, "the layer of a profile needs its name").At("--profile").Next("candor profile list shows those that are stated")
	case l.Layer == LayerDifference && l.Before == "":
		return fault.New(fault.Usage, "a difference needs the assessment from which it is").At("--before").Next("candor assess list shows what is kept; candor assess --keep NAME keeps one")
	case l.Layer == LayerDifference && (r.Platform != "" || r.Profile != "" || r.Site != ""):
		return fault.New(fault.Usage, "what is kept is of the whole, and a difference is not narrowed").Next("leave out --platform, --profile and --site")
	case l.Layer != LayerDifference && l.Before+l.After != "":
		return fault.New(fault.Usage, "only a difference is of two assessments").At("--before, --after").Next("candor report navigator difference --before NAME")
	}
	return nil
}

// Navigator makes a layer of the ATT&CK Navigator, and the report that says the same in words.
func (s *Service) Navigator(ctx context.Context, r assessment.Request, l Layered, by string) (Sealed, *matrix.Layer, error) {
	m, layer, err := s.navigator(ctx, r, l)
	if err != nil {
		return Sealed{}, nil, err
	}
	sealed, err := s.seal(ctx, m, by)
	if err != nil {
		return sealed, nil, err
	}
	for _, n := range sealed.notes() {
		layer.Note(n[0], inert.Line(n[1]))
	}
	return sealed, layer, nil
}

// notes are what goes along with a report in formats that have room for names and values.
func (s *Sealed) notes() [][2]string {
	list := [][2]string{{"policy sha256", s.Document.Basis.Policy.SHA256}, {"made", s.Made.Format("2006-01-02 15:04:05 UTC") + by(s.By) + " with " + s.Program}}
	if h := s.head(); h != "" {
		list = append(list, [2]string{"ledger head", h})
	}
	for i := range s.Entries {
		list = append(list, [2]string{"ledger entry", what(s.Entries[i])})
	}
	for _, u := range s.Unrecorded {
		list = append(list, [2]string{"without an entry in the ledger", u})
	}
	for i, l := range s.Document.Limits {
		list = append(list, [2]string{fmt.Sprintf("limit %d", i+1), l})
	}
	return list
}

func (s *Service) navigator(ctx context.Context, r assessment.Request, l Layered) (made, *matrix.Layer, error) {
	if err := l.check(r); err != nil {
		return made{}, nil, err
	}
	r.AsOf = endOf(day.Of(r.AsOf))
	whole, err := s.Assessment.Assess(ctx, r)
	if err != nil {
		return made{}, nil, err
	}
	n := navigatorOf{request: r, whole: &whole, asked: l}
	if l.Layer == LayerDifference {
		err = s.difference(&n)
	} else {
		err = s.view(ctx, &n)
	}
	if err != nil {
		return made{}, nil, err
	}
	asked := askedOf(KindNavigator, "", &whole, r)
	asked.Layer, asked.Before, asked.After = l.Layer, l.Before, l.After
	return made{document: n.document(), asked: asked, all: true, policy: n.whole.Policy.SHA256, release: custody.ReleaseID(n.whole.Release)}, n.layer, nil
}

// view makes the layer of a view of the matrix.
func (s *Service) view(ctx context.Context, n *navigatorOf) error {
	view := matrix.View(n.asked.Layer)
	if n.asked.Layer == LayerRung || n.asked.Layer == LayerProfile {
		view = matrix.Rungs
	}
	m, err := s.Assessment.Matrix(ctx, n.request, matrix.Asked{View: view, Platform: n.request.Platform})
	if err != nil {
		return err
	}
	n.layer, n.limits = m.Counted(), m.Limits
	return nil
}

// difference makes the layer of what moved between two assessments.
func (s *Service) difference(n *navigatorOf) error {
	_, before, err := s.Load(n.asked.Before)
	if err != nil {
		return err
	}
	if n.asked.After != "" {
		_, after, err := s.Load(n.asked.After)
		if err != nil {
			return err
		}
		n.whole = &after
	}
	if before.Release.Domain != n.whole.Release.Domain {
		return fault.New(fault.Usage, "the two assessments are of %s and %s, which have no technique in common", before.Release, n.whole.Release).Next("name two of one domain; candor assess list says of which each is")
	}
	c := assure.Compare(before, *n.whole)
	n.layer, n.limits = matrix.Difference(&before, n.whole, &c), slices.Concat(n.whole.Beside, c.Differences)
	return nil
}

// navigatorOf is what a layer is made of.
type navigatorOf struct {
	request assessment.Request
	whole   *assure.Assessment
	asked   Layered
	layer   *matrix.Layer
	limits  []string
}

// markRecord is a technique of a layer.
type markRecord struct {
	Technique string `col:"technique"`
	Tactic    string `col:"tactic"`
	Shown     bool   `col:"shown"`
	Colour    string `col:"colour"`
	Says      string `col:"says"`
	More      string `col:"more"`
}

// document says in words what the layer shows.
func (n *navigatorOf) document() Document {
	l := n.layer
	d := Document{Kind: KindNavigator, Title: l.Name, Basis: basisOf(n.whole, n.request), Lead: []string{l.Description}}
	d.Limits = together(n.limits, n.whole.Limits, "A technique has one colour, that of the worst of its own analytics: how many there are of each is in its comment, and sub-techniques have colours of their own.",
		"A layer has room for techniques alone: what is true of one analytic is not told apart from what is true of another.")
	legend := Section{Title: "Legend"}
	for _, x := range l.Legend {
		legend.Items = append(legend.Items, x.Label+": "+x.Color)
	}
	marks := make([]markRecord, len(l.Techniques))
	for i := range l.Techniques {
		t := &l.Techniques[i]
		var more []string
		for _, m := range t.Metadata {
			more = append(more, m.Name+": "+m.Value)
		}
		marks[i] = markRecord{t.Technique, t.Tactic, t.Enabled, t.Color, t.Comment, strings.Join(more, ", ")}
	}
	d.Sections = []Section{legend, {Title: "Techniques", Table: table(marks, "No technique is in it.")}}
	return d
}
