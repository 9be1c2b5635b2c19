package diff

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"candor/internal/inert"
)

// titles names kinds and categories for people.
var titles = map[string]string{
	"techniques": "Techniques", "software": "Software", "groups": "Groups", "campaigns": "Campaigns", "assets": "Assets",
	"mitigations": "Mitigations", "data_sources": "Data sources", "data_components": "Data components",
	"detection_strategies": "Detection strategies", "analytics": "Analytics", "tactics": "Tactics", "matrices": "Matrices",
	"relationships": "Relationships",

	string(Addition): "Added", string(Deletion): "Deleted", string(Revocation): "Revoked", string(Deprecation): "Deprecated",
	string(Unrevocation): "No longer revoked", string(Undeprecation): "No longer deprecated", string(Major): "Major version changes",
	string(Minor): "Minor version changes", string(OtherVersion): "Other version changes", string(Patch): "Patches",
	string(Content): "Content changes without a new version or date",
	string(Retired): "Changes of objects that were revoked or deprecated already",
}

func title(s string) string {
	if t, ok := titles[s]; ok {
		return t
	}
	return s
}

// section is the changes of one kind and category.
type section struct {
	kind     string
	category Category
	objects  []Changed
}

// count says how many objects there are, and how many of them changed although
// they are no longer in use: MITRE's own lists leave those out.
func (s section) count() string {
	dead := 0
	for i := range s.objects {
		if s.objects[i].Lifecycle != "live" {
			dead++
		}
	}
	switch s.category {
	case Addition, Deletion, Revocation, Deprecation:
		dead = 0
	}
	if dead == 0 {
		return fmt.Sprint(len(s.objects))
	}
	return fmt.Sprintf("%d, of which %d no longer in use", len(s.objects), dead)
}

// sections lists what the report has, in order.
func (r Report) sections() []section {
	var ss []section
	for _, kind := range r.Order() {
		for _, c := range Categories() {
			if es := r.ByKind[kind][c]; len(es) > 0 {
				ss = append(ss, section{kind, c, es})
			}
		}
	}
	return ss
}

// Text writes the report as plain text: each changed object on a line with its
// versions and fields, under its kind and category. Relationships are counted
// and not listed: there are thousands, and what they mean for techniques is in
// the ties.
func (r Report) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s -> %s\n", r.Old, r.New)
	if len(r.sections()) == 0 {
		b.WriteString("\nNothing changed.\n")
	}
	kind := ""
	for _, s := range r.sections() {
		if s.kind != kind {
			kind = s.kind
			fmt.Fprintf(b, "\n%s\n", inert.Line(title(kind)))
		}
		fmt.Fprintf(b, "  %s: %s\n", title(string(s.category)), s.count())
		if s.kind == "relationships" {
			continue
		}
		for i := range s.objects {
			fmt.Fprintf(b, "    %s\n", inert.Line(s.objects[i].line()))
		}
	}
	if len(r.Ties) > 0 {
		fmt.Fprintf(b, "\nTechniques that gained or lost mitigations, detections or procedures: %d\n", len(r.Ties))
	}
	for i := range r.Ties {
		fmt.Fprintf(b, "    %s\n", inert.Line(r.Ties[i].line()))
	}
	return b.Flush()
}

// line describes an object on one line.
func (e *Changed) line() string {
	parts := []string{e.label()}
	if e.OldVersion != e.NewVersion && e.OldVersion != "" && e.NewVersion != "" {
		parts = append(parts, e.OldVersion+" -> "+e.NewVersion)
	}
	if fields := e.fieldNames(); len(fields) > 0 {
		parts = append(parts, "("+strings.Join(fields, ", ")+")")
	}
	return strings.Join(parts, "  ")
}

func (e *Changed) label() string {
	switch {
	case e.ATTACKID == "" && e.Name == "":
		return e.ID
	case e.ATTACKID == "":
		return e.Name
	}
	return e.ATTACKID + " " + e.Name
}

func (e *Changed) fieldNames() []string {
	names := make([]string, 0, len(e.Fields))
	for f := range e.Fields {
		names = append(names, f)
	}
	slices.Sort(names)
	return names
}

// line describes a technique's ties on one line.
func (t *Tied) line() string {
	parts := []string{t.label()}
	for _, x := range []struct {
		what string
		Exchange
	}{{"mitigations", t.Mitigations}, {"detections", t.Detections}, {"procedures", t.Procedures}} {
		var change []string
		for _, n := range x.Gained {
			change = append(change, "+"+n.short())
		}
		for _, n := range x.Lost {
			change = append(change, "-"+n.short())
		}
		if change != nil {
			parts = append(parts, x.what+" "+strings.Join(change, " "))
		}
	}
	return strings.Join(parts, "  ")
}

func (n Name) label() string {
	e := Changed{ID: n.ID, ATTACKID: n.ATTACKID, Name: n.Name}
	return e.label()
}

func (n Name) short() string {
	if n.ATTACKID != "" {
		return n.ATTACKID
	}
	return n.ID
}

// Markdown writes the report as a document with a table of counts, then what
// [Report.Text] lists.
func (r Report) Markdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "# %s to %s\n\n", escape(r.Old.String()), escape(r.New.String()))
	r.countsTable(b)
	kind := ""
	for _, s := range r.sections() {
		if s.kind == "relationships" {
			continue
		}
		if s.kind != kind {
			kind = s.kind
			fmt.Fprintf(b, "\n## %s\n", escape(title(kind)))
		}
		fmt.Fprintf(b, "\n### %s: %s\n\n", title(string(s.category)), s.count())
		for i := range s.objects {
			fmt.Fprintf(b, "- %s\n", escape(s.objects[i].line()))
		}
	}
	if len(r.Ties) > 0 {
		b.WriteString("\n## Mitigations, detections and procedures\n\nPlus is gained, minus is lost.\n\n")
	}
	for i := range r.Ties {
		fmt.Fprintf(b, "- %s\n", escape(r.Ties[i].line()))
	}
	return b.Flush()
}

func (r Report) countsTable(b *bufio.Writer) {
	var used []Category
	for _, c := range Categories() {
		if r.Count("", c) > 0 {
			used = append(used, c)
		}
	}
	if used == nil {
		b.WriteString("Nothing changed.\n")
		return
	}
	b.WriteString("| |")
	for _, c := range used {
		fmt.Fprintf(b, " %s |", title(string(c)))
	}
	b.WriteString("\n| --- |" + strings.Repeat(" ---: |", len(used)) + "\n")
	for _, kind := range r.Order() {
		if len(r.ByKind[kind]) == 0 {
			continue
		}
		fmt.Fprintf(b, "| %s |", escape(title(kind)))
		for _, c := range used {
			fmt.Fprintf(b, " %d |", r.Count(kind, c))
		}
		b.WriteString("\n")
	}
}

// escape takes the meaning out of what Markdown would read as markup.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "|", `\|`, "#", `\#`).Replace(inert.Line(s))
}
