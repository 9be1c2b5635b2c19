package web

import (
	"cmp"
	"context"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/mapping"
)

// columnField names the field of the form in which the column of a key is chosen.
const columnField = "column."

// mapField is a key of the kind that a mapping makes, with the columns it can come from.
type mapField struct {
	Name    string
	Need    bool
	Any     bool // a column is chosen
	Choices []choice
}

// Fields are the keys of the mapping as a form; none where no column is known.
func (v bringView) Fields() []mapField {
	if v.B == nil || v.B.Proposed == nil || len(v.B.Proposed.Columns) == 0 {
		return nil
	}
	p := v.B.Proposed
	var list []mapField
	for _, name := range mapping.Keys(p.Kind) {
		need, byType := mapping.Needed(p.Kind, name)
		if byType {
			continue // which the text alone can say
		}
		f := mapField{Name: name, Need: need, Any: p.Guessed[name] != ""}
		for _, c := range p.Columns {
			f.Choices = append(f.Choices, choice{Name: shown(c), Value: c.Name, Chosen: p.Guessed[name] == c.Name})
		}
		list = append(list, f)
	}
	slices.SortStableFunc(list, func(a, b mapField) int { return rank(a) - rank(b) })
	return list
}

// rank is less for what is to be looked at first.
func rank(f mapField) int {
	switch {
	case f.Need:
		return 0
	case f.Any:
		return 1
	}
	return 2
}

// mostExample is how much of a value a choice shows.
const mostExample = 30

// shown is a column with a value that it has.
func shown(c mapping.Seen) string {
	if c.Example == "" {
		return c.Name
	}
	example := []rune(c.Example)
	if len(example) > mostExample {
		example = append(example[:mostExample], '…')
	}
	return c.Name + ": " + string(example)
}

// Zone is the zone that was chosen.
func (v bringView) Zone() string {
	if v.B.Choice == nil {
		return ""
	}
	return v.B.Choice.Zone
}

// Zones are zones to choose from; any other of the time zone database can be written.
func (bringView) Zones() []string {
	return []string{"UTC", "Europe/Berlin", "Europe/London", "Europe/Helsinki", "America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney"}
}

// Orders are the orders of day and month.
func (v bringView) Orders() []choice {
	var list []choice
	for _, o := range [][2]string{{string(decode.Untold), "as the file tells"}, {string(decode.DayFirst), "day first"}, {string(decode.MonthFirst), "month first"}} {
		list = append(list, choice{Name: o[1], Value: o[0], Chosen: v.B.Dates == o[0]})
	}
	return list
}

// choose keeps what a form chooses of the columns.
func (b *brought) choose(f url.Values) {
	c := mapping.Choice{Columns: map[string]string{}, Zone: strings.TrimSpace(f.Get("zone"))}
	if b.Kind == "" {
		b.Kind = cmp.Or(b.Told, evidence.Alerts)
	}
	for name := range f {
		if key, ok := strings.CutPrefix(name, columnField); ok {
			c.Columns[key] = f.Get(name)
		}
	}
	b.Choice, b.Dates = &c, f.Get("dates")
}

// compose makes the mapping of what was chosen, and keeps it as the one of the files;
// nil where nothing was chosen.
func (b *brought) compose() (*ingest.Proposed, error) {
	if b.Choice == nil {
		return nil, nil
	}
	r := ingest.Request{Kind: b.Kind, Paths: b.Names[:1], Dir: b.Folder.Path(), Dates: b.Dates, Choice: *b.Choice}
	p, err := r.Propose(context.Background())
	switch {
	case err != nil && p.Text == "":
		return nil, err
	case len(p.Missing) > 0:
		return &p, fault.New(fault.Invalid, "nothing is chosen for %s", strings.Join(p.Missing, ", ")).Next("choose a column for each, or write the mapping as text")
	}
	if wrong := os.WriteFile(filepath.Join(b.Folder.Path(), mappingFile), []byte(p.Text), 0o600); wrong != nil {
		return nil, fault.New(fault.Unavailable, "the mapping cannot be kept").Because(wrong).Next("make room in the folder of temporary files")
	}
	b.Mapping = p.Text
	return &p, err
}

// proposed returns a mapping for the first of the files, if one can be proposed.
func proposed(b brought, kind string) *ingest.Proposed {
	if !slices.Contains(mapping.Kinds(), kind) {
		return nil
	}
	r := ingest.Request{Kind: kind, Paths: b.Names[:1], Dir: b.Folder.Path()}
	p, err := r.Propose(context.Background())
	if err != nil && p.Text == "" {
		return nil
	}
	return &p
}
