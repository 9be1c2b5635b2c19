package jsonl

import (
	"encoding/json"
	"time"

	"candor/internal/alert"
)

// written is an alert as Line writes it.
type written struct {
	ID              string            `json:"id"`
	RuleID          string            `json:"rule_id"`
	RuleName        string            `json:"rule_name,omitempty"`
	Time            string            `json:"time"`
	Site            string            `json:"site,omitempty"`
	Entity          string            `json:"entity,omitempty"`
	EntityType      string            `json:"entity_type,omitempty"`
	Entities        []alert.Entity    `json:"entities,omitempty"` // the others
	Severity        string            `json:"severity,omitempty"`
	Score           *float64          `json:"score,omitempty"`
	CaseID          string            `json:"case_id,omitempty"`
	Techniques      []string          `json:"techniques,omitempty"`
	Tactic          string            `json:"tactic,omitempty"`
	Source          string            `json:"source,omitempty"`
	Fields          map[string]string `json:"fields,omitempty"`
	Disposition     string            `json:"disposition,omitempty"`
	DispositionTime string            `json:"disposition_time,omitempty"`
	DispositionBy   string            `json:"disposition_by,omitempty"`
	Provenance      string            `json:"provenance,omitempty"`
	DuplicateOf     string            `json:"duplicate_of,omitempty"`
}

// Line returns an alert that is whole as Alerts reads it, in one line without its end. The
// product's own word for a disposition is kept as the field vendor_word.
func Line(a *alert.Alert) []byte {
	w := written{ID: a.ID, RuleID: a.RuleID, RuleName: a.RuleName, Time: a.Time.UTC().Format(time.RFC3339Nano), Site: a.Site, Entity: a.Entity, EntityType: string(a.EntityType), Entities: a.Others, Severity: a.Severity,
		Score: a.Score, CaseID: a.CaseID, Techniques: a.Techniques, Tactic: a.Tactic, Source: a.Source, Fields: a.Fields}
	if d := a.Disposition; d != nil {
		w.Disposition, w.DispositionTime, w.DispositionBy = string(d.Class), d.Time.UTC().Format(time.RFC3339Nano), d.By
		w.Provenance, w.DuplicateOf = string(d.Provenance), d.DuplicateOf
		if d.Word != "" {
			w.Fields = make(map[string]string, len(a.Fields)+1)
			for k, v := range a.Fields {
				w.Fields[k] = v
			}
			w.Fields["vendor_word"] = d.Word
		}
	}
	line, _ := json.Marshal(w) // texts, numbers that are finite and maps of texts cannot fail
	return line
}
