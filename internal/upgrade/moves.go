package upgrade

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/assure"
)

// Moves says which verdicts differ by an upgrade: before is the assessment by the older
// release, undecided that by the newer as things are, and after that with what is certain and
// decided. All three rest on the same evidence.
func Moves(before, undecided, after assure.Assessment) []Move {
	moves := []Move{}
	as := map[string]assure.Rung{}
	for i := range undecided.Verdicts {
		as[undecided.Verdicts[i].Analytic.StixID] = undecided.Verdicts[i].Rung
	}
	read := map[string][]string{}
	for i := range after.Verdicts {
		read[after.Verdicts[i].Analytic.StixID] = readings(&after.Verdicts[i])
	}
	c := assure.Compare(before, after)
	for _, s := range c.Shifts {
		m := Move{Analytic: s.Analytic, From: s.From, To: s.To, Undecided: as[s.Analytic.StixID], Because: read[s.Analytic.StixID]}
		for _, b := range s.Because {
			m.Because = append(m.Because, b.Text)
		}
		moves = append(moves, m)
	}
	for _, v := range c.Appeared {
		moves = append(moves, Move{Analytic: v.Analytic, To: v.Rung, Undecided: as[v.Analytic.StixID],
			Because: append([]string{fmt.Sprintf("%s has it, and %s has not", c.After.Release, c.Before.Release)}, read[v.Analytic.StixID]...)})
	}
	for _, v := range c.Vanished {
		moves = append(moves, Move{Analytic: v.Analytic, From: v.Rung,
			Because: []string{fmt.Sprintf("%s has it, and %s has it not in force", c.Before.Release, c.After.Release)}})
	}
	return moves
}

// readings says what of a verdict's claims and reasons rests on an ID that is read as another.
func readings(v *assure.Verdict) []string {
	how := []string{}
	for i := range v.Claims {
		if c := &v.Claims[i]; c.Reading != "" && c.Enabled && c.Counts && !slices.Contains(how, c.Reading) {
			how = append(how, c.Reading)
		}
	}
	for _, r := range v.Reasons {
		if r.Code == "read_by_decision" {
			how = append(how, strings.TrimSuffix(r.Text, "."))
		}
	}
	return how
}
