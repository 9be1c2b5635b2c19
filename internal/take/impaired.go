package take

import (
	"cmp"
	"strings"

	"candor/internal/assure"
	"candor/internal/figure"
)

// obstructed reports whether a rule claims what is seen, and something is in the way of
// every rule that does: an exception that hides what was true, or a field that is missing.
func (f *facts) obstructed() bool { return f.stands(assure.RuleOnly) && f.v.Visibility.State.Seen() }

// inTheWay says what is in the way of the rules, for those who do not read rules.
func (f *facts) inTheWay() string {
	for _, in := range f.v.Impaired {
		if in.Code == "exception_hides" {
			return "what it was told to pass over holds an attack that is known"
		}
	}
	return "what it has to look at arrives without what it needs of it"
}

// ruleCalled is what people call a rule that claims f's analytic.
func (f *facts) ruleCalled(id string) string {
	for i := range f.v.Claims {
		if f.v.Claims[i].RuleID == id {
			return cmp.Or(f.v.Claims[i].RuleName, id)
		}
	}
	return id
}

func (f *facts) exceptionHides() words {
	if f.v == nil {
		return nothing
	}
	for i := range f.v.Exceptions {
		e := &f.v.Exceptions[i]
		if e.Hides == 0 || e.State == "ended" {
			continue
		}
		of := func(value string) words { return judged("exception_hides", f.v.Analytic, value, batchRef(e.Batch)) }
		return say("Narrow exception %s of rule %s: it would have hidden %s of %s alerts that are known to be true.",
			of(e.Called()), of(f.ruleCalled(e.RuleID)), of(figure.Count(e.Hides)), of(figure.Count(e.True)))
	}
	return nothing
}

func (f *facts) exceptionWanting() words {
	if f.v == nil || !f.stands(assure.RuleOnly, assure.Unproven, assure.Noisy, assure.Contradicted, assure.Proven, assure.Reliable) {
		return nothing
	}
	for i := range f.v.Exceptions {
		e := &f.v.Exceptions[i]
		if e.Sentence == "" {
			continue
		}
		of := func(value string) words { return judged("exception", f.v.Analytic, value, batchRef(e.Batch)) }
		return say("Exception %s of rule %s %s.", of(e.Called()), of(f.ruleCalled(e.RuleID)), of(e.Sentence))
	}
	return nothing
}

func (f *facts) fieldMissing() words {
	if f.v == nil {
		return nothing
	}
	for _, in := range f.v.Impaired {
		if in.Code != "field_missing" {
			continue
		}
		for _, n := range f.v.Fields[in.RuleID] {
			if n.State != assure.FieldScarce || !strings.Contains(in.Text, n.Field) {
				continue
			}
			of := func(value string) words { return judged("field_missing", f.v.Analytic, value, in.Refs) }
			return say("Rule %s needs field %s, and %s of the events of %s carry it.", of(f.ruleCalled(in.RuleID)), of(n.Field), of(figure.Percent(n.Share)), of(n.Source))
		}
	}
	return nothing
}
