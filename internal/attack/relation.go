package attack

// Relation is a directed, typed edge between two objects. It comes from a
// relationship object or from a reference held inside an object; a reader who
// follows relationship objects alone finds none for any analytic.
type Relation struct {
	// Type is the relationship type ("uses", "detects", ...) or, for a reference
	// inside an object, what it means ("in-tactic", "has-analytic", ...).
	Type string `json:"type"`
	// From and To are STIX ids. A reference by name (a kill chain phase, a related
	// asset) has the name in To and Named set until Names resolves it.
	From string `json:"from"`
	To   string `json:"to"`
	// Field is the field that holds the reference; it is empty for relationship
	// objects.
	Field string `json:"field,omitempty"`
	// By is the STIX id of the relationship object, empty for a reference.
	By string `json:"by,omitempty"`
	// Named says that To is a name and not an id: a tactic's as "chain/phase", or
	// an asset's.
	Named bool `json:"-"`
	// Log is set on a relation from an analytic to a data component.
	Log *LogSource `json:"log_source,omitempty"`
}

// The types of relation that are held inside objects.
const (
	InTactic      = "in-tactic"    // technique -> tactic, kill_chain_phases
	HasTactic     = "has-tactic"   // matrix -> tactic, tactic_refs
	HasAnalytic   = "has-analytic" // strategy -> analytic, x_mitre_analytic_refs
	ReadsSource   = "reads"        // analytic -> data component, x_mitre_log_source_references
	PartOf        = "part-of"      // data component -> data source, x_mitre_data_source_ref
	CreatedBy     = "created-by"   // any -> identity
	ModifiedBy    = "modified-by"  // any -> identity
	MarkedBy      = "marked-by"    // any -> marking definition
	Contains      = "contains"     // collection -> any, x_mitre_contents
	RelatedToName = "related-to"   // asset -> asset that bears a name in x_mitre_related_assets
)

// The types of relationship object that judgements follow.
const (
	Uses           = "uses"
	Mitigates      = "mitigates"
	Detects        = "detects"
	SubtechniqueOf = "subtechnique-of"
	RevokedBy      = "revoked-by"
	AttributedTo   = "attributed-to"
	Targets        = "targets"
)

// RelationsOf returns the relations that o itself holds: the one of a
// relationship object, else those of the references inside o, in field order.
func RelationsOf(o *Object) []Relation {
	if r := o.Relationship; r != nil {
		return []Relation{{Type: r.Type, From: r.Source, To: r.Target, By: o.ID}}
	}
	rs := make([]Relation, 0, len(o.Phases)+len(o.Tactics)+len(o.Analytics)+len(o.LogSources)+len(o.RelatedAssets)+len(o.Contents)+4)
	add := func(typ, field string, ids ...string) {
		for _, id := range ids {
			if id != "" {
				rs = append(rs, Relation{Type: typ, From: o.ID, To: id, Field: field})
			}
		}
	}
	for _, p := range o.Phases {
		rs = append(rs, Relation{Type: InTactic, From: o.ID, To: p.Chain + "/" + p.Name, Field: "kill_chain_phases", Named: true})
	}
	add(HasTactic, "tactic_refs", o.Tactics...)
	add(HasAnalytic, "x_mitre_analytic_refs", o.Analytics...)
	for i := range o.LogSources {
		l := &o.LogSources[i]
		rs = append(rs, Relation{Type: ReadsSource, From: o.ID, To: l.Component, Field: "x_mitre_log_source_references", Log: l})
	}
	add(PartOf, "x_mitre_data_source_ref", o.DataSource)
	for _, a := range o.RelatedAssets {
		rs = append(rs, Relation{Type: RelatedToName, From: o.ID, To: a.Name, Field: "x_mitre_related_assets", Named: true})
	}
	add(CreatedBy, "created_by_ref", o.CreatedBy)
	add(ModifiedBy, "x_mitre_modified_by_ref", o.ModifiedBy)
	add(MarkedBy, "object_marking_refs", o.Markings...)
	for _, c := range o.Contents {
		add(Contains, "x_mitre_contents", c.Ref)
	}
	return rs
}
