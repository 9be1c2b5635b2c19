package take

import (
	"candor/internal/assure"
	"candor/internal/standing"
)

// Listed is a take among all those of a release. What belongs to another object of the
// list is there, once, and not repeated: the stages next to a technique, and how the
// analytics of a technique stand.
type Listed struct {
	Take
	// Adjacent are the stages next to the object if it is a technique; those next to the
	// technique of another object are in the take of AdjacentOf.
	Adjacent []Adjacent `json:"adjacent,omitempty"`
	// Standing names the techniques that the object is about, each with its worst rung.
	Standing *ListedStanding `json:"standing,omitempty"`
}

// ListedStanding is a standing of which the rows of techniques are in their own takes.
type ListedStanding struct {
	standing.Standing
	Techniques []ListedTechnique `json:"techniques"`
}

// ListedTechnique is a technique with the worst rung of its own analytics that apply;
// empty without any.
type ListedTechnique struct {
	ID    string      `json:"attack_id"`
	Worst assure.Rung `json:"worst"`
}

// Listed returns the take as it is among all of its release.
func (t Take) Listed() Listed {
	l := Listed{Take: t}
	if t.Kind.Technique() {
		l.Adjacent = t.Adjacent
	}
	if t.Standing != nil {
		l.Standing = &ListedStanding{Standing: *t.Standing, Techniques: []ListedTechnique{}}
		for _, row := range t.Standing.Techniques {
			l.Standing.Techniques = append(l.Standing.Techniques, ListedTechnique{row.Of.ATTACKID, row.Worst})
		}
	}
	return l
}
