package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/take"
)

// asked are the arguments of all tools; each takes some of them.
type asked struct {
	ID      string `json:"id"`
	Words   string `json:"words"`
	Domain  string `json:"domain"`
	Release string `json:"release"`
	AsOf    string `json:"as_of"`
	Site    string `json:"site"`
	For     string `json:"for"`
	Tactic  string `json:"tactic"`
	Limit   int    `json:"limit"`
}

// tool is one question that can be asked.
type tool struct {
	name, says string
	takes      []string // names of arguments, those that are needed first
	needs      int
	ask        func(ctx context.Context, d *Deps, in asked) (data any, limits []string, err error)
}

// tools lists the tools.
func tools() []tool {
	return []tool{
		{"search", "Find ATT&CK objects by id, name, alias, text, tool, CVE id or log channel.", []string{"words", "limit", "domain", "release"}, 1, search},
		{"object", "One ATT&CK object: official text, relations, hashes, lifecycle.", []string{"id", "domain", "release"}, 1, object},
		{"history", "What changed in an ATT&CK object, release by release.", []string{"id", "domain", "release"}, 1, history},
		{"take", "What an object means in this organisation, sentence by sentence with sources, and how sure that is.", []string{"id", "as_of", "site", "domain", "release"}, 1, takeOf},
		{"adjacency", "Techniques of other tactics that the same groups use, and how they stand here.", []string{"id", "tactic", "limit", "as_of", "site", "domain", "release"}, 1, adjacent},
		{"verdict", "The verdict on an analytic: its rung, the reasons, and what would change it.", []string{"id", "as_of", "site", "domain", "release"}, 1, verdict},
		{"gate", "May an analytic or a rule be used for reporting or automation? With every check, and what is missing.", []string{"id", "for", "as_of", "site", "domain", "release"}, 2, gate},
		{"measurements", "Precision, volume and waiting times of rules with intervals; of one rule where id names it.", []string{"id", "as_of", "site", "limit", "domain", "release"}, 0, measurements},
		{"next_steps", "What to do next: what would change most verdicts.", []string{"limit", "as_of", "site", "domain", "release"}, 0, next},
	}
}

// meanings say what each argument is, as JSON Schema.
func meanings() map[string]map[string]any {
	text := func(says string) map[string]any {
		return map[string]any{"type": "string", "description": says, "maxLength": 400}
	}
	return map[string]map[string]any{
		"id": text("ATT&CK ID, STIX id or name of an object, or the id of a rule"), "words": text("words to look for"),
		"domain": text("ATT&CK domain: enterprise, mobile, ics; enterprise when empty"), "release": text("release number, for example 18.1; the newest when empty"),
		"as_of": text("the day as of which to judge, 2006-01-02; today when empty"), "site": text("one site of the organisation; all when empty"),
		"for":    {"type": "string", "enum": []string{"reporting", "automation"}, "description": "what it is to be used for"},
		"tactic": text("only techniques of this tactic"),
		"limit":  {"type": "integer", "minimum": 1, "maximum": mostListed, "description": "how many at most; 20 when empty"},
	}
}

// mostListed is how many of a list an answer has at most, and someListed unless it is asked.
const (
	mostListed = 100
	someListed = 20
)

// schema returns the JSON Schema of a tool's arguments. What is not in it is refused.
func (t *tool) schema() map[string]any {
	properties, all := map[string]any{}, meanings()
	for _, name := range t.takes {
		properties[name] = all[name]
	}
	return map[string]any{"type": "object", "properties": properties, "required": append([]string{}, t.takes[:t.needs]...), "additionalProperties": false}
}

// read reads the arguments of a call.
func (t *tool) read(raw json.RawMessage) (in asked, err error) {
	given := map[string]json.RawMessage{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &given); err != nil {
			return in, fault.New(fault.Usage, "the arguments are no JSON object").Next("see the tool's schema")
		}
	}
	for name := range given {
		if !slices.Contains(t.takes, name) {
			return in, fault.New(fault.Usage, "%s has no argument %q", t.name, name).Next("it has: %s", strings.Join(t.takes, ", "))
		}
	}
	for _, name := range t.takes[:t.needs] {
		if v := bytes.TrimSpace(given[name]); len(v) == 0 || bytes.Equal(v, []byte(`""`)) || bytes.Equal(v, []byte("null")) {
			return in, fault.New(fault.Usage, "%s needs the argument %q", t.name, name).Next("see the tool's schema")
		}
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &in); err != nil {
			return in, fault.New(fault.Usage, "an argument is of another type than it has to be").Next("see the tool's schema")
		}
	}
	if in.Limit < 0 || in.Limit > mostListed {
		return in, fault.New(fault.Usage, "%d is no limit", in.Limit).Next("use a number from 1 to %d", mostListed)
	}
	if in.Limit == 0 {
		in.Limit = someListed
	}
	return in, nil
}

func (in *asked) ref() attack.ReleaseRef {
	return attack.ReleaseRef{Domain: attack.DomainName(in.Domain), Version: in.Release}
}

// request returns what is judged, by the policy in force.
func (d *Deps) request(in asked) (assessment.Request, error) {
	r := assessment.Request{Release: in.ref(), Site: in.Site, AsOf: d.Clock()}
	if in.AsOf != "" {
		of, err := day.Parse(in.AsOf)
		if err != nil {
			return r, fault.New(fault.Usage, "%q is no day", in.AsOf).Next("write it as 2006-01-02")
		}
		r.AsOf = of.Add(1).Time().Add(-time.Second)
	}
	var err error
	r.Policy, err = d.Policy()
	return r, err
}

// officialLimit is a limit of what comes from the library.
const officialLimit = "This is what the imported releases say; it says nothing of what is observed here."

// judgedLimit is a limit of what is judged.
const judgedLimit = "It holds for the release, the day and the policy that it names; evidence that comes later is not in it."

type found struct {
	Total   int   `json:"total"`
	Objects []hit `json:"objects"`
}

type hit struct {
	StixID  string      `json:"stix_id"`
	ID      string      `json:"attack_id,omitempty"`
	Name    string      `json:"name"`
	Kind    attack.Kind `json:"kind"`
	Live    bool        `json:"live"`
	Release string      `json:"release"`
}

func search(ctx context.Context, d *Deps, in asked) (any, []string, error) {
	list, total, err := d.Library.Search(ctx, in.Words, in.ref(), in.Limit)
	out := found{Total: total, Objects: []hit{}}
	for _, l := range list {
		out.Objects = append(out.Objects, hit{l.StixID, l.ATTACKID, l.Name, l.Kind, l.Live(), l.Release.String()})
	}
	return out, []string{officialLimit}, err
}

func object(ctx context.Context, d *Deps, in asked) (any, []string, error) {
	p, err := d.Library.Page(ctx, in.ID, in.ref())
	p.History = nil // the tool history has it
	limits := []string{officialLimit}
	for i := range p.Relations {
		if n := len(p.Relations[i].Edges); n > someListed {
			p.Relations[i].Edges = p.Relations[i].Edges[:someListed]
			limits = append(limits, p.Relations[i].Title+": the first 20 are listed, and there are more.")
		}
	}
	return p, limits, err
}

func history(ctx context.Context, d *Deps, in asked) (any, []string, error) {
	h, err := d.Library.History(ctx, in.ID, in.ref())
	return h, []string{officialLimit, "Only releases that are imported are compared."}, err
}

func takeOf(ctx context.Context, d *Deps, in asked) (any, []string, error) {
	r, err := d.request(in)
	if err != nil {
		return nil, nil, err
	}
	p, err := d.Library.Page(ctx, in.ID, in.ref())
	if err != nil {
		return nil, nil, err
	}
	if err := assessment.Takeable(p.Object); err != nil {
		return nil, nil, err
	}
	r.Release = attack.ReleaseRef{Domain: p.Release.Domain, Version: p.Release.Version}
	t, err := d.Assessment.Take(ctx, r, p.Object.ID)
	if err != nil {
		return nil, nil, err
	}
	limits := []string{"The section limits of the take says what it does not know."}
	for _, s := range t.Section(take.Limits).Statements {
		limits = append(limits, s.Text)
	}
	a, err := d.Assessment.Assess(ctx, r)
	return taken{t, externals(&a)}, limits, err
}

func adjacent(ctx context.Context, d *Deps, in asked) (any, []string, error) {
	r, err := d.request(in)
	if err != nil {
		return nil, nil, err
	}
	near, err := d.Library.Adjacent(ctx, in.ID, r.Release.Or(r.Policy.Release), in.Tactic)
	if err != nil {
		return nil, nil, err
	}
	st, err := d.Assessment.Stages(ctx, r, near)
	limits := []string{"That groups used both is what ATT&CK was told of; it says nothing of who attacks here."}
	if len(st.Adjacent) > in.Limit {
		st.Adjacent = st.Adjacent[:in.Limit]
		limits = append(limits, "Not every technique is listed: there are more; ask for those of a tactic, or for more with limit.")
	}
	return st, limits, err
}

func verdict(ctx context.Context, d *Deps, in asked) (any, []string, error) {
	r, err := d.request(in)
	if err != nil {
		return nil, nil, err
	}
	e, err := d.Assessment.Explain(ctx, r, in.ID)
	if err != nil {
		return nil, nil, err
	}
	a, err := d.Assessment.Assess(ctx, r)
	return e, append([]string{judgedLimit}, a.Limits...), err
}

func gate(ctx context.Context, d *Deps, in asked) (any, []string, error) {
	if in.For != string(assure.Reporting) && in.For != string(assure.Automation) {
		return nil, nil, fault.New(fault.Usage, "nothing is used for %q", in.For).Next("use reporting or automation")
	}
	r, err := d.request(in)
	if err != nil {
		return nil, nil, err
	}
	g, err := d.Assessment.Gate(ctx, r, in.ID, assure.Purpose(in.For))
	return g, append([]string{judgedLimit}, g.Limits...), err
}

func measurements(ctx context.Context, d *Deps, in asked) (any, []string, error) {
	r, err := d.request(in)
	if err != nil {
		return nil, nil, err
	}
	if in.ID != "" {
		m, err := d.Assessment.MeasureRule(ctx, r, in.ID)
		return m, append([]string{judgedLimit}, m.Limits...), err
	}
	m, err := d.Assessment.Measure(ctx, r, false)
	limits := append([]string{judgedLimit}, m.Limits...)
	if n := len(m.Rules); n > in.Limit {
		m.Rules = m.Rules[:in.Limit]
		limits = append(limits, "Not every rule is listed: ask for one by its id, or for more with limit.")
	}
	return m, limits, err
}

func next(ctx context.Context, d *Deps, in asked) (any, []string, error) {
	r, err := d.request(in)
	if err != nil {
		return nil, nil, err
	}
	p, err := d.Assessment.Next(ctx, r, in.Limit)
	if err != nil {
		return nil, nil, err
	}
	a, err := d.Assessment.Assess(ctx, r)
	return planned{p, externals(&a)}, append([]string{judgedLimit}, p.Limits...), err
}

// planned is next steps with the names of external sources, which stand in their sentences.
type planned struct {
	assessment.Plan
	Externals []string `json:"external_sources"`
}

// taken is a take with those names.
type taken struct {
	take.Take
	Externals []string `json:"external_sources"`
}

// externals are the names of the external sources of an assessment.
func externals(a *assure.Assessment) []string {
	names := []string{}
	for i := range a.Verdicts {
		for _, x := range a.Verdicts[i].Visibility.Externals {
			names = append(names, x.Source.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
