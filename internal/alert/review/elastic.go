package review

import (
	"io"
	"strings"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/evidence"
)

// SniffElastic reports whether a file is one of cases of Elastic Security.
func SniffElastic(head []byte, _ string) bool {
	return export.Has(head, "totalAlerts", "created_at") || export.Has(head, "closed_by", "totalComment", "tags")
}

// Elastic reads cases of Elastic Security, as its interface returns them. They have no
// class of their own: a tag that is the name of one says it, and of others the case is
// unlabelled. Their alerts name them.
func Elastic(file string, text io.Reader) (evidence.Decoded[alert.Case], error) {
	return export.CollectLists(file, text, []string{"cases"}, func(r *export.Record) (alert.Case, bool) {
		r.Need("created_at")
		c := alert.Case{ID: r.Need("id"), Title: r.Text("title"), Opened: r.Time("created_at"), Closed: r.Time("closed_at"), Owner: r.Text("assignees.uid", "created_by.username"), Class: alert.Unlabelled}
		for _, tag := range r.Texts("tags") {
			if class, ok := classOf(tag); ok && class.Labels() {
				c.Class, c.Word = class, tag
				break
			}
		}
		for _, tag := range r.Texts("tags") {
			if id := strings.ToUpper(tag); strings.HasPrefix(id, "T1") {
				c.Techniques = append(c.Techniques, r.Techniques([]string{id})...)
			}
		}
		if r.Text("totalAlerts") != "" && r.Text("totalAlerts") != "0" {
			c.FoundBy = alert.FoundByAlert
		}
		order(r, &c)
		return c, true
	})
}
