// Package attack holds the nouns of MITRE ATT&CK: releases, objects, their
// snapshots and relations, and the view of one release that judgements read.
//
// It knows what an object means and refuses to know how it is written: STIX
// JSON is read in package stix alone. Tactics, platforms, domains and object
// types are data here, never constants; a type that is not known keeps its
// bytes and its STIX fields. There is no clock and no I/O.
package attack

// Kind is what an object is in ATT&CK's words. It is derived from the STIX
// type, and for a type that is not known it is that type itself.
type Kind string

// The kinds of object that ATT&CK defines today.
const (
	KindTechnique    Kind = "technique"
	KindSubTechnique Kind = "sub-technique"
	KindTactic       Kind = "tactic"
	KindMatrix       Kind = "matrix"
	KindGroup        Kind = "group"
	KindMalware      Kind = "malware"
	KindTool         Kind = "tool"
	KindCampaign     Kind = "campaign"
	KindMitigation   Kind = "mitigation"
	KindDataSource   Kind = "data-source"
	KindComponent    Kind = "data-component"
	KindStrategy     Kind = "detection-strategy"
	KindAnalytic     Kind = "analytic"
	KindAsset        Kind = "asset"
	KindRelationship Kind = "relationship"
	KindCollection   Kind = "collection"
	KindIdentity     Kind = "identity"
	KindMarking      Kind = "marking-definition"
)

// KindOf returns the kind of a STIX type. Sub tells a sub-technique from a
// technique and is ignored for every other type.
func KindOf(stixType string, sub bool) Kind {
	switch stixType {
	case "attack-pattern":
		if sub {
			return KindSubTechnique
		}
		return KindTechnique
	case "x-mitre-tactic":
		return KindTactic
	case "x-mitre-matrix":
		return KindMatrix
	case "intrusion-set":
		return KindGroup
	case "malware":
		return KindMalware
	case "tool":
		return KindTool
	case "campaign":
		return KindCampaign
	case "course-of-action":
		return KindMitigation
	case "x-mitre-data-source":
		return KindDataSource
	case "x-mitre-data-component":
		return KindComponent
	case "x-mitre-detection-strategy":
		return KindStrategy
	case "x-mitre-analytic":
		return KindAnalytic
	case "x-mitre-asset":
		return KindAsset
	case "x-mitre-collection":
		return KindCollection
	}
	return Kind(stixType)
}

// Technique reports whether k is a technique or a sub-technique.
func (k Kind) Technique() bool { return k == KindTechnique || k == KindSubTechnique }

// Object is the decoded meaning of one STIX object. Fields that the object does
// not have are empty; nothing is repaired or defaulted.
type Object struct {
	ID       string `json:"stix_id"`
	Type     string `json:"type"`
	Kind     Kind   `json:"kind"`
	ATTACKID string `json:"attack_id,omitempty"`
	// FormerID is x_mitre_old_attack_id, an id that the object had before.
	FormerID    string `json:"former_attack_id,omitempty"`
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	// Version is x_mitre_version as spelled; it may be missing or have one part.
	Version string `json:"version,omitempty"`
	// SpecVersion is x_mitre_attack_spec_version; empty means 2.0.0.
	SpecVersion string `json:"attack_spec_version,omitempty"`
	// Created and Modified are timestamps as spelled (RFC 3339).
	Created    string   `json:"created,omitempty"`
	Modified   string   `json:"modified,omitempty"`
	Revoked    bool     `json:"revoked"`
	Deprecated bool     `json:"deprecated"`
	Domains    []string `json:"domains,omitempty"`
	Platforms  []string `json:"platforms,omitempty"`
	// Aliases holds aliases and x_mitre_aliases in the order given.
	Aliases    []string    `json:"aliases,omitempty"`
	References []Reference `json:"references,omitempty"`
	// Detection is x_mitre_detection, the detection text of releases before 18.
	Detection string `json:"detection,omitempty"`

	// Phases are a technique's kill chain phases.
	Phases []Phase `json:"phases,omitempty"`
	// ShortName is a tactic's x_mitre_shortname, the phase name that names it.
	ShortName string `json:"short_name,omitempty"`
	// LogSources are the log sources that an analytic names.
	LogSources []LogSource `json:"log_sources,omitempty"`
	// Channels are the log sources that a data component lists. Their Component
	// is empty.
	Channels []LogSource `json:"channels,omitempty"`
	// Mutable are the elements of an analytic that an organisation should tune.
	Mutable []MutableElement `json:"mutable_elements,omitempty"`

	// Tactics are a matrix's tactic_refs, in order.
	Tactics []string `json:"tactic_refs,omitempty"`
	// Analytics are a detection strategy's x_mitre_analytic_refs.
	Analytics []string `json:"analytic_refs,omitempty"`
	// DataSource is a data component's x_mitre_data_source_ref.
	DataSource string `json:"data_source_ref,omitempty"`
	// CreatedBy, ModifiedBy and Markings are references that every object may have.
	CreatedBy  string   `json:"created_by_ref,omitempty"`
	ModifiedBy string   `json:"modified_by_ref,omitempty"`
	Markings   []string `json:"marking_refs,omitempty"`
	// RelatedAssets are the names in an asset's x_mitre_related_assets.
	RelatedAssets []RelatedAsset `json:"related_assets,omitempty"`
	// Contents are a collection's x_mitre_contents.
	Contents []ContentRef `json:"contents,omitempty"`
	// Relationship is set for relationship objects alone.
	Relationship *Relationship `json:"relationship,omitempty"`
}

// Live reports whether o is neither revoked nor deprecated.
func (o *Object) Live() bool { return !o.Revoked && !o.Deprecated }

// Lifecycle returns "revoked", "deprecated" or "live".
func (o *Object) Lifecycle() string {
	switch {
	case o.Revoked:
		return "revoked"
	case o.Deprecated:
		return "deprecated"
	}
	return "live"
}

// Reference is one external reference of an object.
type Reference struct {
	SourceName  string `json:"source_name"`
	ExternalID  string `json:"external_id,omitempty"`
	URL         string `json:"url,omitempty"`
	Description string `json:"description,omitempty"`
}

// Phase names a tactic from inside a technique.
type Phase struct {
	Chain string `json:"kill_chain_name"`
	Name  string `json:"phase_name"`
}

// LogSource is a log source as ATT&CK names it. Its identity is the three
// fields together; it has no object of its own.
type LogSource struct {
	// Component is the STIX id of the data component.
	Component string `json:"component,omitempty"`
	Name      string `json:"name"`
	Channel   string `json:"channel"`
}

// MutableElement is a knob of an analytic that is meant to be set locally.
type MutableElement struct {
	Field       string `json:"field"`
	Description string `json:"description"`
}

// RelatedAsset is a name that an asset lists as related to itself.
type RelatedAsset struct {
	Name        string   `json:"name"`
	Sectors     []string `json:"sectors,omitempty"`
	Description string   `json:"description,omitempty"`
}

// ContentRef is one entry of a collection's table of contents.
type ContentRef struct {
	Ref      string `json:"object_ref"`
	Modified string `json:"object_modified"`
}

// Relationship is what a relationship object says.
type Relationship struct {
	Type   string `json:"relationship_type"`
	Source string `json:"source_ref"`
	Target string `json:"target_ref"`
}

// idSources are the source names under which MITRE gives an object its ATT&CK
// ID; mitre-pre-attack is of releases that are no longer made.
var idSources = [...]string{"mitre-attack", "mitre-mobile-attack", "mitre-ics-attack", "mitre-pre-attack"}

// IDOf returns the ATT&CK ID among an object's references: the external id of
// the first reference whose source is one of MITRE's. It is not always the
// first of all.
func IDOf(refs []Reference) string {
	for _, r := range refs {
		if r.ExternalID == "" {
			continue
		}
		for _, s := range idSources {
			if r.SourceName == s {
				return r.ExternalID
			}
		}
	}
	return ""
}
