package web

import (
	"cmp"

	"candor/internal/assure"
	"candor/internal/evidence"
)

// link is a place to go to.
type link struct {
	Text, Title, URL string
	// Chip says how it stands here; nil for what no verdict is about.
	Chip *chip
}

// plain is the link where what it leads to stands beside it already.
func (l link) plain() link {
	l.Chip = nil
	return l
}

// Name returns the link to an object that a verdict names.
func (s selection) Name(n assure.Name) link {
	l := link{Text: n.ATTACKID, Title: n.Name, URL: s.Object(n.ATTACKID), Chip: s.Chip(cmp.Or(n.StixID, n.ATTACKID))}
	if n.ATTACKID == "" {
		l.Text, l.URL = n.StixID, s.Object(n.StixID)
	}
	return l
}

// Names returns the links to objects that a verdict names.
func (s selection) Names(ns []assure.Name) []link {
	var ls []link
	for _, n := range ns {
		ls = append(ls, s.Name(n))
	}
	return ls
}

// Called returns what ATT&CK IDs name, each with a link where a verdict is about it.
func (s selection) Called(ids ...string) []link {
	var ls []link
	for _, id := range ids {
		if id == "" {
			continue
		}
		l := link{Text: id}
		if l.Chip = s.Chip(id); l.Chip != nil {
			l.URL = s.Object(id)
		}
		ls = append(ls, l)
	}
	return ls
}

// Refs returns the links to what a statement rests on.
func (s selection) Refs(refs []evidence.Ref) []link {
	var ls []link
	for _, r := range refs {
		l := link{Text: r.Kind + " " + r.ID, Title: r.Detail}
		switch r.Kind {
		case "batch":
			l.Text, l.URL = r.ID, s.Batch(r.ID)
		case "object":
			l.Text, l.URL, l.Chip = r.ID, s.Object(r.ID), s.Chip(r.ID)
			if r.Detail != "" {
				l.Text, l.Title = r.Detail, ""
			}
		case "policy":
			l.Text, l.Title, l.URL = r.ID, "a setting of the policy", s.Link("/policy")+"#"+anchor(r.ID)
		}
		ls = append(ls, l)
	}
	return ls
}

// Rung returns the address of the verdicts on a rung.
func (s selection) Rung(r assure.Rung) string {
	return s.Link("/verdicts", "rung", string(r), "platform", s.Platform)
}
