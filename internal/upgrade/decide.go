package upgrade

import (
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/fault"
)

// The bounds of a decision.
const (
	MaxText = 2000
	MaxTo   = 8
)

// nothing is what people write for an ID that means nothing any more.
const nothing = "none"

// Chosen reads what a person chose for an ID: ID=TO, or ID@KIND:HOLDER=TO for one that names
// it; TO is one ID, several with commas between them, or none.
func Chosen(text string) (attack.Decision, error) {
	wrong := func(what string) error {
		return fault.New(fault.Usage, "%s", what).At("%q", text).Next("write T1562=T1685, T1562@rule:ID=T1686 for one rule, or T1562=none")
	}
	at := strings.LastIndex(text, "=")
	if at < 0 {
		return attack.Decision{}, wrong("it is not said what the ID is to be read as")
	}
	d, err := Holding(text[:at])
	if err != nil {
		return d, err
	}
	d.To = []string{}
	if to := strings.TrimSpace(text[at+1:]); strings.EqualFold(to, nothing) {
		return d, nil
	}
	for id := range strings.SplitSeq(text[at+1:], ",") {
		id = attack.SpellID(id)
		if id == "" {
			return d, wrong("an ID is empty")
		}
		if !slices.Contains(d.To, id) {
			d.To = append(d.To, id)
		}
	}
	return d, nil
}

// Holding reads which ID a decision is of, and of whose naming: ID, or ID@KIND:HOLDER.
func Holding(text string) (attack.Decision, error) {
	id, holder, of := strings.Cut(text, "@")
	d := attack.Decision{ID: attack.SpellID(id)}
	if d.ID == "" {
		return d, fault.New(fault.Usage, "no ATT&CK ID is named").At("%q", text).Next("write one such as T1562, or T1562@rule:ID for one rule")
	}
	if !of {
		return d, nil
	}
	kind, name, ok := strings.Cut(holder, ":")
	if d.Holder = (attack.Holder{Kind: kind, ID: name}); !ok || name == "" || !slices.Contains(Readers(), kind) {
		return d, fault.New(fault.Usage, "%q is nothing that a decision can be about", holder).At("%q", text).
			Next("write its kind and id, such as rule:ID; the kinds are %s", strings.Join(Readers(), ", "))
	}
	return d, nil
}

// Readers lists the kinds of holder for which a decision is read.
func Readers() []string {
	return []string{attack.OfRule, attack.OfExercise, attack.OfRunbook, attack.OfTuning, attack.OfGap, attack.OfProfile, attack.OfNote, attack.OfCase, attack.OfChain, attack.OfSignal}
}

// Check is fault.Usage for a decision that cannot be meant in a release.
func Check(d *attack.Decision, now *attack.Library) error {
	wrong := func(field, format string, args ...any) *fault.Error {
		return fault.New(fault.Usage, format, args...).At("%s", field)
	}
	switch {
	case strings.TrimSpace(d.By) == "":
		return wrong("by", "it is not said who decides").Next("say who")
	case strings.TrimSpace(d.Why) == "":
		return wrong("why", "it is not said why").Next("say why, so that others can judge it")
	case len([]rune(d.Why)) > MaxText || len([]rune(d.By)) > MaxText:
		return wrong("why", "a text has more than %d characters", MaxText).Next("say it in fewer words")
	case d.Withdrawn:
		return nil
	case now.InForce(d.ID):
		return wrong("id", "%s is in force in %s, and means itself", d.ID, now.Release).Next("change what names it where it is kept")
	case len(d.To) > MaxTo:
		return wrong("to", "%s is to be read as %d IDs, and %d is the most", d.ID, len(d.To), MaxTo).Next("choose those that are meant")
	case d.Holder.Kind == attack.OfExercise && len(d.To) > 1:
		return wrong("to", "an exercise showed one behaviour, and %d IDs are named", len(d.To)).Next("choose the one that it was of")
	}
	for _, to := range d.To {
		if sort(to) != sort(d.ID) {
			return wrong("to", "%s is not of the sort that %s is of", to, d.ID).Next("choose an ID of the same sort")
		}
		if !now.InForce(to) {
			return wrong("to", "%s is not in force in %s", to, now.Release).Next("candor attack show %s says what became of it", to)
		}
	}
	return nil
}

// Proposed returns the decisions that a plan comes to without a person: of each ID that is
// certain, for all who name it.
func (p *Plan) Proposed() []attack.Decision {
	var ds []attack.Decision
	for i := range p.Items {
		if x := &p.Items[i]; x.State == Certain {
			ds = append(ds, attack.Decision{ID: x.ID, To: append([]string{}, x.To...), Why: strings.TrimSuffix(x.Why, ".")})
		}
	}
	return ds
}

// Concerns is fault.NotFound for a decision of an ID that nothing of evidence names, or not what
// it is for: it would change nothing, and is most likely misspelt.
func Concerns(d *attack.Decision, named []Named) error {
	for i := range named {
		n := &named[i]
		if (d.Holder == attack.Holder{} || d.Holder == n.Holder) && slices.Contains(spelled(n.IDs), d.ID) {
			return nil
		}
	}
	who := "nothing of evidence"
	if d.Holder != (attack.Holder{}) {
		who = "no " + d.Holder.Kind + " " + d.Holder.ID
	}
	return fault.New(fault.NotFound, "%s names %s, so that there is nothing to decide", who, d.ID).At("id").Next("candor attack upgrade lists what is named")
}
