package take

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/evidence"
	"candor/internal/figure"
)

// words are a part of a sentence with what they rest on.
type words struct {
	text string
	from []Source
}

// nothing is what a rule says that does not apply.
var nothing words

// say fills the holes of a sentence. Each hole is a %s, and what fills it brings
// its sources along.
func say(sentence string, parts ...words) words {
	texts := make([]any, len(parts))
	var w words
	for i, p := range parts {
		texts[i] = p.text
		w.from = append(w.from, p.from...)
	}
	w.text = fmt.Sprintf(sentence, texts...)
	return w
}

// on adds what a sentence rests on without quoting it.
func (w words) on(parts ...words) words {
	for _, p := range parts {
		w.from = append(w.from, p.from...)
	}
	return w
}

// unique drops sources that are named twice.
func unique(from []Source) []Source {
	out := make([]Source, 0, len(from))
	for _, s := range from {
		if !slices.ContainsFunc(out, func(o Source) bool {
			return o.Kind == s.Kind && o.ID == s.ID && o.Field == s.Field && o.Value == s.Value && slices.Equal(o.Inputs, s.Inputs)
		}) {
			out = append(out, s)
		}
	}
	return out
}

// field is what a field of an official object says.
func (f *facts) field(o *attack.Object, name, value string) words {
	return words{value, []Source{{Kind: Field, ID: o.ID, Field: name, Hash: f.d.Hashes[o.ID], Value: value}}}
}

// lacks rests on a field that an object does not have.
func (f *facts) lacks(o *attack.Object, name string) words {
	return words{"", []Source{{Kind: Field, ID: o.ID, Field: name, Hash: f.d.Hashes[o.ID]}}}
}

// title is an object's name as leaders read it, and label with its ATT&CK ID.
func (f *facts) title(o *attack.Object) words { return f.field(o, "name", o.Name) }

func (f *facts) label(o *attack.Object) words {
	if o.ATTACKID == "" {
		return f.title(o)
	}
	w := f.field(o, "external_references, name", o.ATTACKID+" "+o.Name)
	return w
}

// named is label or title of what a verdict names.
func (f *facts) named(n assure.Name, by func(*attack.Object) words) words {
	if o, ok := f.d.Library.Object(n.StixID); ok {
		return by(o)
	}
	return words{n.Name, []Source{{Kind: Field, ID: n.StixID, Field: "name", Value: n.Name}}}
}

// relation says that objects are tied to each other.
func relation(typ string, from, to *attack.Object) words {
	return words{"", []Source{{Kind: Relation, ID: from.ID, Field: typ, Value: to.ID}}}
}

// list joins names as a sentence does, the first most of them, and counts the rest.
func list(parts []words, most int) words {
	if len(parts) == 0 {
		return nothing
	}
	if len(parts) == most+1 {
		most++ // "and 1 more" is no shorter than the one
	}
	var w words
	var texts, rest []string
	for i, p := range parts {
		if i < most {
			texts = append(texts, p.text)
			w.from = append(w.from, p.from...)
		} else {
			rest = append(rest, p.text)
		}
	}
	if len(rest) > 0 {
		more := count(rest)
		texts = append(texts, more.text+" more")
		w.from = append(w.from, more.from...)
	}
	w.text = attack.Listed(texts)
	return w
}

// each makes a part of every element.
func each[T any](list []T, part func(T) words) []words {
	out := make([]words, len(list))
	for i, e := range list {
		out[i] = part(e)
	}
	return out
}

// count is how many inputs there are.
func count(inputs []string) words {
	n := figure.Count(int64(len(inputs)))
	return words{n, []Source{{Kind: Computation, ID: "count", Value: n, Inputs: slices.Clone(inputs)}}}
}

// counted is a count with its noun, which gets an s unless it is one.
func counted(inputs []string, noun string) words {
	w := count(inputs)
	w.text += " " + plural(len(inputs), noun)
	return w
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	if strings.HasSuffix(noun, "y") {
		return strings.TrimSuffix(noun, "y") + "ies"
	}
	return noun + "s"
}

// ids are the ATT&CK IDs of objects, which is what counts of them are made from.
func ids(os []*attack.Object) []string {
	out := make([]string, len(os))
	for i, o := range os {
		if out[i] = o.ATTACKID; out[i] == "" {
			out[i] = o.ID
		}
	}
	return out
}

// times is how many times more often than by chance: (both/basis)/(theirs/all).
func times(both, basis, theirs, all int) words {
	v := strconv.FormatFloat(float64(both*all)/float64(basis*theirs), 'f', 1, 64)
	in := []string{strconv.Itoa(both), strconv.Itoa(basis), strconv.Itoa(theirs), strconv.Itoa(all)}
	return words{v, []Source{{Kind: Computation, ID: "times", Value: v, Inputs: in}}}
}

// setting is a value of the policy in force.
func setting(key, value string) words {
	return words{value, []Source{{Kind: Setting, ID: key, Value: value}}}
}

// judged is a figure or a name of a judgement on the analytic named.
func judged(code string, about assure.Name, value string, refs []evidence.Ref) words {
	return words{value, []Source{{Kind: Reason, ID: code, Field: about.ATTACKID, Value: value, Refs: refs}}}
}

// reasonOf is the reason of a verdict whose code begins so, with what it rests on.
func reasonOf(v *assure.Verdict, prefix string) words {
	for _, r := range v.Reasons {
		if strings.HasPrefix(r.Code, prefix) {
			return words{"", []Source{{Kind: Reason, ID: r.Code, Field: v.Analytic.ATTACKID, Value: r.Text, Refs: r.Refs}}}
		}
	}
	return nothing
}

// rungOf rests on the rung of a verdict.
func rungOf(v *assure.Verdict) words {
	return words{"", []Source{{Kind: Reason, ID: "rung", Field: v.Analytic.ATTACKID, Value: string(v.Rung)}}}
}

// rungName is a rung as people read it.
func rungName(r assure.Rung) string { return strings.ReplaceAll(string(r), "_", " ") }
