package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/fault"
	"candor/internal/near"
	"candor/internal/roster"
)

// sortable is a column of the list of verdicts, and how verdicts compare by it.
type sortable struct {
	key, name string
	compare   func(a, b *assure.Verdict) int
}

// sortables are the columns of the list of verdicts.
func sortables() []sortable {
	first := func(ns []assure.Name) string {
		if len(ns) == 0 {
			return ""
		}
		return cmp.Or(ns[0].ATTACKID, ns[0].StixID)
	}
	claimed := func(v *assure.Verdict) int {
		if v.Claimed {
			return 1
		}
		return 0
	}
	step := func(v *assure.Verdict) string {
		if len(v.Next) == 0 {
			return ""
		}
		return v.Next[0].Text
	}
	return []sortable{
		{"analytic", "Analytic", func(a, b *assure.Verdict) int { return strings.Compare(a.Analytic.ATTACKID, b.Analytic.ATTACKID) }},
		{"rung", "Rung", func(a, b *assure.Verdict) int {
			return cmp.Compare(slices.Index(assure.Rungs(), a.Rung), slices.Index(assure.Rungs(), b.Rung))
		}},
		{"technique", "Technique", func(a, b *assure.Verdict) int { return strings.Compare(first(a.Techniques), first(b.Techniques)) }},
		{"tactics", "Tactics", func(a, b *assure.Verdict) int { return strings.Compare(tacticNames(a), tacticNames(b)) }},
		{"on", "Platform", func(a, b *assure.Verdict) int {
			return strings.Compare(strings.Join(a.Platforms, ", "), strings.Join(b.Platforms, ", "))
		}},
		{"claims", "Claimed", func(a, b *assure.Verdict) int { return cmp.Compare(claimed(a), claimed(b)) }},
		{"step", "First next step", func(a, b *assure.Verdict) int { return strings.Compare(step(a), step(b)) }},
	}
}

func tacticNames(v *assure.Verdict) string {
	var names []string
	for _, t := range v.Tactics {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

// inOrder sorts verdicts as a request asks; without a wish they stay as they are. What
// compares equal keeps its order.
func inOrder(r *http.Request, list []assure.Verdict) ([]assure.Verdict, error) {
	asked := r.URL.Query().Get("sort")
	if asked == "" {
		return list, nil
	}
	key, down := strings.CutPrefix(asked, "-")
	var keys []string
	for _, c := range sortables() {
		if keys = append(keys, c.key); c.key != key {
			continue
		}
		sorted := slices.Clone(list) // which others share
		slices.SortStableFunc(sorted, func(a, b assure.Verdict) int {
			if down {
				return c.compare(&b, &a)
			}
			return c.compare(&a, &b)
		})
		return sorted, nil
	}
	return nil, fault.New(fault.Usage, "there is no sort %q", asked).At("sort").Next("%s", near.Hint(asked, keys, ""))
}

// verdictHeads are the heads of the list, each with the address that sorts by it.
func verdictHeads(r *http.Request) []head {
	asked, heads := r.URL.Query().Get("sort"), []head{}
	for _, c := range sortables() {
		h, to, q := head{Column: roster.Column{Key: c.key, Name: c.name}}, c.key, url.Values{}
		for k, values := range r.URL.Query() {
			if k != "offset" {
				q[k] = values
			}
		}
		switch asked {
		case c.key:
			h.Sorted, to = "ascending", "-"+c.key
		case "-" + c.key:
			h.Sorted = "descending"
		}
		q.Set("sort", to)
		h.URL = r.URL.Path + "?" + q.Encode()
		heads = append(heads, h)
	}
	return heads
}

// verdictsFile is the list that a request asks for, as it is written to a file.
func (s *site) verdictsFile(r *http.Request) (rosterView, error) {
	v, rows, err := s.listVerdicts(r)
	if err != nil {
		return rosterView{}, err
	}
	names := func(ns []assure.Name) roster.Cell {
		var ids []string
		for _, n := range ns {
			ids = append(ids, cmp.Or(n.ATTACKID, n.StixID))
		}
		return roster.Cell{Text: strings.Join(ids, ", "), Values: ids}
	}
	column := func(key string, of func(*assure.Verdict) roster.Cell) roster.Col[assure.Verdict] {
		return roster.Col[assure.Verdict]{Column: roster.Column{Key: key, Name: key, Kind: roster.Text}, Cell: of}
	}
	l := roster.List{Name: "verdicts"}
	roster.Fill(&l, rows, []roster.Col[assure.Verdict]{
		column("analytic", func(v *assure.Verdict) roster.Cell { return names([]assure.Name{v.Analytic}) }),
		column("rung", func(v *assure.Verdict) roster.Cell { return roster.Words(string(v.Rung)) }),
		column("techniques", func(v *assure.Verdict) roster.Cell { return names(v.Techniques) }),
		column("tactics", func(v *assure.Verdict) roster.Cell { return names(v.Tactics) }),
		column("platforms", func(v *assure.Verdict) roster.Cell {
			return roster.Cell{Text: strings.Join(v.Platforms, ", "), Values: v.Platforms}
		}),
		column("claimed", func(v *assure.Verdict) roster.Cell {
			if v.Claimed {
				return roster.Words("yes")
			}
			return roster.Words("no")
		}),
		column("first_next_step", func(v *assure.Verdict) roster.Cell {
			if len(v.Next) == 0 {
				return roster.Cell{}
			}
			return roster.Words(v.Next[0].Text)
		}),
	})
	return rosterView{frame: v.frame, L: l}, nil
}
