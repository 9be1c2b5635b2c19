package web

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/cache"
	"candor/internal/fault"
	"candor/internal/inert"
	"candor/internal/store"
)

// suggestPath is where the search field asks while somebody types.
const suggestPath = "/suggest"

// mostSuggested is how many objects are suggested at once, and mostSuggestedRules how many
// rules beside them; mostLetters is of how much text anything is suggested.
const (
	mostSuggested      = 8
	mostSuggestedRules = 4
	mostLetters        = 100
)

// suggestion is a page that somebody who types may mean.
type suggestion struct {
	Text  string `json:"text"`
	Title string `json:"title,omitempty"`
	Kind  string `json:"kind"`
	URL   string `json:"url"`
	// Rung is how it stands; nil where that was not asked for, or it stands nowhere.
	Rung *suggestedRung `json:"rung,omitempty"`
	stix string
}

// suggestedRung is a rung as the script shows it.
type suggestedRung struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Class string `json:"class"`
}

// calling is what suggestions are looked for in: a thing, and its id and name folded.
type calling struct {
	at         store.Located
	id, folded string
}

// directory keeps the names of releases, which do not change once they are imported.
type directory struct{ kept cache.Cache[[]calling] }

// of returns what a release has that can be suggested, in the order of kinds and their ids.
func (d *directory) of(ctx context.Context, index Index, rel attack.Release) ([]calling, error) {
	key := strings.Join([]string{rel.Domain, rel.Version, rel.STIX, rel.FileHash}, "\x1f")
	return d.kept.Of(ctx, key, func(ctx context.Context) ([]calling, error) {
		var list []calling
		for {
			some, all, err := index.List(ctx, store.Query{Release: rel, Kinds: kinds(), Lifecycle: "live", Sort: "id", Offset: len(list), Limit: namesAtOnce})
			if err != nil {
				return nil, err
			}
			for _, l := range some {
				list = append(list, calling{l, attack.Fold(l.ATTACKID), attack.Fold(l.ATTACKID + " " + l.Name)})
			}
			if len(some) == 0 || len(list) >= all {
				order := kinds() // of use
				slices.SortStableFunc(list, func(a, b calling) int {
					return cmp.Compare(slices.Index(order, a.at.Kind), slices.Index(order, b.at.Kind))
				})
				return list, nil
			}
		}
	})
}

// namesAtOnce is how many names are read at once.
const namesAtOnce = 10_000

// fit says how well what is typed fits an id and a name: 0 not at all, and more for better.
func fit(id, name, typed string) int {
	switch {
	case typed == "":
		return 0
	case id == typed:
		return 5
	case strings.HasPrefix(id, typed):
		return 4
	case strings.HasPrefix(strings.TrimPrefix(name, id+" "), typed):
		return 3
	}
	best := 2 // every word begins one
	for word := range strings.FieldsSeq(typed) {
		at := strings.Index(name, word)
		if at < 0 {
			return 0
		}
		if !beginsWord(name, word) {
			best = 1
		}
	}
	return best
}

// beginsWord reports whether a word of name begins with word.
func beginsWord(name, word string) bool {
	for from := 0; ; {
		at := strings.Index(name[from:], word)
		if at < 0 {
			return false
		}
		if at += from; at == 0 || strings.ContainsRune(" -_./:(", rune(name[at-1])) {
			return true
		}
		from = at + 1
	}
}

// best returns those of a list that fit best, in the order of the list among those that
// fit equally.
func best[T any](list []T, most int, fits func(*T) int) []*T {
	type found struct {
		of  *T
		fit int
	}
	var hits []found
	for i := range list {
		if n := fits(&list[i]); n > 0 {
			hits = append(hits, found{&list[i], n})
		}
	}
	slices.SortStableFunc(hits, func(a, b found) int { return cmp.Compare(b.fit, a.fit) })
	var chosen []*T
	for _, h := range hits[:min(most, len(hits))] {
		chosen = append(chosen, h.of)
	}
	return chosen
}

// suggest answers what somebody may mean who typed so far, as JSON. How it stands is
// said when it is asked for, as that may have to be judged first.
func (s *site) suggest(w http.ResponseWriter, r *http.Request) {
	now := *s
	list, err := []suggestion{}, error(nil)
	if now.inForce, err = s.Policy(); err == nil {
		list, err = now.suggestions(r)
	}
	status := http.StatusOK
	if err != nil {
		status = fault.HTTPStatus(err)
		if status >= http.StatusInternalServerError {
			s.Log.ErrorContext(r.Context(), "suggest", "path", r.URL.Path, "error", err)
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"suggestions": list})
}

// suggestions are the objects of the selected release, and the rules, that fit.
func (s *site) suggestions(r *http.Request) ([]suggestion, error) {
	list := []suggestion{}
	sel, err := selected(r)
	typed := r.URL.Query().Get("text")
	if err != nil || attack.Fold(typed) == "" || len(typed) > mostLetters {
		return list, err
	}
	fr, err := s.place(r, sel)
	if err != nil {
		return list, err
	}
	found, err := s.suggestedObjects(r.Context(), fr, typed)
	if err != nil {
		return list, err
	}
	for _, f := range found {
		list = append(list, suggestion{Text: cmp.Or(f.ATTACKID, f.StixID), Title: inert.Line(f.Name), Kind: kind(f.Kind), URL: fr.Sel.Header(f.Header), stix: f.StixID})
	}
	if r.URL.Query().Get("rungs") == "yes" {
		if err := s.rungsOf(r, fr, found, list); err != nil {
			return list, err
		}
	}
	rules, err := s.Rosterer.RuleNames(r.Context())
	if err != nil {
		return list, err
	}
	folded := attack.Fold(typed)
	for _, rule := range best(rules, mostSuggestedRules, func(n *assessment.RuleName) int { return fit(n.FoldedID, n.Folded, folded) }) {
		list = append(list, suggestion{Text: inert.Line(cmp.Or(rule.Name, rule.ID)), Title: inert.Line(rule.ID), Kind: "rule", URL: fr.Sel.Rule(rule.ID)})
	}
	return list, nil
}

// suggestedObjects are the objects whose id or name fits; where none does, those that a
// search finds, by an alias or in spite of a slip of the hand.
func (s *site) suggestedObjects(ctx context.Context, fr frame, typed string) ([]store.Located, error) {
	if fr.Release.Version == "" {
		return nil, nil
	}
	names, err := s.names.of(ctx, s.Index, fr.Release)
	if err != nil {
		return nil, err
	}
	var found []store.Located
	folded := attack.Fold(typed)
	for _, n := range best(names, mostSuggested, func(n *calling) int { return fit(n.id, n.folded, folded) }) {
		found = append(found, n.at)
	}
	if len(found) > 0 || len(folded) < 3 {
		return found, nil
	}
	found, _, err = s.Index.List(ctx, store.Query{Release: fr.Release, Kinds: kinds(), Lifecycle: "live", Text: typed, Limit: mostSuggested})
	return found, err
}

// rungsOf sets how the analytics and techniques among what was found stand.
func (s *site) rungsOf(r *http.Request, fr frame, found []store.Located, list []suggestion) error {
	v := objectsView{frame: fr, Found: found}
	if err := s.worst(r, &v); err != nil {
		return err
	}
	for i := range list {
		if rung := v.Worst[list[i].stix]; rung != "" {
			l := lookOf(rung)
			list[i].Rung = &suggestedRung{Code: l.Code, Name: l.Name, Class: l.Class}
		}
	}
	return nil
}
