package api

import (
	"reflect"
	"time"

	"candor/internal/evidence"
	"candor/internal/signal"
)

// AlertRecord describes an alert as it is pushed: Candor's JSON Lines.
type AlertRecord struct {
	ID              string            `json:"id" doc:"Tells the alert from every other; the same again is the same alert"`
	RuleID          string            `json:"rule_id"`
	Time            time.Time         `json:"time"`
	RuleName        string            `json:"rule_name,omitempty"`
	Site            string            `json:"site,omitempty"`
	Entity          string            `json:"entity,omitempty" doc:"Whom or what it is about first of all: a host, a user"`
	EntityType      string            `json:"entity_type,omitempty" enum:"host,account,address,mail,resource,other"`
	Entities        []EntityRecord    `json:"entities,omitempty" doc:"Whom or what it is about besides; without entity, the one that says so is the primary one, or else the first. An entry may also be a text, a name or for example host:web-01. 100 are kept"`
	Severity        string            `json:"severity,omitempty"`
	Score           float64           `json:"score,omitempty"`
	CaseID          string            `json:"case_id,omitempty"`
	Techniques      []string          `json:"techniques,omitempty"`
	Tactic          string            `json:"tactic,omitempty"`
	Source          string            `json:"source,omitempty"`
	Disposition     string            `json:"disposition,omitempty" enum:"true_positive,benign_positive,false_positive,false_positive_logic,false_positive_data,test,duplicate,undetermined,open"`
	DispositionTime time.Time         `json:"disposition_time,omitzero"`
	DispositionBy   string            `json:"disposition_by,omitempty"`
	Provenance      string            `json:"provenance,omitempty" enum:"analyst,incident,exercise,automation,ai"`
	Reading         string            `json:"reading,omitempty" enum:"first,second" doc:"second: somebody else looked, without being told the class; it changes no class"`
	DuplicateOf     string            `json:"duplicate_of,omitempty" doc:"The alert that a duplicate repeats"`
	Fields          map[string]string `json:"fields,omitempty" doc:"Anything else; keys that are not known are kept as fields, too"`
}

// EntityRecord describes an entity of an alert as it is pushed.
type EntityRecord struct {
	Name    string `json:"name"`
	Type    string `json:"type,omitempty" enum:"host,account,address,mail,resource,other"`
	Primary bool   `json:"primary,omitempty"`
}

// DispositionRecord describes what is said of a known alert as it is pushed.
type DispositionRecord struct {
	ID              string    `json:"id" doc:"The alert"`
	Source          string    `json:"source,omitempty" doc:"Whose alert it is; needed where several sources have the id"`
	Site            string    `json:"site,omitempty" doc:"Where it was raised; needed where several sites have the id"`
	Disposition     string    `json:"disposition" enum:"true_positive,benign_positive,false_positive,false_positive_logic,false_positive_data,test,duplicate,undetermined,open"`
	DispositionTime time.Time `json:"disposition_time" doc:"When it was said"`
	DispositionBy   string    `json:"disposition_by,omitempty"`
	Provenance      string    `json:"provenance,omitempty" enum:"analyst,incident,exercise,automation,ai"`
	CaseID          string    `json:"case_id,omitempty"`
	Reading         string    `json:"reading,omitempty" enum:"first,second" doc:"second: somebody else looked, without being told the class; it changes no class"`
	DuplicateOf     string    `json:"duplicate_of,omitempty" doc:"The alert that a duplicate repeats"`
}

// FeedRecord describes a measured arrival as it is pushed.
type FeedRecord struct {
	Date    string `json:"date" format:"date"`
	Source  string `json:"source" doc:"The log source, under ATT&CK's name"`
	Channel string `json:"channel,omitempty" doc:"The channel, under ATT&CK's name; empty stands for all"`
	Events  int64  `json:"events" minimum:"0" doc:"0 says that it was looked for and did not arrive"`
	Hosts   int64  `json:"hosts" minimum:"0"`
	Site    string `json:"site,omitempty"`
}

// records are the types that describe what can be pushed, by kind.
func records() map[string]reflect.Type {
	return map[string]reflect.Type{
		evidence.Alerts: reflect.TypeFor[AlertRecord](), evidence.Dispositions: reflect.TypeFor[DispositionRecord](),
		evidence.Signals: reflect.TypeFor[signal.Signal](), evidence.Feeds: reflect.TypeFor[FeedRecord](),
	}
}
