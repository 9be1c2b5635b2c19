package dettect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/evidence"
)

// Rules reads a technique administration (file_type technique-administration,
// version 1.0 to 1.2): a rule for each technique and group of systems whose newest
// detection score is 1 or more. It fails with fault.Invalid when the file as a
// whole is none.
func Rules(file string, data []byte) (evidence.Decoded[detection.Rule], error) {
	m, err := open(file, data, typeTechniques)
	if err != nil {
		return evidence.Decoded[detection.Rule]{}, err
	}
	a := &scores{file: file, seen: map[string]int{}, platforms: platforms(m.Strings("platform"))}
	list, rejects := m.Maps("techniques")
	a.out.Rejects = append(a.out.Rejects, rejects...)
	for _, t := range list {
		a.technique(t)
	}
	a.out.Warnings = append(append(m.Unknown(), a.out.Warnings...), a.passedOver(m)...)
	return a.out, nil
}

// scores reads the techniques of one file.
type scores struct {
	file      string
	platforms []string
	seen      map[string]int // rules by id
	out       evidence.Decoded[detection.Rule]
	// none counts the detection entries that score below 1, and visibility the
	// entries of visibility by their score.
	none       int
	visibility [5]int
}

func (a *scores) technique(m *decode.Map) {
	id := strings.ToUpper(m.Need("technique_id"))
	if !decode.TechniqueID(id) {
		m.Fail("technique_id", id, "not a technique's ATT&CK ID such as T1059.001")
	}
	name := m.String("technique_name")
	detections, visible := a.items(m, "detection"), a.items(m, "visibility")
	a.out.Warnings = append(a.out.Warnings, m.Unknown()...)
	if a.failed(m) {
		return
	}
	for _, d := range detections {
		a.detection(d, id, name)
	}
	for _, v := range visible {
		v.Know("applicable_to", "comment")
		newest := a.newest(v, 0, 4)
		a.out.Warnings = append(a.out.Warnings, v.Unknown()...)
		if !a.failed(v) {
			a.visibility[newest.value]++
		}
	}
}

// items returns what stands under a key: a list, or one alone, as versions
// before 1.2 may have it.
func (a *scores) items(m *decode.Map, key string) []*decode.Map {
	if n := m.Node(key); n != nil && n.Kind == yaml.MappingNode {
		return []*decode.Map{m.Map(key)}
	}
	list, rejects := m.Maps(key)
	a.out.Rejects = append(a.out.Rejects, rejects...)
	return list
}

func (a *scores) failed(m *decode.Map) bool {
	r, bad := m.Bad()
	if bad {
		a.out.Rejects = append(a.out.Rejects, r)
	}
	return bad
}

// detection reads one entry of a technique, which stands for a rule on each of
// the groups of systems that it applies to.
func (a *scores) detection(m *decode.Map, id, name string) {
	where, comment, to := m.Strings("location"), m.String("comment"), m.Strings("applicable_to")
	newest := a.newest(m, -1, 5)
	a.out.Warnings = append(a.out.Warnings, m.Unknown()...)
	if a.failed(m) {
		return
	}
	if newest.value < 1 {
		a.none++
		return
	}
	if len(to) == 0 {
		to = []string{all}
	}
	r := detection.Rule{
		Format: Format, Stated: true, Enabled: true, Status: "detection score " + strconv.Itoa(newest.value), Techniques: []string{id}, Path: a.file,
		Source: strings.Join(where, "; "), Modified: newest.date,
	}
	for _, group := range to {
		v := r
		v.ID = Format + ":" + id + ":" + group
		v.Name = title(where, comment, strings.TrimSpace(id+" "+name)) + " (" + group + ")"
		v.Platforms = a.on(group)
		a.add(v)
	}
}

// add keeps a rule. A technique may have several entries for the same systems:
// then each is a rule.
func (a *scores) add(r detection.Rule) {
	a.seen[r.ID]++
	if n := a.seen[r.ID]; n > 1 {
		r.ID += "#" + strconv.Itoa(n)
	}
	a.out.Records = append(a.out.Records, r)
}

// on returns the platforms of a group of systems. The file says which platforms
// it is about, and of which a group is only when there is one, or when the group has the
// name of one.
func (a *scores) on(group string) []string {
	if i := slices.IndexFunc(a.platforms, func(p string) bool { return strings.EqualFold(p, group) }); i >= 0 {
		return []string{a.platforms[i]}
	}
	if strings.EqualFold(group, all) || len(a.platforms) == 1 {
		return slices.Clone(a.platforms)
	}
	return nil
}

// title names a rule by where it is, else by its comment, else by its technique.
func title(where []string, comment, technique string) string {
	switch {
	case len(where) > 0:
		return strings.Join(where, ", ")
	case comment != "":
		return comment
	}
	return technique
}

// score is one entry of a logbook.
type score struct {
	value int
	date  string
}

// newest returns the entry of a logbook with the latest date, and of entries
// without one the first.
func (a *scores) newest(m *decode.Map, min, max int) score {
	if !m.Has("score_logbook") && m.Has("score") {
		return before(m, min, max)
	}
	book, rejects := m.Maps("score_logbook")
	for _, r := range rejects {
		m.Fail("score_logbook", r.Value, r.Reason)
	}
	if len(book) == 0 {
		m.Fail("score_logbook", "", "has no score")
	}
	var found score
	for i, e := range book {
		e.Know("comment", "auto_generated")
		s := score{e.Int("score", min, max), date(e, "date")}
		if e.String("score") == "" {
			e.Fail("score", "", "is missing or empty")
		}
		if r, bad := e.Bad(); bad {
			m.Fail("score_logbook", r.Value, r.Field+": "+r.Reason)
		}
		if i == 0 || s.date > found.date {
			found = s
		}
	}
	return found
}

// before returns the score of an entry as versions before 1.2 have it: one, with
// the date when the detection was made.
func before(m *decode.Map, min, max int) score {
	m.Know("date_registered")
	s := score{m.Int("score", min, max), date(m, "date_implemented")}
	if m.Has("date") {
		s.date = date(m, "date")
	}
	return s
}

// passedOver says what made no rule.
func (a *scores) passedOver(m *decode.Map) []string {
	var out []string
	if a.none > 0 {
		out = append(out, fmt.Sprintf("%s:%d: %d detection entries score below 1 and make no rule", a.file, m.Line("techniques"), a.none))
	}
	total, parts := 0, []string{}
	for value, n := range a.visibility {
		if total += n; n > 0 {
			parts = append(parts, fmt.Sprintf("%d of score %d", n, value))
		}
	}
	if total > 0 {
		out = append(out, fmt.Sprintf("%s:%d: %d visibility scores (%s) were passed over: Candor judges visibility from telemetry",
			a.file, m.Line("techniques"), total, strings.Join(parts, ", ")))
	}
	return out
}
