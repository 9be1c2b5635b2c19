package stix

import "candor/internal/attack"

// A reader reads the value of the key it is filed under into the object.
type reader func(d *Decoder, o *attack.Object, key string)

// fields says how the value of each key of an object is read. A key that is not
// here is kept in the object's bytes alone. It is never changed.
var fields = map[string]reader{
	"id":                          func(d *Decoder, o *attack.Object, key string) { o.ID = d.prose(key) },
	"type":                        func(d *Decoder, o *attack.Object, key string) { o.Type = d.word(key) },
	"spec_version":                func(d *Decoder, o *attack.Object, key string) { d.stix = d.word(key) },
	"name":                        func(d *Decoder, o *attack.Object, key string) { o.Name = d.prose(key) },
	"description":                 func(d *Decoder, o *attack.Object, key string) { o.Description = d.prose(key) },
	"x_mitre_version":             func(d *Decoder, o *attack.Object, key string) { o.Version = d.word(key) },
	"x_mitre_attack_spec_version": func(d *Decoder, o *attack.Object, key string) { o.SpecVersion = d.word(key) },
	"x_mitre_old_attack_id":       func(d *Decoder, o *attack.Object, key string) { o.FormerID = d.word(key) },
	"created":                     func(d *Decoder, o *attack.Object, key string) { o.Created = d.prose(key) },
	"modified":                    func(d *Decoder, o *attack.Object, key string) { o.Modified = d.prose(key) },
	"revoked":                     func(d *Decoder, o *attack.Object, key string) { o.Revoked = d.flag(key) },
	"x_mitre_deprecated":          func(d *Decoder, o *attack.Object, key string) { o.Deprecated = d.flag(key) },
	"x_mitre_domains":             func(d *Decoder, o *attack.Object, key string) { o.Domains = d.words(o.Domains, key) },
	"x_mitre_platforms":           func(d *Decoder, o *attack.Object, key string) { o.Platforms = d.words(o.Platforms, key) },
	"aliases":                     func(d *Decoder, o *attack.Object, key string) { o.Aliases = d.words(o.Aliases, key) },
	"x_mitre_aliases":             func(d *Decoder, o *attack.Object, key string) { o.Aliases = d.words(o.Aliases, key) },
	"x_mitre_detection":           func(d *Decoder, o *attack.Object, key string) { o.Detection = d.prose(key) },
	"x_mitre_shortname":           func(d *Decoder, o *attack.Object, key string) { o.ShortName = d.word(key) },
	"tactic_refs":                 func(d *Decoder, o *attack.Object, key string) { o.Tactics = d.words(o.Tactics, key) },
	"x_mitre_analytic_refs":       func(d *Decoder, o *attack.Object, key string) { o.Analytics = d.words(o.Analytics, key) },
	"x_mitre_data_source_ref":     func(d *Decoder, o *attack.Object, key string) { o.DataSource = d.word(key) },
	"created_by_ref":              func(d *Decoder, o *attack.Object, key string) { o.CreatedBy = d.word(key) },
	"x_mitre_modified_by_ref":     func(d *Decoder, o *attack.Object, key string) { o.ModifiedBy = d.word(key) },
	"object_marking_refs":         func(d *Decoder, o *attack.Object, key string) { o.Markings = d.words(o.Markings, key) },
	"relationship_type":           func(d *Decoder, o *attack.Object, key string) { relationship(o).Type = d.word(key) },
	"source_ref":                  func(d *Decoder, o *attack.Object, key string) { relationship(o).Source = d.word(key) },
	"target_ref":                  func(d *Decoder, o *attack.Object, key string) { relationship(o).Target = d.word(key) },

	"external_references":           references,
	"kill_chain_phases":             phases,
	"x_mitre_log_source_references": func(d *Decoder, o *attack.Object, key string) { o.LogSources = logSources(d, o.LogSources, key) },
	"x_mitre_log_sources":           func(d *Decoder, o *attack.Object, key string) { o.Channels = logSources(d, o.Channels, key) },
	"x_mitre_mutable_elements":      mutableElements,
	"x_mitre_related_assets":        relatedAssets,
	"x_mitre_contents":              contents,

	// The kind tells finish what the flag said.
	"x_mitre_is_subtechnique": func(d *Decoder, o *attack.Object, key string) {
		if d.flag(key) {
			o.Kind = attack.KindSubTechnique
		}
	},
}

// objectField reads the value of one key of an object.
func objectField(d *Decoder, key []byte) {
	read, ok := fields[string(key)]
	if !ok {
		d.skip()
		return
	}
	read(d, d.cur, d.shared(key))
}

// relationship returns o's relationship, made at need: keys come in any order.
func relationship(o *attack.Object) *attack.Relationship {
	if o.Relationship == nil {
		o.Relationship = &attack.Relationship{}
	}
	return o.Relationship
}

// records reads an array of objects; field reads the value of each key of the
// record that add has just added.
func (d *Decoder) records(key string, add func(), field func(d *Decoder, key []byte)) {
	d.elements(key, '{', func() {
		add()
		d.members(field)
	})
}

func references(d *Decoder, o *attack.Object, key string) {
	var r *attack.Reference
	add := func() {
		o.References = append(o.References, attack.Reference{})
		r = &o.References[len(o.References)-1]
	}
	d.records(key, add, func(d *Decoder, key []byte) {
		switch string(key) {
		case "source_name":
			r.SourceName = d.word("source_name")
		case "external_id":
			r.ExternalID = d.prose("external_id")
		case "url":
			r.URL = d.prose("url")
		case "description":
			r.Description = d.word("description")
		default:
			d.skip()
		}
	})
}

func phases(d *Decoder, o *attack.Object, key string) {
	var p *attack.Phase
	add := func() {
		o.Phases = append(o.Phases, attack.Phase{})
		p = &o.Phases[len(o.Phases)-1]
	}
	d.records(key, add, func(d *Decoder, key []byte) {
		switch string(key) {
		case "kill_chain_name":
			p.Chain = d.word("kill_chain_name")
		case "phase_name":
			p.Name = d.word("phase_name")
		default:
			d.skip()
		}
	})
}

func logSources(d *Decoder, have []attack.LogSource, key string) []attack.LogSource {
	var l *attack.LogSource
	add := func() {
		have = append(have, attack.LogSource{})
		l = &have[len(have)-1]
	}
	d.records(key, add, func(d *Decoder, key []byte) {
		switch string(key) {
		case "x_mitre_data_component_ref":
			l.Component = d.word("x_mitre_data_component_ref")
		case "name":
			l.Name = d.word("name")
		case "channel":
			l.Channel = d.word("channel")
		default:
			d.skip()
		}
	})
	return have
}

func mutableElements(d *Decoder, o *attack.Object, key string) {
	var m *attack.MutableElement
	add := func() {
		o.Mutable = append(o.Mutable, attack.MutableElement{})
		m = &o.Mutable[len(o.Mutable)-1]
	}
	d.records(key, add, func(d *Decoder, key []byte) {
		switch string(key) {
		case "field":
			m.Field = d.word("field")
		case "description":
			m.Description = d.prose("description")
		default:
			d.skip()
		}
	})
}

func relatedAssets(d *Decoder, o *attack.Object, key string) {
	var a *attack.RelatedAsset
	add := func() {
		o.RelatedAssets = append(o.RelatedAssets, attack.RelatedAsset{})
		a = &o.RelatedAssets[len(o.RelatedAssets)-1]
	}
	d.records(key, add, func(d *Decoder, key []byte) {
		switch string(key) {
		case "name":
			a.Name = d.word("name")
		case "related_asset_sectors":
			a.Sectors = d.words(a.Sectors, "related_asset_sectors")
		case "description":
			a.Description = d.prose("description")
		default:
			d.skip()
		}
	})
}

func contents(d *Decoder, o *attack.Object, key string) {
	var c *attack.ContentRef
	add := func() {
		o.Contents = append(o.Contents, attack.ContentRef{})
		c = &o.Contents[len(o.Contents)-1]
	}
	d.records(key, add, func(d *Decoder, key []byte) {
		switch string(key) {
		case "object_ref":
			c.Ref = d.prose("object_ref")
		case "object_modified":
			c.Modified = d.prose("object_modified")
		default:
			d.skip()
		}
	})
}
