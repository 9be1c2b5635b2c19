package library

import (
	"context"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/near"
	"candor/internal/store"
)

// Software is the word for malware and tools together, as MITRE counts them.
const Software = "software"

// Kinds returns the kinds of object that a list can be narrowed to, in the order of
// use, and those that a release only needs for itself last.
func Kinds() []attack.Kind {
	return []attack.Kind{attack.KindTechnique, attack.KindSubTechnique, attack.KindAnalytic, attack.KindStrategy, attack.KindTactic,
		attack.KindComponent, attack.KindDataSource, attack.KindGroup, attack.KindMalware, attack.KindTool, attack.KindCampaign,
		attack.KindMitigation, attack.KindAsset, attack.KindMatrix,
		attack.KindRelationship, attack.KindCollection, attack.KindIdentity, attack.KindMarking}
}

// KindWords returns what a kind can be called: the kinds, and [Software].
func KindWords() []string {
	words := []string{}
	for _, k := range Kinds() {
		if words = append(words, string(k)); k == attack.KindTool {
			words = append(words, Software)
		}
	}
	return words
}

// KindsOf returns the kinds that words name: a kind or software, in whatever case,
// one or several, with a hyphen or a space ("Data Sources"). A word that names none
// is a fault.Usage that has the nearest ones.
func KindsOf(words []string) ([]attack.Kind, error) {
	var kinds []attack.Kind
	for _, w := range words {
		of, ok := kindsOf(w)
		if !ok {
			return nil, fault.New(fault.Usage, "there is no kind of object %q", w).At("kind").Next("%s", near.Hint(w, KindWords(), ""))
		}
		for _, k := range of {
			if !slices.Contains(kinds, k) {
				kinds = append(kinds, k)
			}
		}
	}
	return kinds, nil
}

func kindsOf(word string) ([]attack.Kind, bool) {
	w := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(word)), " ", "-")
	if w == Software {
		return []attack.Kind{attack.KindMalware, attack.KindTool}, true
	}
	for _, k := range Kinds() {
		plural := string(k) + "s"
		if stem, ok := strings.CutSuffix(string(k), "y"); ok {
			plural = stem + "ies"
		}
		if w == string(k) || w == plural {
			return []attack.Kind{k}, true
		}
	}
	return nil, false
}

// Narrowing returns q with its tactic, platform and log source as its release spells
// them; a tactic may be named by its ATT&CK ID, its short name or its name. What the
// release does not have is a fault.NotFound that has the nearest ones, so that a
// misspelt filter is not taken for one that nothing matches.
func (s *Service) Narrowing(ctx context.Context, q store.Query) (store.Query, error) {
	if q.Tactic == "" && q.Platform == "" && q.LogSource == "" {
		return q, nil
	}
	v, err := s.vocabulary(ctx, q.Release)
	if err != nil {
		return q, err
	}
	if q.Tactic, err = v.tactic(q.Tactic); err != nil {
		return q, err
	}
	if q.Platform, err = v.oneOf("platform", q.Platform, v.platforms); err != nil {
		return q, err
	}
	q.LogSource, err = v.oneOf("log_source", q.LogSource, v.sources)
	return q, err
}

// vocabulary is the words of a release that lists are narrowed by.
type vocabulary struct {
	release            attack.Release
	tactics            []*attack.Object
	platforms, sources []string // sorted
}

func (s *Service) vocabulary(ctx context.Context, r attack.Release) (*vocabulary, error) {
	if v, ok := s.words.Load(editionOf(r)); ok {
		return v.(*vocabulary), nil
	}
	lib, err := s.store.Load(ctx, r, "x-mitre-tactic", "attack-pattern", "x-mitre-analytic", "x-mitre-data-component", "malware", "tool", "x-mitre-asset")
	if err != nil {
		return nil, err
	}
	v := &vocabulary{release: r}
	for _, o := range lib.Objects() {
		if o.Kind == attack.KindTactic {
			v.tactics = append(v.tactics, o)
		}
		v.platforms = append(v.platforms, o.Platforms...)
		for _, l := range slices.Concat(o.LogSources, o.Channels) {
			v.sources = append(v.sources, l.Name)
		}
	}
	for _, words := range []*[]string{&v.platforms, &v.sources} {
		slices.Sort(*words)
		*words = slices.Clip(slices.Compact(*words))
	}
	s.words.Store(editionOf(r), v)
	return v, nil
}

// tactic returns the ATT&CK ID of the tactic that a word names.
func (v *vocabulary) tactic(word string) (string, error) {
	if word == "" {
		return "", nil
	}
	var names []string
	for _, o := range v.tactics {
		if strings.EqualFold(o.ATTACKID, word) || strings.EqualFold(o.ShortName, word) || strings.EqualFold(o.Name, word) {
			return o.ATTACKID, nil
		}
		if o.Live() {
			names = append(names, o.ShortName)
		}
	}
	slices.Sort(names)
	return "", fault.New(fault.NotFound, "%s has no tactic %q", v.release, word).At("tactic").Next("%s", near.Hint(word, names, ""))
}

// oneOf returns a word as the known ones spell it; no word stays none.
func (v *vocabulary) oneOf(field, word string, known []string) (string, error) {
	if word == "" {
		return "", nil
	}
	if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, word) }); i >= 0 {
		return known[i], nil
	}
	return "", fault.New(fault.NotFound, "%s has no %s %q", v.release, strings.ReplaceAll(field, "_", " "), word).At("%s", field).
		Next("%s", near.Hint(word, known, "the analytics and data components of the release name them"))
}
