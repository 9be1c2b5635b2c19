package sample

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// Domain and Version name the miniature as a release. No release of MITRE's has
// this version.
const (
	Domain  = "enterprise-attack"
	Version = "0.1"
)

const (
	specVersion = "3.3.0"
	written     = "2026-01-12T09:00:00.000Z" // when the miniature's objects were made
	revised     = "2026-03-02T09:00:00.000Z" // when a few of them were changed
)

// object is any STIX object of the miniature; fields that a type does not have
// stay empty. The order of the fields is the order in the bundle.
type object struct {
	Type             string      `json:"type"`
	SpecVersion      string      `json:"spec_version"`
	ID               string      `json:"id"`
	Created          string      `json:"created"`
	Modified         string      `json:"modified,omitempty"`
	CreatedBy        string      `json:"created_by_ref,omitempty"`
	Revoked          bool        `json:"revoked,omitempty"`
	References       []reference `json:"external_references,omitempty"`
	Markings         []string    `json:"object_marking_refs,omitempty"`
	Name             string      `json:"name,omitempty"`
	Description      *string     `json:"description,omitempty"`
	Aliases          []string    `json:"aliases,omitempty"`
	FirstSeen        string      `json:"first_seen,omitempty"`
	LastSeen         string      `json:"last_seen,omitempty"`
	RelationshipType string      `json:"relationship_type,omitempty"`
	SourceRef        string      `json:"source_ref,omitempty"`
	TargetRef        string      `json:"target_ref,omitempty"`
	IdentityClass    string      `json:"identity_class,omitempty"`
	DefinitionType   string      `json:"definition_type,omitempty"`
	Definition       *definition `json:"definition,omitempty"`
	Phases           []phase     `json:"kill_chain_phases,omitempty"`
	TacticRefs       []string    `json:"tactic_refs,omitempty"`
	ModifiedBy       string      `json:"x_mitre_modified_by_ref,omitempty"`
	ShortName        string      `json:"x_mitre_shortname,omitempty"`
	Sub              *bool       `json:"x_mitre_is_subtechnique,omitempty"`
	Platforms        []string    `json:"x_mitre_platforms,omitempty"`
	LogSources       []logSource `json:"x_mitre_log_sources,omitempty"`
	LogRefs          []logSource `json:"x_mitre_log_source_references,omitempty"`
	Mutable          []knob      `json:"x_mitre_mutable_elements,omitempty"`
	AnalyticRefs     []string    `json:"x_mitre_analytic_refs,omitempty"`
	Deprecated       *bool       `json:"x_mitre_deprecated,omitempty"`
	Domains          []string    `json:"x_mitre_domains,omitempty"`
	Version          string      `json:"x_mitre_version,omitempty"`
	AttackSpec       string      `json:"x_mitre_attack_spec_version,omitempty"`
	Contents         []content   `json:"x_mitre_contents,omitempty"`
}

type reference struct {
	SourceName  string `json:"source_name"`
	ExternalID  string `json:"external_id,omitempty"`
	URL         string `json:"url,omitempty"`
	Description string `json:"description,omitempty"`
}

type definition struct {
	Statement string `json:"statement"`
}

type phase struct {
	Chain string `json:"kill_chain_name"`
	Name  string `json:"phase_name"`
}

type logSource struct {
	Component string `json:"x_mitre_data_component_ref,omitempty"`
	Name      string `json:"name"`
	Channel   string `json:"channel"`
}

type knob struct {
	Field       string `json:"field"`
	Description string `json:"description"`
}

type content struct {
	Ref      string `json:"object_ref"`
	Modified string `json:"object_modified"`
}

// Bundle returns the miniature library as a STIX 2.1 bundle, the same bytes
// every time.
func Bundle() []byte {
	var b builder
	b.frame()
	b.tactics()
	b.techniques()
	b.components()
	b.strategies()
	b.actors()
	b.mitigations()
	return b.render()
}

// builder collects the objects of the bundle in order.
type builder struct {
	objects []object
}

// stixID returns the STIX id of the object of a type that key names, a name-based
// UUID: the miniature's objects are not MITRE's and do not carry their ids.
func stixID(typ, key string) string {
	space := uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://example.org/candor/miniature"))
	return typ + "--" + uuid.NewSHA1(space, []byte(typ+"/"+key)).String()
}

// add completes an object that has an ATT&CK ID, or none, and appends it.
func (b *builder) add(key string, o object) {
	o.SpecVersion = "2.1"
	o.ID = stixID(o.Type, key)
	if o.Created == "" {
		o.Created = written
	}
	if o.Modified == "" {
		o.Modified = written
	}
	o.CreatedBy = stixID("identity", "author")
	o.Markings = []string{stixID("marking-definition", "notice")}
	o.ModifiedBy = o.CreatedBy
	o.AttackSpec = specVersion
	if o.Type != "relationship" && o.Type != "x-mitre-collection" {
		o.Domains = []string{Domain}
	}
	if o.Version == "" && o.Type != "relationship" {
		o.Version = "1.0"
	}
	if o.Deprecated == nil {
		o.Deprecated = new(bool)
	}
	b.objects = append(b.objects, o)
}

// link adds a relationship object. An empty text stays in the bundle as an
// empty string, as it often does in ATT&CK.
func (b *builder) link(typ, from, to, text string) {
	b.add(typ+" "+from+" "+to, object{
		Type: "relationship", RelationshipType: typ, SourceRef: from, TargetRef: to, Description: &text,
	})
}

// attackRef is the reference that gives an object its ATT&CK ID and leads to
// the official object of that ID.
func attackRef(id, path string) reference {
	return reference{SourceName: "mitre-attack", ExternalID: id, URL: "https://attack.mitre.org/" + path}
}

// frame adds what every object refers to: who wrote it and under which notice.
func (b *builder) frame() {
	nobody := "The author of the miniature library of Candor's demonstration. Not The MITRE Corporation."
	b.add("author", object{Type: "identity", Name: "Candor", Description: &nobody, IdentityClass: "organization"})
	b.objects = append(b.objects, object{
		Type: "marking-definition", SpecVersion: "2.1", ID: stixID("marking-definition", "notice"), Created: written,
		CreatedBy: stixID("identity", "author"), DefinitionType: "statement",
		Definition: &definition{Statement: "Written for Candor's demonstration; not MITRE ATT&CK and not endorsed by MITRE. " +
			"Identifiers and names point at objects of ATT&CK, a registered trademark of The MITRE Corporation; no text is MITRE's."},
	})
}

func (b *builder) tactics() {
	var refs []string
	for _, t := range tactics() {
		b.add(t.id, object{
			Type: "x-mitre-tactic", Name: t.name, Description: &t.text, ShortName: t.short,
			References: []reference{attackRef(t.id, "tactics/"+t.id)},
		})
		refs = append(refs, stixID("x-mitre-tactic", t.id))
	}
	text := "Five stages of an intrusion, enough to follow one thread from a list of names to a stolen password."
	b.add(Domain, object{
		Type: "x-mitre-matrix", Name: "Candor miniature", Description: &text, TacticRefs: refs,
		References: []reference{attackRef(Domain, "matrices/enterprise")},
	})
}

func (b *builder) techniques() {
	for _, t := range techniques() {
		parent, _, sub := strings.Cut(t.id, ".")
		o := object{
			Type: "attack-pattern", Name: t.name, Description: &t.text, Sub: &sub, Revoked: t.successor != "",
			References: append([]reference{attackRef(t.id, "techniques/"+strings.ReplaceAll(t.id, ".", "/"))}, t.refs...),
			Platforms:  t.platforms, Version: t.version,
		}
		for _, name := range t.tactics {
			o.Phases = append(o.Phases, phase{Chain: "mitre-attack", Name: name})
		}
		if t.version != "" {
			o.Modified = revised
		}
		b.add(t.id, o)
		if sub {
			b.link("subtechnique-of", techniqueID(t.id), techniqueID(parent), "")
		}
		if t.successor != "" {
			b.link("revoked-by", techniqueID(t.id), techniqueID(t.successor), "")
		}
	}
}

func techniqueID(id string) string { return stixID("attack-pattern", id) }

// components adds the data components, each with the log sources that the
// miniature's analytics read from it.
func (b *builder) components() {
	listed := map[string][]logSource{}
	for _, s := range strategies() {
		for _, a := range s.analytics {
			for _, l := range a.logs {
				listed[l.component] = appendNew(listed[l.component], logSource{Name: l.name, Channel: l.channel})
			}
		}
	}
	for _, c := range components() {
		b.add(c.id, object{
			Type: "x-mitre-data-component", Name: c.name, Description: &c.text, LogSources: listed[c.id],
			References: []reference{attackRef(c.id, "datacomponents/"+c.id)},
		})
	}
}

func appendNew(have []logSource, l logSource) []logSource {
	for _, h := range have {
		if h == l {
			return have
		}
	}
	return append(have, l)
}

func (b *builder) strategies() {
	for _, s := range strategies() {
		o := object{
			Type: "x-mitre-detection-strategy", Name: s.name,
			References: []reference{attackRef(s.id, "detectionstrategies/"+s.id)},
		}
		for _, a := range s.analytics {
			b.analytic(s.id, a)
			o.AnalyticRefs = append(o.AnalyticRefs, stixID("x-mitre-analytic", a.id))
		}
		b.add(s.id, o)
		b.link("detects", stixID(o.Type, s.id), techniqueID(s.technique), "")
	}
}

func (b *builder) analytic(strategy string, a analytic) {
	o := object{
		Type: "x-mitre-analytic", Name: "Analytic " + strings.TrimPrefix(a.id, "AN"), Description: &a.text,
		References: []reference{attackRef(a.id, "detectionstrategies/"+strategy+"#"+a.id)},
		Platforms:  []string{a.platform}, Mutable: a.knobs,
	}
	for _, l := range a.logs {
		o.LogRefs = append(o.LogRefs, logSource{Component: stixID("x-mitre-data-component", l.component), Name: l.name, Channel: l.channel})
	}
	b.add(a.id, o)
}

func (b *builder) actors() {
	for _, a := range actors() {
		typ, path := "intrusion-set", "groups/"
		if a.partOf != "" {
			typ, path = "campaign", "campaigns/"
		}
		b.add(a.id, object{
			Type: typ, Name: a.name, Description: &a.text, Aliases: append([]string{a.name}, a.aliases...),
			FirstSeen: a.first, LastSeen: a.last, References: []reference{attackRef(a.id, path+a.id)},
		})
		for _, t := range a.uses {
			b.link("uses", stixID(typ, a.id), techniqueID(t), "")
		}
		if a.partOf != "" {
			b.link("attributed-to", stixID(typ, a.id), stixID("intrusion-set", a.partOf), "")
		}
	}
}

func (b *builder) mitigations() {
	for _, m := range mitigations() {
		b.add(m.id, object{
			Type: "course-of-action", Name: m.name, Description: &m.text, Deprecated: &m.deprecated,
			References: []reference{attackRef(m.id, "mitigations/"+m.id)},
		})
		for _, t := range m.mitigates {
			b.link("mitigates", stixID("course-of-action", m.id), techniqueID(t), m.how)
		}
	}
}

// render returns the bundle with the collection object first: its contents list
// every other object.
func (b *builder) render() []byte {
	text := "A miniature library for Candor's demonstration, in the shape of an ATT&CK release. " +
		"It is not MITRE ATT&CK: every text is Candor's own, and only identifiers, names, platforms and log sources are facts about ATT&CK."
	c := object{Type: "x-mitre-collection", Name: "Candor miniature, not MITRE ATT&CK", Description: &text, Version: Version, Modified: revised}
	for _, o := range b.objects {
		modified := o.Modified
		if modified == "" {
			modified = o.Created
		}
		c.Contents = append(c.Contents, content{Ref: o.ID, Modified: modified})
	}
	rest := b.objects
	b.objects = nil
	b.add("miniature", c)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "    ")
	err := e.Encode(struct {
		Type    string   `json:"type"`
		ID      string   `json:"id"`
		Objects []object `json:"objects"`
	}{"bundle", stixID("bundle", "miniature"), append(b.objects, rest...)})
	if err != nil {
		// Strings and booleans alone cannot fail to encode.
		panic(fmt.Sprintf("sample: rendering the miniature library: %v", err))
	}
	return out.Bytes()
}
