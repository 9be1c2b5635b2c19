package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"candor/internal/attack"
	"candor/internal/evidence"
	"candor/internal/store"
	"candor/internal/telemetry"
	"candor/internal/visibility"
)

// Library says what ATT&CK calls log sources and data components.
type Library interface {
	Releases(ctx context.Context) ([]attack.Release, error)
	Load(ctx context.Context, r attack.Release, types ...string) (*attack.Library, error)
}

// Against has the names of telemetry held against the newest releases of a library
// when they are added, and returns e.
func (e *Evidence) Against(lib Library) *Evidence {
	e.names = &names{lib: lib}
	return e
}

// names knows the newest release of every domain.
type names struct {
	lib Library
	mu  sync.Mutex
	// of names the releases that loaded are of, in the same order.
	of     string
	loaded []*attack.Library
}

// newest returns the newest release of every domain that knows log sources.
func (n *names) newest(ctx context.Context) ([]*attack.Library, error) {
	all, err := n.lib.Releases(ctx)
	if err != nil {
		return nil, err
	}
	last := map[string]attack.Release{}
	var domains []string
	for _, r := range all { // by version within a domain
		if _, ok := last[r.Domain]; !ok {
			domains = append(domains, r.Domain)
		}
		last[r.Domain] = r
	}
	var of strings.Builder
	for _, d := range domains {
		fmt.Fprintf(&of, "%s %s\n", last[d], last[d].FileHash)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.of == of.String() {
		return n.loaded, nil
	}
	var loaded []*attack.Library
	for _, d := range domains {
		lib, err := n.lib.Load(ctx, last[d], "x-mitre-data-component", "x-mitre-analytic")
		if err != nil {
			return nil, err
		}
		loaded = append(loaded, lib)
	}
	n.of, n.loaded = of.String(), loaded
	return loaded, nil
}

// tell notes which of a batch's log sources and data components ATT&CK does not know.
// A name that the newest release of one domain knows is known.
func (n *names) tell(ctx context.Context, b *batch) error {
	if n == nil {
		return nil
	}
	said, err := b.telemetry()
	if err != nil || len(said.Sources)+len(said.Observations) == 0 {
		return err
	}
	libs, err := n.newest(ctx)
	if err != nil || len(libs) == 0 {
		return err
	}
	var unknown []visibility.Suggestion
	for i, lib := range libs {
		found := visibility.Unknown(lib, said)
		if i == 0 {
			unknown = found
			continue
		}
		unknown = slices.DeleteFunc(unknown, func(s visibility.Suggestion) bool {
			return !slices.ContainsFunc(found, func(o visibility.Suggestion) bool { return o.Words() == s.Words() })
		})
	}
	b.warnings = append(b.warnings, unknownNames(unknown, libs[0].Release)...)
	return nil
}

// unknownNames says what names a release does not know. Channels of a log source that
// it does know are one note: products have many events that no analytic needs.
func unknownNames(unknown []visibility.Suggestion, r attack.Release) (notes []string) {
	var channels []string
	for i := range unknown {
		s := &unknown[i]
		switch nearest := strings.Join(s.Nearest, ", "); {
		case s.ReadAs != "":
			notes = append(notes, fmt.Sprintf("%s is read as %s: %s", s.Words(), s.ReadAs, s.How))
		case s.Component == "" && s.Channel != "" && !s.OfName:
			channels = append(channels, s.Words())
		case nearest == "":
			notes = append(notes, fmt.Sprintf("%s knows no %s, so nothing rests on it; nothing is near", r, subjectOf(s)))
		default:
			notes = append(notes, fmt.Sprintf("%s knows no %s, so nothing rests on it; nearest: %s", r, subjectOf(s), nearest))
		}
	}
	if len(channels) > 0 {
		notes = append(notes, fmt.Sprintf("no analytic of %s names %s of known log sources: %s", r, plural(len(channels), "channel"), some(channels)))
	}
	return notes
}

func subjectOf(s *visibility.Suggestion) string {
	if s.Component != "" {
		return "data component " + fmt.Sprintf("%q", s.Component)
	}
	return "log source " + fmt.Sprintf("%q", s.Name)
}

// telemetry reads the declarations and observations of a batch back.
func (b *batch) telemetry() (t visibility.Telemetry, err error) {
	for _, r := range b.records {
		switch {
		case len(r.Body) == 0:
		case r.Kind == evidence.RecordSource:
			err = addBody(&t.Sources, r)
		case r.Kind == evidence.RecordFeed:
			err = addBody(&t.Observations, r)
		}
		if err != nil {
			return t, err
		}
	}
	return t, nil
}

func addBody[T telemetry.Source | telemetry.Observation](to *[]evidence.Of[T], r store.Record) error {
	var v T
	if err := json.Unmarshal(r.Body, &v); err != nil {
		return fmt.Errorf("read %s %q back: %w", r.Kind, bare(r), err)
	}
	*to = append(*to, evidence.Of[T]{Value: v})
	return nil
}
