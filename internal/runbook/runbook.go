// Package runbook holds what people have written down of an analytic: what to do
// when the behaviour is seen, owned by whom, reviewed when, and which local
// values its knobs were given. It refuses to judge whether any of it is current.
package runbook

import "candor/internal/day"

// Runbook is one written procedure.
type Runbook struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	// AppliesTo lists ATT&CK IDs (analytics, strategies, techniques) and rule ids
	// ("rule:ID").
	AppliesTo []string `json:"applies_to"`
	Owner     string   `json:"owner,omitempty"`
	Reviewed  day.Date `json:"reviewed,omitempty"`
	Path      string   `json:"path,omitempty"`
	// Body is the text in Markdown.
	Body string `json:"body,omitempty"`
}
