package assessment

import (
	"context"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/adjacency"
	"candor/internal/correlate/credit"
	"candor/internal/standing"
)

// Stages is what is adjacent to a technique, with how each of it stands here: where to
// look when the technique itself cannot be seen.
type Stages struct {
	adjacency.Result
	// Judged says that there is evidence of the organisation; without it nothing stands
	// anywhere.
	Judged bool `json:"judged"`
	// Adjacent are the rows of the result, in its order.
	Adjacent []Stage `json:"adjacent"`
}

// Stage is a technique of another tactic that known users of a technique also use.
type Stage struct {
	adjacency.Adjacent
	// Here is the distribution over the technique's own analytics with the worst case of
	// those that apply; nil where none is judged.
	Here *assure.Sum `json:"here,omitempty"`
	// Reliable are those of them that stand on reliable, which alerts bear out: only through
	// these can anybody rely on the stage.
	Reliable []assure.Name `json:"reliable"`
	// Chains are those that line the two up, with what they were measured to be worth.
	Chains []credit.Joined `json:"chains"`
}

// Stages says how what is adjacent to a technique stands here, by the evidence and the
// release of near.
func (s *Service) Stages(ctx context.Context, r Request, near adjacency.Result) (Stages, error) {
	r.Release = attack.ReleaseRef{Domain: near.Release.Domain, Version: near.Release.Version}
	d, err := s.desk(ctx, r)
	if err != nil {
		return Stages{}, err
	}
	out := Stages{Result: near, Judged: d.Local, Adjacent: []Stage{}}
	for _, a := range near.Adjacent {
		st := Stage{Adjacent: a, Reliable: []assure.Name{}, Chains: d.Joined(near.Technique.StixID, a.Technique.StixID)}
		if o, ok := d.Library.Object(a.Technique.StixID); ok && d.Local {
			st.stand(d.Board(), o)
		}
		out.Adjacent = append(out.Adjacent, st)
	}
	return out, nil
}

// stand notes how the analytics of a stage's technique stand.
func (st *Stage) stand(b *standing.Board, technique *attack.Object) {
	for _, v := range b.Verdicts([]*attack.Object{technique}) {
		if st.Here == nil {
			sum := b.Group(technique.ID).Sum
			st.Here = &sum
		}
		if v.Rung == assure.Reliable {
			st.Reliable = append(st.Reliable, v.Analytic)
		}
	}
}
