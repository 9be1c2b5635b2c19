package assessment

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/crew"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/telemetry"
	"candor/internal/visibility"
)

// generation names all evidence that counts, by the state of the stores. It is asked
// before they are read, so that what is kept under it is never older than it says.
type generation struct{ evidence, alerts string }

func (s *Service) generation(ctx context.Context) (g generation, err error) {
	if g.evidence, err = s.evidence.Generation(ctx); err != nil {
		return generation{}, err
	}
	g.alerts, err = s.alerts.Generation(ctx)
	return g, err
}

// join makes a key of parts that hold no control characters.
func join(parts ...string) string { return strings.Join(parts, "\x1f") }

// read returns the evidence that is current, with the rules that alerts name joined to
// those that they mean, and the counts of the alerts of cases. Other counts of alerts are
// asked for as they are needed. The same evidence, window and joins give what was read
// before.
func (s *Service) read(ctx context.Context, g generation, r Request) (assure.Evidence, error) {
	w := assure.WindowOf(r.Policy, r.AsOf)
	key := join(g.evidence, g.alerts, string(w.From), string(w.To), string(day.Of(r.AsOf)), fmt.Sprint(r.Policy.Claim.JoinAlertsBy), fmt.Sprint(r.Policy.Measure.Provenances))
	ev, err := s.ready.Of(ctx, key, func(ctx context.Context) (assure.Evidence, error) { return s.readNow(ctx, g, w, r) })
	if err != nil {
		return ev, err
	}
	if r.Site != "" {
		if err := known(&ev, r.Site); err != nil {
			return assure.Evidence{}, err
		}
		asked := ev
		asked.Site = r.Site
		counts, err := s.caseCounts(ctx, &asked, r)
		if err != nil {
			return assure.Evidence{}, err
		}
		ev = ev.At(r.Site, counts)
	}
	ev.Revisions, err = s.revisions(ctx, g, &ev, r)
	return ev, err
}

// revisions returns the rules that were changed within the window, with what they raised before
// and since.
func (s *Service) revisions(ctx context.Context, g generation, ev *assure.Evidence, r Request) ([]assure.Revision, error) {
	revisions := assure.Revised(ev, r.Policy, r.AsOf)
	raised := map[string]bool{}
	for _, rule := range ev.AlertRules {
		raised[rule.ID] = true
	}
	names := namesOf(ev)
	var sets []alert.Set
	for i := range revisions {
		if t := &revisions[i]; raised[t.RuleID] {
			before, since := t.Parts()
			sets = append(sets, names.under(before), names.under(since))
		}
	}
	sums, err := s.sumsOfSets(ctx, g, ev, r, sets)
	if err != nil {
		return nil, err
	}
	for i := range revisions {
		before, since := new(alert.Sums), new(alert.Sums)
		if t := &revisions[i]; raised[t.RuleID] {
			before, since, sums = &sums[0], &sums[1], sums[2:]
		}
		revisions[i].Told(before, since, r.Policy, r.AsOf)
	}
	return revisions, nil
}

// revisionOf returns the change of a rule within the window; nil for none.
func revisionOf(ev *assure.Evidence, rule string) *assure.Revision {
	for i := range ev.Revisions {
		if ev.Revisions[i].RuleID == rule {
			return &ev.Revisions[i]
		}
	}
	return nil
}

func (s *Service) readNow(ctx context.Context, g generation, w visibility.Window, r Request) (assure.Evidence, error) {
	ev, err := s.parts(ctx, g)
	if err != nil {
		return assure.Evidence{}, err
	}
	joined(&ev, r.Policy.Claim.JoinAlertsBy)
	if ev.CaseCounts, err = s.caseCounts(ctx, &ev, r); err != nil {
		return assure.Evidence{}, err
	}
	if ev.Batches, err = s.batchRefs(ctx, day.Of(r.AsOf)); err != nil {
		return assure.Evidence{}, err
	}
	if ev.Expired, err = s.expired(ctx, w); err != nil {
		return assure.Evidence{}, err
	}
	ev.Exceptions, err = s.exemptions(ctx, g, &ev, r)
	return ev, err
}

// parts reads the current evidence and which rules alerts name, as they are.
func (s *Service) parts(ctx context.Context, g generation) (assure.Evidence, error) {
	var ev assure.Evidence
	var rules []assure.AlertRule
	both, ctx := crew.WithContext(ctx)
	both.Go(func() (err error) {
		ev, err = s.records(ctx, g.evidence)
		return err
	})
	both.Go(func() (err error) {
		rules, err = s.raised.Of(ctx, g.alerts, s.raisedNow)
		return err
	})
	if err := both.Wait(); err != nil {
		return assure.Evidence{}, err
	}
	ev.AlertRules = rules
	return ev, nil
}

// records returns the current evidence other than alerts.
func (s *Service) records(ctx context.Context, key string) (assure.Evidence, error) {
	return s.current.Of(ctx, key, s.recordsNow)
}

func (s *Service) recordsNow(ctx context.Context) (assure.Evidence, error) {
	var ev assure.Evidence
	var versions map[identity][]detection.Version
	g, ctx := crew.WithContext(ctx)
	t := &ev.Telemetry
	load(ctx, g, s.evidence, evidence.RecordScope, &t.Scope)
	load(ctx, g, s.evidence, evidence.RecordSource, &t.Sources)
	load(ctx, g, s.evidence, evidence.RecordExternal, &t.Externals)
	g.Go(func() (err error) {
		t.Observations, _, err = again(ctx, s.evidence, evidence.RecordFeed, &s.feeds)
		return err
	})
	g.Go(func() (err error) {
		t.Hearings, err = s.hearings(ctx)
		return err
	})
	var turn int
	g.Go(func() (err error) {
		ev.Rules, turn, err = again(ctx, s.evidence, evidence.RecordRule, &s.rules)
		return err
	})
	load(ctx, g, s.evidence, evidence.RecordExercise, &ev.Exercises)
	load(ctx, g, s.evidence, evidence.RecordRunbook, &ev.Runbooks)
	load(ctx, g, s.evidence, evidence.RecordWaiver, &ev.Waivers)
	load(ctx, g, s.evidence, evidence.RecordCase, &ev.Cases)
	load(ctx, g, s.evidence, evidence.RecordTuning, &ev.Tunings)
	load(ctx, g, s.evidence, evidence.RecordRun, &ev.Runs)
	g.Go(func() (err error) {
		ev.Former, err = s.former(ctx)
		return err
	})
	g.Go(func() (err error) {
		versions, err = s.versions(ctx)
		return err
	})
	load(ctx, g, s.evidence, evidence.RecordException, &ev.Exempted)
	load(ctx, g, s.evidence, evidence.RecordField, &ev.Fields)
	load(ctx, g, s.evidence, evidence.RecordTie, &ev.Ties)
	if err := g.Wait(); err != nil {
		return ev, err
	}
	ev.Cases = assure.Apart(ev.Cases, ev.Ties)
	ev.Exercises, ev.Away = parted(ev.Exercises)
	rules := make([]*detection.Rule, len(ev.Rules))
	for i := range ev.Rules {
		rules[i] = &ev.Rules[i].Value
	}
	detection.Apart(rules)
	ev.Changes = map[string][]detection.Change{}
	for _, r := range rules {
		if of := versions[identity{r.Origin, cmp.Or(r.Bare, r.ID)}]; len(of) > 0 {
			ev.Changes[r.ID] = detection.Changes(of)
		}
	}
	ev.Rules = assure.InOrder(assure.Evidence{Rules: ev.Rules}).Rules // once, and not for each judgement
	ev.Rules, ev.Changes = s.ruled.same(turn, ev.Rules, ev.Changes)
	return ev, nil
}

// identity is what makes two statements ones of the same rule.
type identity struct{ origin, id string }

// versions returns what batches that count stated of rules of which they did so more than
// once.
func (s *Service) versions(ctx context.Context) (map[identity][]detection.Version, error) {
	records, err := s.evidence.Versions(ctx, evidence.RecordRule)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	stated, err := decode[detection.Rule](records)
	if err != nil {
		return nil, err
	}
	batches, err := s.evidence.Batches(ctx)
	if err != nil {
		return nil, err
	}
	recorded := make(map[string]day.Date, len(batches))
	for i := range batches {
		recorded[batches[i].ID] = day.Of(batches[i].Added)
	}
	versions := map[identity][]detection.Version{}
	for i := range stated {
		v := &stated[i]
		of := identity{v.Value.Origin, v.Value.ID}
		versions[of] = append(versions[of], detection.Version{Rule: v.Value, Batch: v.Batch, Recorded: recorded[v.Batch]})
	}
	return versions, nil
}

// former returns the rules that complete inputs retired, each with the day.
func (s *Service) former(ctx context.Context) ([]assure.Former, error) {
	batches, err := s.evidence.Batches(ctx)
	if err != nil {
		return nil, err
	}
	var out []assure.Former
	for _, b := range batches {
		if b.Kind != evidence.Rules || b.Retired == 0 || b.Withdrawn != nil {
			continue
		}
		records, err := s.evidence.Retired(ctx, b.ID)
		if err != nil {
			return nil, err
		}
		rules, err := decode[detection.Rule](records)
		if err != nil {
			return nil, err
		}
		for i := range rules {
			out = append(out, assure.Former{Rule: rules[i].Value, Batch: b.ID, Retired: day.Of(b.Added)})
		}
	}
	return out, nil
}

// hearings returns the days on which signals came from each source, where an external
// source is registered.
func (s *Service) hearings(ctx context.Context) ([]evidence.Of[telemetry.Hearing], error) {
	externals, err := s.evidence.Current(ctx, evidence.RecordExternal)
	if err != nil || len(externals) == 0 {
		return nil, err
	}
	records, err := s.evidence.Current(ctx, evidence.RecordSignal)
	if err != nil {
		return nil, err
	}
	signals, err := decode[struct {
		Source string    `json:"source"`
		Time   time.Time `json:"time"`
	}](records)
	seen := map[telemetry.Hearing]bool{}
	var out []evidence.Of[telemetry.Hearing]
	for _, g := range signals {
		h := telemetry.Hearing{Source: g.Value.Source, Day: day.Of(g.Value.Time)}
		if h.Source != "" && !seen[h] {
			seen[h] = true
			out = append(out, evidence.Of[telemetry.Hearing]{Value: h, Batch: g.Batch})
		}
	}
	return out, err
}

// load reads and decodes the current records of a kind into at, as a part of g.
func load[T any](ctx context.Context, g *crew.Group, from store.Evidence, kind string, at *[]evidence.Of[T]) {
	g.Go(func() error {
		records, err := from.Current(ctx, kind)
		if err != nil {
			return err
		}
		*at, err = decode[T](records)
		return err
	})
}

// again reads the current records of a kind of which there are many, and decodes those alone
// that differ from when they were last read; see remembered.
func again[T any](ctx context.Context, from store.Evidence, kind string, before *remembered[T]) ([]evidence.Of[T], int, error) {
	records, err := from.Current(ctx, kind)
	if err != nil {
		return nil, 0, err
	}
	return before.decode(records)
}

// decode decodes records, in parts on every core.
func decode[T any](records []store.Record) ([]evidence.Of[T], error) {
	out := make([]evidence.Of[T], len(records))
	part := len(records)/runtime.GOMAXPROCS(0) + 1
	var g crew.Group
	for from := 0; from < len(records); from += part {
		g.Go(func() error {
			for i := from; i < min(from+part, len(records)); i++ {
				if err := decodeOne(&records[i], &out[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return out, g.Wait()
}

func decodeOne[T any](r *store.Record, out *evidence.Of[T]) error {
	out.Batch = r.Batch
	if err := json.Unmarshal(r.Body, &out.Value); err != nil {
		return fault.New(fault.Internal, "a stored record cannot be read").
			At("batch %s, %s %q", r.Batch, r.Kind, r.Key).Because(err).
			Next("a newer candor may have written it; use that one")
	}
	return nil
}

// raisedNow lists the rules that alerts name.
func (s *Service) raisedNow(ctx context.Context) ([]assure.AlertRule, error) {
	rules, err := s.alerts.Rules(ctx)
	if err != nil {
		return nil, err
	}
	landed, err := s.packs(ctx)
	if err != nil {
		return nil, err
	}
	source, list := sourcesOf(landed), make([]assure.AlertRule, len(rules))
	for i, r := range rules {
		list[i] = assure.AlertRule{ID: r.ID, Name: r.Name, Alerts: r.Alerts, Batches: r.Batches, Sites: r.Sites, Own: r.Source, Last: r.Last, Source: source.one(r.Batches)}
	}
	return list, nil
}

// sources are the sources of batches of alerts, by batch: what whoever added it named,
// else the product whose format it is.
type sources map[string]string

func sourcesOf(packs []store.Pack) sources {
	of := make(sources, len(packs))
	for _, p := range packs {
		of[p.ID] = p.Source
	}
	return of
}

// one returns the source that all of the batches are of; empty where they differ.
func (s sources) one(batches []string) string {
	of := ""
	for _, id := range batches {
		switch {
		case of == "":
			of = s[id]
		case of != s[id]:
			return ""
		}
	}
	return of
}
