package assessment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/crew"
	"candor/internal/day"
)

// ground returns the ground of the assessment of a release by the evidence, which a site
// shares but for its telemetry. Of the evidence g is the generation.
func (s *Service) ground(ctx context.Context, g generation, lib *attack.Library, ev *assure.Evidence, r Request) (*assure.Ground, error) {
	domain, err := s.domainKey(ctx, lib.Release.Domain)
	if err != nil {
		return nil, err
	}
	reading := join(libraryKey(lib.Release), domain, string(day.Of(r.AsOf)), fmt.Sprintf("%+v", r.Policy))
	key := join(reading, g.evidence)
	whole, err := s.grounds.Of(ctx, key, func(context.Context) (*assure.Ground, error) { return s.grounded(reading, lib, ev, r), nil })
	if err != nil || ev.Site == "" {
		return whole, err
	}
	return s.grounds.Of(ctx, join(key, ev.Site), func(context.Context) (*assure.Ground, error) {
		return s.groundedAt(join(reading, ev.Site), whole, ev), nil
	})
}

// surround adds to the evidence what lay around the exercises and incidents in it.
func (s *Service) surround(ctx context.Context, g *assure.Ground, ev *assure.Evidence) error {
	qs, from, to := g.Questions(ev)
	if len(qs) == 0 {
		return nil
	}
	names := namesBy(ev)
	asked := make([]alert.Around, len(qs))
	for i := range qs {
		asked[i] = qs[i].Around
		asked[i].Rules = names.alerts(qs[i].Rules)
	}
	var near []alert.Near
	var presence []alert.Presence
	both, ctx := crew.WithContext(ctx)
	both.Go(func() (err error) {
		near, err = s.alerts.Near(ctx, asked)
		return err
	})
	if from != "" {
		both.Go(func() (err error) {
			presence, err = s.presence(ctx, from, to)
			return err
		})
	}
	if err := both.Wait(); err != nil {
		return fmt.Errorf("look around %d exercises and incidents: %w", len(qs), err)
	}
	ev.Around = assure.Surroundings{Seen: sightings(qs, near, names), Presence: names.meant(presence)}
	return nil
}

// presence counts alerts by rule, site and day.
func (s *Service) presence(ctx context.Context, from, to day.Date) ([]alert.Presence, error) {
	return s.alerts.Presence(ctx, from, to)
}

// ruleIDs leads from the ids under which alerts name rules to the rules' own, and back.
type ruleIDs struct {
	own map[string]string
	as  map[string][]string
}

func namesBy(ev *assure.Evidence) ruleIDs {
	n := ruleIDs{own: map[string]string{}, as: map[string][]string{}}
	for i := range ev.AlertRules {
		r := &ev.AlertRules[i]
		for _, as := range r.As {
			n.own[as.Key()] = r.ID
			n.as[r.ID] = append(n.as[r.ID], as.Key())
		}
	}
	return n
}

// rule returns a rule's own id.
func (n ruleIDs) rule(id string) string {
	if own, ok := n.own[id]; ok {
		return own
	}
	return id
}

// alerts returns the ids under which alerts name the rules.
func (n ruleIDs) alerts(rules []string) []string {
	out := slices.Clone(rules)
	for _, r := range rules {
		out = append(out, n.as[r]...)
	}
	return out
}

// meant returns presence under the rules' own ids.
func (n ruleIDs) meant(list []alert.Presence) []alert.Presence {
	for i := range list {
		list[i].RuleID = n.rule(list[i].RuleID)
	}
	return list
}

// sightings sorts the answers by what was asked about, each rule once.
func sightings(qs []assure.Question, near []alert.Near, names ruleIDs) map[string][]assure.Sighting {
	seen := map[string][]assure.Sighting{}
	wide := map[string]map[string]int64{}
	for _, n := range near {
		q := &qs[n.Asked]
		n.RuleID, n.Asked = names.rule(n.RuleID), 0
		if q.Wide {
			if wide[q.Of] == nil {
				wide[q.Of] = map[string]int64{}
			}
			wide[q.Of][n.RuleID] += n.N + n.Refuted
			continue
		}
		list := seen[q.Of]
		if i := slices.IndexFunc(list, func(s assure.Sighting) bool { return s.RuleID == n.RuleID }); i < 0 {
			seen[q.Of] = append(list, assure.Sighting{Near: n})
		} else {
			list[i].Add(n)
		}
	}
	for of, list := range seen {
		for i := range list {
			list[i].Wide = wide[of][list[i].RuleID]
		}
		slices.SortFunc(list, func(a, b assure.Sighting) int { return strings.Compare(a.RuleID, b.RuleID) })
	}
	return seen
}
