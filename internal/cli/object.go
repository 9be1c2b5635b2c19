package cli

import (
	"fmt"
	"strings"

	"candor/internal/attack/prose"
	"candor/internal/library"
	"candor/internal/store"
)

// showObject prints an object's page for a terminal, with at most limit
// relations of each type.
func showObject(g *sheet, p library.Page, limit int) {
	o := p.Object
	title := strings.TrimSpace(o.ATTACKID + "  " + o.Name)
	if title == "" {
		title = o.ID
	}
	g.line("%s", g.bold(title))
	g.line("%s in %s%s", o.Kind, p.Release, lifecycle(p))
	facts := [][]string{{"STIX id", o.ID}}
	for _, f := range [][2]string{
		{"platforms", strings.Join(o.Platforms, ", ")}, {"aliases", strings.Join(o.Aliases, ", ")},
		{"version", o.Version}, {"created", o.Created}, {"modified", o.Modified},
		{"object sha256", p.ObjectHash}, {"content sha256", p.ContentHash}, {"file sha256", p.FileHash},
	} {
		if f[1] != "" {
			facts = append(facts, []string{f[0], f[1]})
		}
	}
	g.table("  ", facts)
	if p.Copies > 1 {
		g.line("  %d objects of the release have this STIX id, and this one counts; candor attack raw %s --nth N prints each", p.Copies, o.ID)
	}
	showPath(g, p.Context)
	showText(g, p)
	for _, r := range p.Relations {
		showRelations(g, r, limit)
	}
	showHistory(g, p.History)
	g.line("\n%s", g.dim(p.Official.Source))
	g.wrap("", g.dim(p.Official.Licence), 1000)
}

func lifecycle(p library.Page) string {
	switch {
	case p.Lifecycle == "live":
		return ""
	case p.Successor != nil:
		return fmt.Sprintf(", %s by %s %s", p.Lifecycle, p.Successor.ATTACKID, p.Successor.Name)
	}
	return ", " + p.Lifecycle
}

func showPath(g *sheet, steps []library.Step) {
	if len(steps) == 0 {
		return
	}
	g.head("Path")
	for _, s := range steps {
		g.line("  %s%s %s  %s", strings.Repeat("  ", s.Depth), g.dim(s.Relation), s.Object.ATTACKID, s.Object.Name)
	}
}

func showText(g *sheet, p library.Page) {
	if p.Object.Description == "" {
		return
	}
	text, notes := prose.Plain(p.Object.Description, p.Object.References)
	g.head("Official text")
	g.wrapText("  ", text, 96)
	for _, n := range notes {
		state := ""
		if !n.Resolved {
			state = " (not among the object's references)"
		}
		g.wrap("    ", strings.TrimSpace(fmt.Sprintf("[%d] %s%s %s", n.Number, n.Name, state, n.URL)), 120)
	}
	if n := len(p.Object.Mutable); n > 0 {
		g.head("Mutable elements: what ATT&CK asks to be set locally")
		for _, m := range p.Object.Mutable {
			g.line("  %s: %s", m.Field, clipText(m.Description, 100))
		}
	}
}

func showRelations(g *sheet, r library.Group, limit int) {
	g.head("%s (%d)", r.Title, len(r.Edges))
	rows := [][]string{}
	for i, e := range r.Edges {
		if limit > 0 && i == limit {
			rows = append(rows, []string{"…", fmt.Sprintf("and %d more (--limit 0 prints all)", len(r.Edges)-i), ""})
			break
		}
		rows = append(rows, []string{other(e.Other), e.Other.Name, edgeNote(e)})
	}
	g.table("  ", rows)
}

func other(h store.Header) string {
	if h.ATTACKID != "" {
		return h.ATTACKID
	}
	if h.StixID != "" {
		return h.StixID
	}
	return "?"
}

// edgeNote says what a relation adds to its other end: the log source read, the
// lifecycle where it is not live, the relation's own text.
func edgeNote(e store.Edge) string {
	var parts []string
	if e.Log != nil {
		parts = append(parts, e.Log.Name+" / "+e.Log.Channel)
	}
	switch {
	case e.Other.Type == "":
		parts = append(parts, "not in this release")
	case e.Other.Revoked:
		parts = append(parts, "revoked")
	case e.Other.Deprecated:
		parts = append(parts, "deprecated")
	}
	if !e.Live {
		parts = append(parts, "relation withdrawn")
	}
	if e.Text != "" {
		text, _ := prose.Plain(e.Text, e.References)
		parts = append(parts, clipText(text, 90))
	}
	return strings.Join(parts, "; ")
}

func showHistory(g *sheet, ms []library.Moment) {
	g.head("Releases")
	rows := [][]string{{"RELEASE", "STATUS", "VERSION", "MODIFIED", "OBJECT SHA-256", ""}}
	for _, m := range ms {
		changed := ""
		if m.Changed {
			changed = "changed"
		}
		rows = append(rows, []string{attackRelease(m), m.Status, m.Version, m.Modified, clip(m.ObjectHash, 17), changed})
	}
	g.table("  ", rows)
}

func attackRelease(m library.Moment) string {
	return strings.TrimSuffix(m.Domain, "-attack") + " " + m.Release
}
