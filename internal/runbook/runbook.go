// Package runbook holds what people have written down of an analytic: what to do
// when the behaviour is seen, owned by whom, reviewed when, and which local
// values its knobs were given. It refuses to judge whether any of it is current.
package runbook

import (
	"strings"

	"candor/internal/day"
)

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

// leastWords is how many words a text has at the least that says what to do.
const leastWords = 5

// Procedure reports whether the runbook has a text that could say what to do: words
// besides headings and comments. It says nothing of whether they are good ones.
func (r *Runbook) Procedure() bool {
	words, comment := 0, false
	for line := range strings.Lines(r.Body) {
		line = strings.TrimSpace(line)
		comment = comment || strings.HasPrefix(line, "<!--")
		if !comment && !strings.HasPrefix(line, "#") {
			words += len(strings.Fields(line))
		}
		comment = comment && !strings.Contains(line, "-->")
	}
	return words >= leastWords
}
