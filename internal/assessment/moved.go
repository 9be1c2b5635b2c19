package assessment

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/diff"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/gap"
	"candor/internal/roster"
	"candor/internal/standing"
)

// Touched is what evidence here names or claims of one object.
type Touched struct {
	// Rules are those in force that name the object, or whose claims on its analytics in
	// either release can hold, by their names.
	Rules []Claimant
	// Exercises is how many name it.
	Exercises int
	Runbooks  []string
	// Gaps are those that people stated about it, and Notes says that they wrote about it.
	Gaps  []gap.Listed
	Notes bool
	// Rung is that of an analytic, of a strategy or technique the worst case of its own
	// analytics that apply; empty for anything else, and for what the newer release has no
	// more. Was is the same by the older release, judged on the same day by the same evidence
	// and policy.
	Rung, Was assure.Rung
}

// Claimant is a rule.
type Claimant struct{ ID, Name string }

// Ways are the ways in which evidence here has to do with the object.
func (t *Touched) Ways() []string {
	var ways []string
	for _, w := range []struct {
		name string
		has  bool
	}{{"rules", len(t.Rules) > 0}, {"exercises", t.Exercises > 0}, {"runbooks", len(t.Runbooks) > 0}, {"gaps", len(t.Gaps) > 0}, {"notes", t.Notes}} {
		if w.has {
			ways = append(ways, w.name)
		}
	}
	return ways
}

// Change is an object that differs between two releases, with what has to do with it here.
type Change struct {
	diff.Changed
	Kind     string
	Category diff.Category
	Touched  Touched
}

// Renamed reports whether the object has another name.
func (c *Change) Renamed() bool {
	_, ok := c.Fields["name"]
	return ok
}

// Changes says of each object that differs between the releases of a report what has to do
// with it here, by the verdicts of the release of r and of the older one. Relationships are
// left out.
func (s *Service) Changes(ctx context.Context, r Request, report diff.Report) ([]Change, error) {
	h, err := s.touching(ctx, r)
	if err != nil {
		return nil, err
	}
	before := r
	before.Release = attack.ReleaseRef{Domain: report.Old.Domain, Version: report.Old.Version}
	if h.older, err = s.Board(ctx, before); err != nil {
		return nil, err
	}
	var all []Change
	for _, kind := range report.Order() {
		if kind == "relationships" {
			continue
		}
		for _, c := range diff.Categories() {
			for _, o := range report.ByKind[kind][c] {
				all = append(all, Change{Changed: o, Kind: kind, Category: c, Touched: h.of(o.ID, o.ATTACKID)})
			}
		}
	}
	return all, nil
}

// touching is what evidence names, by what it calls it.
type touching struct {
	board     *standing.Board
	older     *standing.Board
	rules     map[string][]Claimant
	exercises map[string]int
	runbooks  map[string][]string
	gaps      map[string][]gap.Listed
	notes     map[string]bool
}

// touching reads what evidence names.
func (s *Service) touching(ctx context.Context, r Request) (*touching, error) {
	g, err := s.generation(ctx)
	if err != nil {
		return nil, err
	}
	ev, err := s.read(ctx, g, r)
	if err != nil {
		return nil, err
	}
	h := &touching{rules: map[string][]Claimant{}, exercises: map[string]int{}, runbooks: map[string][]string{}, gaps: map[string][]gap.Listed{}, notes: map[string]bool{}}
	for i := range ev.Rules {
		rule := &ev.Rules[i].Value
		for _, id := range slices.Concat(rule.Techniques, rule.Analytics) {
			id = strings.ToUpper(id)
			h.rules[id] = append(h.rules[id], Claimant{rule.ID, rule.Name})
		}
	}
	for i := range ev.Exercises {
		e := &ev.Exercises[i].Value
		for _, id := range []string{e.Technique, e.Analytic} {
			h.exercises[strings.ToUpper(id)]++
		}
	}
	for i := range ev.Runbooks {
		for _, id := range ev.Runbooks[i].Value.AppliesTo {
			h.runbooks[strings.ToUpper(id)] = append(h.runbooks[strings.ToUpper(id)], ev.Runbooks[i].Value.ID)
		}
	}
	return h, s.written(ctx, r, h)
}

// written adds what people stated and wrote, and the verdicts.
func (s *Service) written(ctx context.Context, r Request, h *touching) error {
	register, err := s.Gaps(ctx, r)
	if err != nil {
		return err
	}
	for _, x := range register.Gaps {
		if x.Object != nil {
			h.gaps[x.Object.StixID] = append(h.gaps[x.Object.StixID], x)
		}
	}
	annotated, err := s.Annotated(ctx)
	if err != nil {
		return err
	}
	for _, n := range annotated {
		h.notes[n.StixID] = true
	}
	h.board, err = s.Board(ctx, r)
	return err
}

func (h *touching) of(stixID, attackID string) Touched {
	t := Touched{Gaps: h.gaps[stixID], Notes: h.notes[stixID], Rung: h.board.Worst(stixID), Was: h.older.Worst(stixID)}
	if attackID != "" {
		t.Rules, t.Exercises, t.Runbooks = slices.Clone(h.rules[attackID]), h.exercises[attackID], h.runbooks[attackID]
	}
	for _, v := range slices.Concat(h.board.Beneath(stixID), h.older.Beneath(stixID)) {
		for i := range v.Claims {
			if c := &v.Claims[i]; !c.Cannot() {
				t.Rules = append(t.Rules, Claimant{c.RuleID, c.RuleName})
			}
		}
	}
	slices.SortFunc(t.Rules, func(a, b Claimant) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID)) })
	t.Rules = slices.Compact(t.Rules)
	return t
}

// ChangeOf returns one of the changes by its STIX or ATT&CK ID. One that there is not is
// fault.NotFound.
func ChangeOf(all []Change, id string) (*Change, error) {
	for i := range all {
		if strings.EqualFold(all[i].ID, id) || strings.EqualFold(all[i].ATTACKID, id) {
			return &all[i], nil
		}
	}
	return nil, fault.New(fault.NotFound, "%s does not differ between these releases", id).Next("candor attack diff lists what does")
}

// ChangesRoster lists changes; how says in words how an object changed.
func ChangesRoster(all []Change, from, to string, how func(diff.Category) string) roster.List {
	l := roster.List{Name: "changes", Title: "What changed from " + from + " to " + to, Order: "kind, then how it changed, then ATT&CK ID",
		About: figure.Sprintf("%d objects of %s differ from %s, with the rules, exercises, runbooks, gaps and notes here that name or claim each. Relationships are left out.", len(all), to, from),
		Empty: "Nothing that these releases carry differs."}
	roster.Fill(&l, all, []roster.Col[Change]{
		{Column: roster.Column{Key: "id", Name: "Object", Kind: roster.Text, NoteKey: "name", Hint: "leads to both sides"}, Cell: func(c *Change) roster.Cell {
			return roster.To(roster.ToChange, c.ID, cmp.Or(c.ATTACKID, c.ID)).With(c.Name)
		}},
		choice("kind", "Kind", func(c *Change) roster.Cell { return roster.Words(strings.ReplaceAll(c.Kind, "_", " ")) }),
		choice("how", "How", func(c *Change) roster.Cell {
			ways := []string{how(c.Category)}
			if c.Renamed() {
				ways = append(ways, "renamed")
			}
			return roster.Several(ways)
		}),
		words("fields", "Fields", func(c *Change) string { return strings.Join(slices.Sorted(maps.Keys(c.Fields)), ", ") }),
		choice("touches", "Touches us", func(c *Change) roster.Cell {
			ways := c.Touched.Ways()
			cell := roster.Several(ways)
			if len(ways) > 0 {
				cell.Values = append([]string{"anything"}, ways...)
			}
			return cell
		}),
		count("rules", "Rules", "in force that name it or claim its analytics", func(c *Change) int { return len(c.Touched.Rules) }),
		count("exercises", "Exercises", "that name it", func(c *Change) int { return c.Touched.Exercises }),
		{Column: roster.Column{Key: "was", Name: "Worst case by " + from, Kind: roster.Rung, Hint: "on the same day, by the same evidence"}, Cell: func(c *Change) roster.Cell { return roster.Stands(c.Touched.Was) }},
		{Column: roster.Column{Key: "worst", Name: "Worst case here", Kind: roster.Rung, Hint: "in " + to}, Cell: func(c *Change) roster.Cell { return roster.Stands(c.Touched.Rung) }},
	})
	return l
}
