package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/attack/diff"
)

// mostChanges is how many objects of one kind that changed alike are listed.
const mostChanges = 40

// changesView is what changed between two releases.
type changesView struct {
	frame
	From  string   // the version of the older release
	Older []choice // what it may be compared with
	// Columns are the ways to change that occur.
	Columns []diff.Category
	Kinds   []kindView
}

// kindView is the changed objects of one kind.
type kindView struct {
	Name, Anchor string
	Cells        []changeCell // by column
}

// changeCell is the objects of one kind that changed in one way.
type changeCell struct {
	Category diff.Category
	Anchor   string
	Count    int
	Rows     []changeRow
}

// changeRow is one changed object.
type changeRow struct {
	diff.Changed
	URL    string
	Fields string
	Chip   *chip // how it stands here
}

func (s *site) changes(r *http.Request) (view, error) {
	fr, err := s.begin(r, "objects", "Changes")
	if err != nil {
		return view{}, err
	}
	all, err := s.Index.Releases(r.Context())
	if err != nil {
		return view{}, err
	}
	v := changesView{frame: fr, From: strings.TrimSpace(r.URL.Query().Get("from"))}
	v.older(all)
	if len(v.Older) == 0 {
		return view{name: "changes", data: v}, nil
	}
	report, err := s.Objects.Diff(r.Context(), v.From, fr.Release.Version, fr.Release.Domain)
	if err != nil {
		return view{}, err
	}
	v.From = report.Old.Version
	v.Title = "Changes from " + v.From + " to " + report.New.String()
	v.fill(report)
	return view{name: "changes", data: v}, nil
}

// older lists the releases before the selected one, newest first. Without a
// choice it is the newest of them.
func (v *changesView) older(all []attack.Release) {
	for _, a := range slices.Backward(all) {
		if a.Domain != v.Release.Domain || attack.CompareVersions(a.Version, v.Release.Version) >= 0 ||
			slices.ContainsFunc(v.Older, func(c choice) bool { return c.Value == a.Version }) {
			continue
		}
		if v.From == "" {
			v.From = a.Version
		}
		v.Older = append(v.Older, choice{Name: a.String(), Value: a.Version, Chosen: a.Version == v.From})
	}
}

// fill sets what changed: the kinds that did, with the same columns for all.
func (v *changesView) fill(report diff.Report) {
	for _, c := range diff.Categories() {
		if slices.ContainsFunc(slices.Collect(maps.Values(report.ByKind)), func(ch diff.Changes) bool { return len(ch[c]) > 0 }) {
			v.Columns = append(v.Columns, c)
		}
	}
	for _, name := range report.Order() {
		k, any := kindView{Name: words(name), Anchor: anchor(name)}, false
		for _, c := range v.Columns {
			entries := report.ByKind[name][c]
			any = any || len(entries) > 0
			k.Cells = append(k.Cells, v.cell(name, c, entries))
		}
		if any {
			v.Kinds = append(v.Kinds, k)
		}
	}
}

// cell lists objects that changed alike. What is gone is shown as the older
// release had it.
func (v *changesView) cell(kind string, c diff.Category, objects []diff.Changed) changeCell {
	cell := changeCell{Category: c, Anchor: anchor(kind + "-" + string(c)), Count: len(objects)}
	there := v.Sel
	there.Domain, there.Release = attack.ShortDomain(v.Release.Domain), v.Release.Version
	if c == diff.Deletion {
		there.Release, there.rungs = v.From, nil
	}
	for _, e := range objects[:min(len(objects), mostChanges)] {
		cell.Rows = append(cell.Rows, changeRow{Changed: e, URL: there.Object(e.ID), Chip: there.Chip(e.ID), Fields: strings.Join(slices.Sorted(maps.Keys(e.Fields)), ", ")})
	}
	return cell
}

// More is how many objects are not listed.
func (c changeCell) More() int { return c.Count - len(c.Rows) }

// changed says how an object changed, of one object.
func changed(c diff.Category) string {
	switch c {
	case diff.Addition:
		return "added"
	case diff.Deletion:
		return "gone"
	case diff.Revocation:
		return "revoked"
	case diff.Deprecation:
		return "deprecated"
	case diff.Unrevocation:
		return "no longer revoked"
	case diff.Undeprecation:
		return "no longer deprecated"
	case diff.Major:
		return "new major version"
	case diff.Minor:
		return "new minor version"
	case diff.OtherVersion:
		return "other version"
	case diff.Patch:
		return "patched, same version"
	case diff.Content:
		return "changed without a mark"
	case diff.Retired:
		return "changed while revoked or deprecated"
	}
	return words(string(c))
}
