// Package question knows what to ask of products for their rules, alerts, closures and
// rule health, and how their answers read: which records there are, what to ask next,
// and whether something is missing.
//
// Requests and answers are values. The package sends nothing, knows no secret, and
// refuses to say what a record means: the decoders of files do that.
package question

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// Ask is one request, with what reads its answer.
type Ask struct {
	// Service is which of a source's addresses is asked; see Settings.Addresses. The
	// empty one is the source's own.
	Service string
	Method  string
	// Path lies below the service's address, with a slash first. A link that an answer
	// gave is a whole address, and is asked only where it is of the same host.
	Path string
	// Linked says that an answer gave the path, as what is on a page gives a link.
	Linked bool
	Query  url.Values
	// Body is JSON, or a form where Form says so; nil for none.
	Body []byte
	Form bool
	// Also are the statuses beside those of success that Read reads.
	Also []int
	// Read reads the answer; nil where nothing of it counts, as of a request that gives
	// back what another one took.
	Read func(Answer) (Reply, error)
}

// Answer is what came of a request.
type Answer struct {
	Status int
	// Link is the header of that name, all of its values joined.
	Link string
	Body []byte
}

// Record is one record as the product wrote it.
type Record struct {
	// ID is what the product calls it; empty where it has no name of its own.
	ID   string
	JSON json.RawMessage
}

// Reply is what an answer says.
type Reply struct {
	Records []Record
	// Next is what to ask then; nil at the end.
	Next *Ask
	// Partial says why records are missing; empty where all came.
	Partial string
	// Long says that they are missing because the time asked for is too long.
	Long bool
	// Anew says that the product forgot where the question was, and that Next asks for
	// the rest from the last record that came.
	Anew bool
}

// Window is the time that is asked for: from From, up to and without To.
type Window struct{ From, To time.Time }

// Settings are what a source's configuration says beside its product.
type Settings struct {
	// Size is how many records are asked for at once.
	Size int
	// Set are the product's own settings by name, as its Fields list them.
	Set map[string]string
}

// Field is a setting of a product.
type Field struct {
	Name string
	// Needed says that the product cannot be asked without.
	Needed bool
	// Otherwise is what holds where nothing is said.
	Otherwise string
	// Doc says what it is, for people.
	Doc string
}

// Part is one kind of evidence that a product has.
type Part struct {
	// Name is what a configuration calls it: alerts, closures, rules, runs, cases.
	Name string
	// Kind is the kind of evidence that comes of it, and Format how it is written; of a
	// generic source both are the configuration's to say.
	Kind, Format string
	// Whole says that every answer is all there is, so that what it lacks is gone; there
	// is no time to ask for then.
	Whole bool
	// First returns the first request.
	First func(s Settings, w Window) *Ask
	// Frame makes the text of a file of the records; nil for JSON Lines. Ending is that
	// of its name.
	Frame  func([]Record) ([]byte, error)
	Ending string
}

// Product is what can be asked of one product.
type Product struct {
	Name, Title string
	// Services are the addresses beside the source's own that it is asked at, by the
	// name of the setting that says where; each with what it is where nothing is said.
	Services []Field
	// Address is the source's own address where nothing is said; empty where it must be.
	Address string
	// Auths are the ways to say who asks, the usual first.
	Auths []string
	// Scopes are the scopes of tokens by service, for OAuth.
	Scopes map[string]string
	Fields []Field
	Parts  []Part
	// Rights says what a reader needs, and no more.
	Rights string
}

// Part returns the part of a name, and whether there is one.
func (p *Product) Part(name string) (Part, bool) {
	i := slices.IndexFunc(p.Parts, func(q Part) bool { return q.Name == name })
	if i < 0 {
		return Part{}, false
	}
	return p.Parts[i], true
}

// PartNames lists the parts.
func (p *Product) PartNames() []string {
	var names []string
	for _, q := range p.Parts {
		names = append(names, q.Name)
	}
	return names
}

// Products lists the products that can be asked.
func Products() []Product {
	return []Product{elastic(), wazuh(), splunk(), sentinel(), defender(), thehive(), generic()}
}

// Of returns the product of a name, and whether there is one.
func Of(name string) (*Product, bool) {
	list := Products()
	i := slices.IndexFunc(list, func(p Product) bool { return p.Name == name })
	if i < 0 {
		return nil, false
	}
	return &list[i], true
}

// Lines makes JSON Lines of records.
func Lines(records []Record) ([]byte, error) {
	var out []byte
	for _, r := range records {
		line, err := compact(r.JSON)
		if err != nil {
			return nil, err
		}
		out = append(append(out, line...), '\n')
	}
	return out, nil
}

// compact returns JSON without the blanks between its parts.
func compact(raw json.RawMessage) ([]byte, error) {
	var b bytes.Buffer
	err := json.Compact(&b, raw)
	return b.Bytes(), err
}

// unreadable says that an answer is not what the product's documents say.
func unreadable(what string, err error) error {
	if err == nil {
		return errors.New("the answer is not " + what)
	}
	return fmt.Errorf("the answer is not %s: %w", what, err)
}

// read parses an answer into v.
func read(a Answer, what string, v any) error {
	if err := json.Unmarshal(a.Body, v); err != nil {
		return unreadable(what, err)
	}
	return nil
}

// with returns a copy of an object without some of its members.
func without(raw json.RawMessage, names ...string) (json.RawMessage, error) {
	var o map[string]json.RawMessage
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	for _, n := range names {
		delete(o, n)
	}
	return json.Marshal(o)
}

// must returns JSON of what can always be written so.
func must(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps, lists and texts of this package alone
	}
	return b
}

// stamp is a time as most products write it, in milliseconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// object is a JSON object that is written.
type object = map[string]any
