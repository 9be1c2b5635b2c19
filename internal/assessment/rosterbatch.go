package assessment

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/roster"
	"candor/internal/store"
)

// Stretch is how many records of a batch are listed at once.
const Stretch = 10000

// Records lists what a batch brought, behind the first of its records: at most Stretch of
// them, and how many there are in all. fault.NotFound for a batch that is not there.
func (s *Service) Records(ctx context.Context, batch string, first int) (l roster.List, all int, err error) {
	l = roster.List{Name: "records", Title: "Records of " + batch, Order: "as they arrived"}
	if kind, _, _ := strings.Cut(batch, "-"); kind == evidence.Alerts {
		alerts, all, err := s.alerts.Brought(ctx, batch, first, Stretch)
		if err != nil {
			return l, 0, err
		}
		l.About = "The alerts of the batch as they arrived, before anything later changed them."
		l.Empty = "The batch brought no alert, or those that it brought were removed for retention."
		roster.Fill(&l, alerts, alertColumns())
		return l, all, nil
	}
	batches, err := s.evidence.Batches(ctx)
	if err != nil {
		return l, 0, err
	}
	if !slices.ContainsFunc(batches, func(b store.Batch) bool { return b.ID == batch }) {
		return l, 0, fault.New(fault.NotFound, "there is no batch %s", batch).Next("the page Evidence lists every batch")
	}
	records, all, err := s.evidence.Stated(ctx, batch, first, Stretch)
	if err != nil {
		return l, 0, err
	}
	l.About = "What the batch stated that was news. What it said as it was known already is not repeated here."
	l.Empty = "The batch stated nothing that was not known already."
	roster.Fill(&l, records, recordColumns())
	return l, all, nil
}

// alertColumns are those of alerts.
func alertColumns() []roster.Col[*alert.Alert] {
	return []roster.Col[*alert.Alert]{
		{Column: roster.Column{Key: "alert", Name: "Alert", Kind: roster.Text}, Cell: func(a **alert.Alert) roster.Cell { return roster.Words((*a).ID) }},
		{Column: roster.Column{Key: "time", Name: "Time", Kind: roster.Moment}, Cell: func(a **alert.Alert) roster.Cell { return roster.At((*a).Time) }},
		{Column: roster.Column{Key: "rule", Name: "Rule", Kind: roster.Text, Choice: true, NoteKey: "rule_id"}, Cell: func(a **alert.Alert) roster.Cell {
			return roster.To(roster.ToRule, (*a).RuleID, (*a).RuleName).With((*a).RuleID).As((*a).RuleID)
		}},
		words("entity", "Entity", func(a **alert.Alert) string { return (*a).Entity }),
		choice("at_site", "Site", func(a **alert.Alert) roster.Cell { return roster.Words((*a).Site) }),
		choice("severity", "Severity", func(a **alert.Alert) roster.Cell { return roster.Words((*a).Severity) }),
		{Column: roster.Column{Key: "score", Name: "Score", Kind: roster.Number}, Cell: func(a **alert.Alert) roster.Cell {
			if (*a).Score == nil {
				return roster.Cell{}
			}
			return roster.Cell{Text: fmt.Sprintf("%g", *(*a).Score), Number: (*a).Score}
		}},
		{Column: roster.Column{Key: "label", Name: "Label", Kind: roster.Text, Choice: true, NoteKey: "labelled_by"}, Cell: func(a **alert.Alert) roster.Cell { return labelOf((*a).Disposition) }},
		words("case", "Case", func(a **alert.Alert) string { return (*a).CaseID }),
		words("fields", "Fields", func(a **alert.Alert) string { return fieldsOf((*a).Fields) }),
	}
}

// labelOf says what was said of an alert, and by whom.
func labelOf(d *alert.Disposition) roster.Cell {
	if d == nil {
		return roster.Words("unlabelled").As(string(alert.Unlabelled))
	}
	by := strings.ReplaceAll(string(d.Provenance), "_", " ")
	if d.By != "" {
		by += ", " + d.By
	}
	return roster.Words(strings.ReplaceAll(string(d.Class), "_", " ")).As(string(d.Class)).With(by)
}

// mostSaid is how much of a record or of an alert's fields a list says, in bytes.
const mostSaid = 400

func fieldsOf(fields map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		if b.Len() > mostSaid {
			return b.String() + " …"
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		v := fields[k]
		if len(v) > mostSaid {
			v = strings.ToValidUTF8(v[:mostSaid], "") + "…"
		}
		b.WriteString(k + "=" + v)
	}
	return b.String()
}

func recordColumns() []roster.Col[store.Record] {
	return []roster.Col[store.Record]{
		{Column: roster.Column{Key: "record", Name: "Record", Kind: roster.Text, NoteKey: "key"}, Cell: recordOf},
		choice("kind", "Kind", func(r *store.Record) roster.Cell {
			return roster.Words(strings.ReplaceAll(r.Kind, "_", " ")).As(r.Kind)
		}),
		words("says", "Says", func(r *store.Record) string { return saying(r.Body) }),
	}
}

// recordOf names a record, and leads to it where it has a page.
func recordOf(r *store.Record) roster.Cell {
	var body struct{ ID, Name, Title, Test string }
	_ = json.Unmarshal(r.Body, &body) // what has no such members has no name
	text := cmp.Or(body.Title, body.Name, body.Test, body.ID, strings.ReplaceAll(r.Key, "\x1f", " "))
	switch {
	case r.Kind == evidence.RecordRule && body.ID != "":
		return roster.To(roster.ToRule, body.ID, text).With(body.ID)
	case r.Kind == evidence.RecordCase && body.ID != "":
		return roster.To(roster.ToCase, body.ID, body.ID).With(body.Title)
	}
	c := roster.Words(text)
	if body.ID != text {
		c.Note = body.ID
	}
	return c
}

// saying is the body of a record in short: its members as they are written.
func saying(body []byte) string {
	var compact bytes.Buffer
	if json.Compact(&compact, body) != nil {
		return figure.Sprintf("%d bytes that are no JSON", len(body))
	}
	if text := compact.String(); len(text) <= mostSaid {
		return text
	}
	return strings.ToValidUTF8(compact.String()[:mostSaid], "") + " …"
}
