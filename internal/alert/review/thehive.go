package review

import (
	"io"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/alert/thehive"
	"candor/internal/decode"
	"candor/internal/evidence"
)

// SniffHive reports whether a file that begins with head is one of TheHive's
// cases.
func SniffHive(head []byte, _ string) bool {
	return export.Has(head, "_id", "caseId") && !export.Has(head, "sourceRef") || export.Has(head, "_id", "startDate")
}

// Hive reads cases of TheHive 3 to 5, as its API returns them. Their alerts name them
// by the same id, and are not listed.
func Hive(file string, r io.Reader) (evidence.Decoded[alert.Case], error) {
	return collect(file, r, nil, hive)
}

func hive(r *export.Record) (alert.Case, bool) {
	if kind := r.Text("_type"); kind != "" && !strings.EqualFold(kind, "case") {
		r.Note("records of type %q are no cases and were passed over", kind)
		return alert.Case{}, false
	}
	c := alert.Case{
		ID: r.Need("_id"), Title: r.Text("title"), Opened: millis(r, "_createdAt", "createdAt", "startDate"),
		Occurred: millis(r, "startDate"), Closed: millis(r, "endDate", "closedDate"), Owner: r.Text("assignee", "owner"), Lessons: r.Text("summary"),
	}
	if c.Opened.IsZero() {
		r.Fail("_createdAt", "", "is missing or empty, and so is startDate")
	}
	if c.Occurred.After(c.Opened) { // work that was planned, and not when it happened
		c.Occurred = time.Time{}
	}
	for _, tag := range r.Texts("tags") {
		if id, ok := thehive.Technique(tag); ok && !slices.Contains(c.Techniques, id) {
			c.Techniques = append(c.Techniques, id)
		}
	}
	word := r.Text("resolutionStatus")
	if word == "" {
		word = r.Text("status")
	}
	c.Class, c.Word = alert.Unlabelled, word
	if class, ok := classOf(word); ok {
		c.Class = class
	} else if stage := r.Text("stage"); stage == "Closed" {
		r.Note("the status %q is not one that TheHive brings; its cases were taken as unlabelled", word)
	}
	return c, true
}

// millis returns the time at the first of the names that has one.
func millis(r *export.Record, names ...string) time.Time {
	r.Numbers(time.Millisecond)
	for _, name := range names {
		text := r.Text(name)
		if text == "" {
			continue
		}
		t, ok := r.When(text)
		if !ok {
			r.Fail(name, text, decode.TimeHelp)
		}
		return t
	}
	return time.Time{}
}
