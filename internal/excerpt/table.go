package excerpt

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/decode"
	"candor/internal/fault"
)

// The tables of an excerpt.
const (
	// Objects has a row for every object that is no relationship object.
	Objects = "objects"
	// Relations has a row for every relationship object, and for every reference that is
	// held inside an object, but for who made and marked it and what a collection lists.
	Relations = "relations"
)

// Tables lists the names of the tables.
func Tables() []string { return []string{Objects, Relations} }

func objectHead() []string {
	return []string{"attack_id", "kind", "name", "lifecycle", "version", "created", "modified", "platforms", "tactics", "parent", "aliases",
		"url", "description", "detection", "domain", "release", "stix_id", "object_sha256", "licence"}
}

func relationHead() []string {
	return []string{"relation", "from_id", "from_kind", "from_name", "to_id", "to_kind", "to_name", "log_source", "channel", "lifecycle", "description",
		"field", "from_stix_id", "to_stix_id", "relationship_stix_id", "domain", "release", "licence"}
}

// each calls f with every object of the excerpt, those that repeat an id included.
func (s *Service) each(ctx context.Context, e *Excerpt, f func(snap *attack.Snapshot) error) error {
	if err := s.load(ctx, e); err != nil {
		return err
	}
	var d stix.Decoder
	return s.Store.Each(ctx, e.Release, e.places, func(_ int, raw []byte) error {
		snap, _, err := d.Decode(raw)
		if err != nil {
			return fmt.Errorf("read an object of %s: %w", e.Release, err)
		}
		return f(snap)
	})
}

// rows calls f with the rows of a table, the head first.
func (s *Service) rows(ctx context.Context, e *Excerpt, table string, f func(row []string) error) error {
	switch table {
	case Objects:
		if err := f(objectHead()); err != nil {
			return err
		}
		return s.each(ctx, e, func(snap *attack.Snapshot) error {
			if snap.Object.Relationship != nil {
				return nil
			}
			return f(e.object(snap))
		})
	case Relations:
		if err := f(relationHead()); err != nil {
			return err
		}
		return s.each(ctx, e, func(snap *attack.Snapshot) error { return e.relations(&snap.Object, f) })
	}
	return fault.New(fault.Usage, "there is no table %q", table).Next("choose one of: %s", strings.Join(Tables(), ", "))
}

// CSV writes a table as delimited text. No cell is a formula to a spreadsheet.
func (s *Service) CSV(ctx context.Context, e *Excerpt, table string, to io.Writer) error {
	w := csv.NewWriter(to)
	err := s.rows(ctx, e, table, func(row []string) error {
		for i := range row {
			row[i] = decode.Inert(row[i])
		}
		return w.Write(row)
	})
	w.Flush()
	if err == nil {
		err = w.Error()
	}
	return err
}

// object returns the row of an object.
func (e *Excerpt) object(snap *attack.Snapshot) []string {
	o := &snap.Object
	var tactics []string
	parent := ""
	for _, r := range e.lib.From(o.ID) {
		switch to, known := e.lib.Object(r.To); {
		case !known:
		case r.Type == attack.InTactic:
			tactics = append(tactics, to.ATTACKID)
		case r.Type == attack.SubtechniqueOf:
			parent = to.ATTACKID
		}
	}
	return []string{o.ATTACKID, string(o.Kind), o.Name, o.Lifecycle(), o.Version, o.Created, o.Modified, strings.Join(o.Platforms, ";"),
		strings.Join(tactics, ";"), parent, strings.Join(o.Aliases, ";"), address(o), o.Description, o.Detection,
		e.Release.Domain, e.Release.Version, o.ID, snap.ObjectHash.String(), e.origin.Licence}
}

// address returns the address that the reference with the object's ATT&CK ID gives.
func address(o *attack.Object) string {
	i := slices.IndexFunc(o.References, func(r attack.Reference) bool { return r.ExternalID == o.ATTACKID && r.URL != "" })
	if o.ATTACKID == "" || i < 0 {
		return ""
	}
	return o.References[i].URL
}

// relations calls f with a row for each relation that an object holds or is.
func (e *Excerpt) relations(o *attack.Object, f func([]string) error) error {
	if o.Relationship != nil {
		for _, r := range attack.RelationsOf(o) {
			if err := f(e.relation(r, o)); err != nil {
				return err
			}
		}
		return nil
	}
	for _, r := range e.lib.From(o.ID) {
		if r.By != "" || bookkeeping(r.Type) {
			continue
		}
		if err := f(e.relation(r, o)); err != nil {
			return err
		}
	}
	return nil
}

func (e *Excerpt) relation(r attack.Relation, o *attack.Object) []string {
	name := func(id string) (attackID, kind, name string) {
		if at, ok := e.lib.Object(id); ok {
			return at.ATTACKID, string(at.Kind), at.Name
		}
		return "", "", ""
	}
	fromID, fromKind, from := name(r.From)
	toID, toKind, to := name(r.To)
	var log attack.LogSource
	if r.Log != nil {
		log = *r.Log
	}
	lifecycle, said := "", ""
	if o.Relationship != nil {
		lifecycle, said = o.Lifecycle(), o.Description
	}
	return []string{r.Type, fromID, fromKind, from, toID, toKind, to, log.Name, log.Channel, lifecycle, said, r.Field, r.From, r.To, r.By,
		e.Release.Domain, e.Release.Version, e.origin.Licence}
}
