package tune

import "candor/internal/measure"

// Supposed is what a rule is supposed not to raise.
type Supposed struct {
	// Below is a score below which alerts are left out; nil for none. Alerts without a
	// score stay.
	Below *float64 `json:"threshold,omitempty"`
	// Field and Value exclude the alerts that have the value in the field; an empty Field
	// excludes none.
	Field string `json:"field,omitempty"`
	Value string `json:"value,omitempty"`
}

// Leaves reports whether an alert is left out.
func (s *Supposed) Leaves(r *Row) bool {
	if s.Below != nil && r.Score != nil && *r.Score < *s.Below {
		return true
	}
	v, ok := r.Fields[s.Field]
	return s.Field != "" && ok && v == s.Value
}

// Suppose reads the rows of a rule, which are those from the first to the last day given,
// and returns what would have been left of both parts, and what would have been lost.
func Suppose(rows Rows, span measure.Span, p Policy, what Supposed) (Both, error) {
	r := Result{}
	r.Older, r.Newer = Split(span.From, span.To)
	s, gone := newSweep(r.Older), [2]*losses{newLosses(), newLosses()}
	for row, err := range rows {
		if err != nil {
			return Both{}, err
		}
		s.add(row)
		if what.Leaves(row) {
			x := scored{cluster: s.index[row.Cluster], at: occasionOf(row), hit: row.hit(), doubted: row.Doubted, counts: row.hit() || row.miss()}
			if x.hit {
				x.id, x.incid = row.ID, row.Case
			}
			s.remove(&x, gone)
		}
	}
	return Both{s.outcome(0, r.Older, gone[0], &p), s.outcome(1, r.Newer, gone[1], &p)}, nil
}
