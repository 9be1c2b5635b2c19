// Package diff says what changed between two releases of an ATT&CK domain, in
// the categories that MITRE publishes and a few that MITRE's tool leaves out.
//
// It compares what objects mean: key order, white space, escapes and what
// differs between the two editions of STIX are no change. It refuses to weigh
// changes, and leaves out the collection object, which differs by definition.
package diff

import (
	"cmp"
	"encoding/json"
	"runtime"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/crew"
)

// Category is how an object changed. Each changed object is in one category.
type Category string

// The categories, in the order in which they take precedence: of an object that
// fits several, the first counts.
const (
	Addition      Category = "additions"
	Deletion      Category = "deletions"
	Revocation    Category = "revocations"
	Deprecation   Category = "deprecations"
	Unrevocation  Category = "unrevocations"
	Undeprecation Category = "undeprecations"
	Major         Category = "major_version_changes" // M.N to (M+1).0
	Minor         Category = "minor_version_changes" // M.N to M.(N+1)
	OtherVersion  Category = "other_version_changes" // any other, decreases included
	Patch         Category = "patches"               // same version; modified or description differs
	Content       Category = "content_changes"       // same version, modified and description
	Retired       Category = "retired_changes"       // any change of an object that was and is revoked or deprecated
)

// Categories lists every category in the order in which reports show them.
func Categories() []Category {
	return []Category{
		Addition, Major, Minor, OtherVersion, Patch, Revocation, Deprecation, Deletion, Unrevocation, Undeprecation, Content, Retired,
	}
}

// kinds maps STIX types to the names under which reports group them.
var kinds = map[string]string{
	"attack-pattern": "techniques", "malware": "software", "tool": "software", "intrusion-set": "groups",
	"campaign": "campaigns", "x-mitre-asset": "assets", "course-of-action": "mitigations",
	"x-mitre-data-source": "data_sources", "x-mitre-data-component": "data_components",
	"x-mitre-detection-strategy": "detection_strategies", "x-mitre-analytic": "analytics",
	"x-mitre-tactic": "tactics", "x-mitre-matrix": "matrices", "relationship": "relationships",
}

// Kinds lists the kinds that every report has, in order. Types that are not
// known follow under their own name.
func Kinds() []string {
	return []string{
		"techniques", "software", "groups", "campaigns", "assets", "mitigations", "data_sources", "data_components",
		"detection_strategies", "analytics", "tactics", "matrices", "relationships",
	}
}

// Side is one release, as far as it is compared.
type Side struct {
	Release attack.Release
	// Raw holds the bytes of objects by STIX id. Objects whose bytes are the same
	// in both releases may be left out of both sides.
	Raw map[string][]byte
	// Names holds what objects are called, by STIX id. It is used for the ends of
	// relationships; one that is missing is named by its STIX id alone.
	Names map[string]Name
}

// Name is what an object is called.
type Name struct {
	ID       string `json:"id"`
	ATTACKID string `json:"attack_id"`
	Name     string `json:"name"`
}

// Values is a field's value before and after; null where the field is not there.
type Values struct {
	Old json.RawMessage `json:"old"`
	New json.RawMessage `json:"new"`
}

// Changed is one changed object.
type Changed struct {
	ID         string `json:"id"`
	ATTACKID   string `json:"attack_id"`
	Name       string `json:"name"`
	OldVersion string `json:"old_version"`
	NewVersion string `json:"new_version"`
	// Lifecycle is "live", "revoked" or "deprecated", in the newer release that has
	// the object. MITRE's tool leaves out objects that were dead and still are.
	Lifecycle string `json:"lifecycle"`
	// Fields holds the fields that differ; it is empty for additions and deletions.
	Fields map[string]Values `json:"fields"`
	*Ties
}

// Ties is what live relationships say of a technique in one release only.
type Ties struct {
	Mitigations Exchange `json:"mitigations"`
	Detections  Exchange `json:"detections"`
	Procedures  Exchange `json:"procedures"`
}

// Exchange is what was gained and lost.
type Exchange struct {
	Gained []Name `json:"gained"`
	Lost   []Name `json:"lost"`
}

// Tied is a technique with the ties that it gained or lost, whether it changed
// itself or not.
type Tied struct {
	Name
	Ties
}

// Changes is the changed objects of a kind by category.
type Changes map[Category][]Changed

// Report is what changed between two releases.
type Report struct {
	Old, New attack.Release
	// ByKind holds the changes by kind; each of Kinds is there.
	ByKind map[string]Changes
	// Ties lists every technique that gained or lost a mitigation, a detection or
	// a procedure, by ATT&CK ID.
	Ties []Tied
}

// MarshalJSON writes the report as one object: "old", "new", "ties", and each
// kind with every category, empty ones included.
func (r Report) MarshalJSON() ([]byte, error) {
	out := map[string]any{"old": r.Old, "new": r.New, "ties": r.Ties}
	for kind, changes := range r.ByKind {
		full := map[Category][]Changed{}
		for _, c := range Categories() {
			full[c] = append([]Changed{}, changes[c]...)
		}
		out[kind] = full
	}
	return json.Marshal(out)
}

// Order lists the kinds of the report: those of [Kinds], then others by name.
func (r Report) Order() []string {
	order := Kinds()
	var others []string
	for k := range r.ByKind {
		if !slices.Contains(order, k) {
			others = append(others, k)
		}
	}
	slices.Sort(others)
	return append(order, others...)
}

// Count returns how many objects of a kind are in a category; an empty kind
// means all kinds.
func (r Report) Count(kind string, c Category) int {
	n := 0
	for k, changes := range r.ByKind {
		if kind == "" || k == kind {
			n += len(changes[c])
		}
	}
	return n
}

// Compare returns what changed from one release to another. It reads objects on
// every core; bytes that are not a JSON object count as an object without fields.
func Compare(from, to Side) Report {
	r := Report{Old: from.Release, New: to.Release, ByKind: map[string]Changes{}, Ties: []Tied{}}
	for _, k := range Kinds() {
		r.ByKind[k] = Changes{}
	}
	ids := union(from.Raw, to.Raw)
	pairs := make([]*pair, len(ids))
	cross := from.Release.STIX != to.Release.STIX
	inParallel(len(ids), func(i int) { pairs[i] = newPair(ids[i], from.Raw[ids[i]], to.Raw[ids[i]], cross) })
	pairs = slices.DeleteFunc(pairs, func(p *pair) bool { return p == nil })
	ties := tiesOf(pairs, from.Names, to.Names)
	for _, p := range pairs {
		r.add(p, ties)
	}
	for _, changes := range r.ByKind {
		for _, es := range changes {
			slices.SortFunc(es, func(a, b Changed) int { return compareNames(a.name(), b.name()) })
		}
	}
	for _, t := range ties {
		r.Ties = append(r.Ties, *t)
	}
	slices.SortFunc(r.Ties, func(a, b Tied) int { return compareNames(a.Name, b.Name) })
	return r
}

func (e *Changed) name() Name { return Name{e.ID, e.ATTACKID, e.Name} }

func compareNames(a, b Name) int {
	return cmp.Or(strings.Compare(a.ATTACKID, b.ATTACKID), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
}

// add enters a pair into the report.
func (r *Report) add(p *pair, ties map[string]*Tied) {
	c, ok := p.category()
	if !ok {
		return
	}
	kind := kinds[p.typ]
	if kind == "" {
		kind = p.typ
	}
	if r.ByKind[kind] == nil {
		r.ByKind[kind] = Changes{}
	}
	e := p.listed()
	if t, ok := ties[p.id]; ok {
		e.Ties = &t.Ties
	} else if p.typ == "attack-pattern" {
		none := newTies()
		e.Ties = &none
	}
	r.ByKind[kind][c] = append(r.ByKind[kind][c], e)
}

// newTies returns the ties of a technique that gained and lost none.
func newTies() Ties {
	none := func() Exchange { return Exchange{Gained: []Name{}, Lost: []Name{}} }
	return Ties{Mitigations: none(), Detections: none(), Procedures: none()}
}

// union returns the ids of both sides in order.
func union(a, b map[string][]byte) []string {
	ids := make([]string, 0, len(b))
	for id := range a {
		ids = append(ids, id)
	}
	for id := range b {
		if _, ok := a[id]; !ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// inParallel calls fn for 0 to n-1 on every core.
func inParallel(n int, fn func(i int)) {
	const chunk = 64
	next := make(chan int)
	var wg crew.Workers
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for from := range next {
				wg.Do(func() {
					for i := from; i < min(from+chunk, n); i++ {
						fn(i)
					}
				})
			}
		})
	}
	for i := 0; i < n; i += chunk {
		next <- i
	}
	close(next)
	wg.Wait()
}
