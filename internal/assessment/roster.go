package assessment

import (
	"context"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/near"
	"candor/internal/roster"
)

// rosters are the lists that there are, by their names in the order of menus.
var rosters = [...]struct {
	Roster
	of func(*Service, context.Context, Request) (roster.List, error)
}{
	{Roster{"rules", "Rules", "what looks, what it claims, what it raised", false}, (*Service).rulesRoster},
	{Roster{"log-sources", "Log sources", "what is declared, what arrives, what waits for it", false}, (*Service).sourcesRoster},
	{Roster{"fields", "Fields", "in what share of events they arrive", false}, (*Service).fieldsRoster},
	{Roster{"external-sources", "External sources", "what others see for us, how it is rated, what came", false}, (*Service).externalsRoster},
	{Roster{"exercises", "Exercises", "what was done on purpose, and what alerts say of it", false}, (*Service).exercisesRoster},
	{Roster{"runbooks", "Runbooks", "what to do, who answers for it, when it was used", false}, (*Service).runbooksRoster},
	{Roster{"signals", "Signals", "weak and external observations", false}, (*Service).signalsRoster},
	{Roster{"exceptions", "Exceptions of rules", "what rules are told to pass over", false}, (*Service).exceptionsRoster},
	{Roster{"cases", "Incidents", "what was reviewed after the fact", false}, (*Service).casesRoster},
	{Roster{"measurements", "Measurements", "what the alerts of each rule say", false}, (*Service).measurementsRoster},
	{Roster{"techniques", "Techniques", "how they and their sub-techniques stand", true}, standingRoster("techniques", attack.KindTechnique, attack.KindSubTechnique)},
	{Roster{"tactics", "Tactics", "how their techniques stand", true}, standingRoster("tactics", attack.KindTactic)},
	{Roster{"groups", "Groups", "how the techniques that they use stand", true}, standingRoster("groups", attack.KindGroup)},
	{Roster{"campaigns", "Campaigns", "how the techniques that they used stand", true}, standingRoster("campaigns", attack.KindCampaign)},
	{Roster{"software", "Software", "how the techniques that it uses stand", true}, standingRoster("pieces of software", attack.KindMalware, attack.KindTool)},
	{Roster{"mitigations", "Mitigations", "how the techniques that they mitigate stand", true}, standingRoster("mitigations", attack.KindMitigation)},
	{Roster{"data-components", "Data components", "how the techniques that they show stand", true}, standingRoster("data components", attack.KindComponent)},
}

// Roster names a list of what there is.
type Roster struct {
	// Name names it in addresses and commands, Title on pages; About says what it has.
	Name  string `json:"name"`
	Title string `json:"title"`
	About string `json:"about"`
	// Standing says that it is of objects of a release, with how they stand.
	Standing bool `json:"standing"`
}

// Rosters are the lists that there are, in the order of menus.
func Rosters() []Roster {
	list := make([]Roster, len(rosters))
	for i := range rosters {
		list[i] = rosters[i].Roster
	}
	return list
}

// Roster returns the list that has a name, as it stands on the day of r. A list that
// there is not is fault.NotFound; else it fails as Assess does, but lists of evidence
// need no release.
func (s *Service) Roster(ctx context.Context, r Request, name string) (roster.List, error) {
	var names []string
	for i := range rosters {
		x := &rosters[i]
		if x.Name != name {
			names = append(names, x.Name)
			continue
		}
		l, err := x.of(s, ctx, r)
		l.Name, l.Title = x.Name, x.Title
		return l, err
	}
	return roster.List{}, fault.New(fault.NotFound, "there is no list %q", name).At("list").Next("%s", near.Hint(name, names, ""))
}

// batchColumn is the column of the batch that brought a row.
func batchColumn[T any](of func(*T) string) roster.Col[T] {
	return roster.Col[T]{Column: roster.Column{Key: "batch", Name: "Batch", Kind: roster.Text},
		Cell: func(x *T) roster.Cell { return roster.To(roster.ToBatch, of(x), "") }}
}

// words is a column of text.
func words[T any](key, name string, of func(*T) string) roster.Col[T] {
	return roster.Col[T]{Column: roster.Column{Key: key, Name: name, Kind: roster.Text}, Cell: func(x *T) roster.Cell { return roster.Words(of(x)) }}
}

// choice is a column of text that the list can be narrowed by.
func choice[T any](key, name string, of func(*T) roster.Cell) roster.Col[T] {
	return roster.Col[T]{Column: roster.Column{Key: key, Name: name, Kind: roster.Text, Choice: true}, Cell: of}
}

// count is a column of numbers.
func count[T any](key, name, hint string, of func(*T) int) roster.Col[T] {
	return roster.Col[T]{Column: roster.Column{Key: key, Name: name, Hint: hint, Kind: roster.Number}, Cell: func(x *T) roster.Cell { return roster.Count(int64(of(x))) }}
}

// named is a list's links to objects of a release.
func linked(ns []assure.Name) roster.Cell {
	var c roster.Cell
	for i, n := range ns {
		if i > 0 {
			c.Text += ", "
		}
		id := n.ATTACKID
		if id == "" {
			id = n.StixID
		}
		c.Text += id
		c.Values = append(c.Values, id)
		c.Links = append(c.Links, roster.Link{Text: id, To: roster.ToObject, ID: id, Title: n.Name})
	}
	return c
}
