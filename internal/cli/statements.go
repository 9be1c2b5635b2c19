package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/store"
)

func (p *program) evidenceHistoryCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "history ALERT|CASE",
		Short: "Every statement about an alert or a case, oldest first",
		Long: `History lists every disposition of an alert, those of withdrawn batches included, and
the label that it inherits from a case which lists it; or every statement about a case.
An alert without a label of its own takes that of its case, unless it was opened again
after the case was closed.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error { return p.statements(ctx, d, args[0]) })
		},
	}
}

// statements prints what was said of an alert, else of a case.
func (p *program) statements(ctx context.Context, d *Desk, id string) error {
	of, err := store.Name(ctx, d.Alerts, id)
	if fault.KindOf(err) == fault.NotFound { // every batch that brought it may be withdrawn
		of, err = alert.Identity{ID: id}, nil
	}
	if err != nil {
		return err
	}
	said, err := d.Alerts.Dispositions(ctx, of)
	if err == nil {
		return p.alertStatements(ctx, d, of, said)
	}
	if fault.KindOf(err) != fault.NotFound {
		return err
	}
	records, err := d.Evidence.History(ctx, evidence.RecordCase, id)
	if err != nil {
		return err
	}
	if len(records) == 0 {
		return fault.New(fault.NotFound, "there is no alert and no case %q", id).Next("check the id; ids are those of the files that were added")
	}
	return p.caseStatements(ctx, d, records)
}

// statement is what was said of an alert, or what it takes from a case.
type statement struct {
	alert.Disposition
	// CaseID is set on a label that is inherited, and Counts says whether it is.
	CaseID string `json:"case_id,omitempty"`
	Counts bool   `json:"counts"`

	reopened bool // the alert was, after the case was closed
}

func (p *program) alertStatements(ctx context.Context, d *Desk, of alert.Identity, said []alert.Disposition) error {
	list := make([]statement, len(said))
	counting := -1
	for i, s := range said {
		list[i].Disposition = s
		if !s.Withdrawn && !s.Ambiguous && !s.Second {
			counting = i
		}
	}
	if counting >= 0 {
		list[counting].Counts = true
	}
	found, err := d.Alerts.Find(ctx, of)
	if fault.KindOf(err) == fault.NotFound { // every batch that brought it is withdrawn
		found, err = &alert.Alert{ID: of.ID, Source: of.Source, Site: of.Site}, nil
	}
	if err != nil {
		return err
	}
	cases, err := casesOf(ctx, d, found)
	if err != nil {
		return err
	}
	for _, c := range cases {
		list = append(list, c.statement(found))
	}
	return p.emit(list, func(g *sheet) { showSaid(g, found, list) })
}

// caseIn is a case with the batch that brought it.
type caseIn struct {
	alert.Case
	batch string
}

// statement returns what the case says of an alert.
func (c *caseIn) statement(a *alert.Alert) statement {
	s := statement{CaseID: c.ID, Disposition: alert.Disposition{AlertID: a.ID, Class: c.Class, Word: c.Word, Time: c.Closed, By: c.Owner, Provenance: alert.Incident, Batch: c.batch}}
	if s.Time.IsZero() {
		s.Time = c.Opened
	}
	heir := alert.LegacyOf([]alert.Case{c.Case}, string(day.Of(s.Time))).Alert(a)
	s.Counts = heir != a && heir.Disposition != nil
	s.reopened = a.CaseID == c.ID && !s.Counts && a.Disposition != nil && a.Disposition.Class == alert.Open
	return s
}

// casesOf returns the cases in force that an alert names or that list it, the one
// opened last last.
func casesOf(ctx context.Context, d *Desk, a *alert.Alert) ([]caseIn, error) {
	records, err := d.Evidence.Current(ctx, evidence.RecordCase)
	if err != nil {
		return nil, err
	}
	var found []caseIn
	for _, r := range records {
		c, err := caseOf(r)
		if err != nil {
			return nil, err
		}
		if c.ID == a.CaseID || c.Lists(a) {
			found = append(found, caseIn{c, r.Batch})
		}
	}
	slices.SortStableFunc(found, func(a, b caseIn) int { return a.Opened.Compare(b.Opened) })
	return found, nil
}

func caseOf(r store.Record) (c alert.Case, err error) {
	if err := json.Unmarshal(r.Body, &c); err != nil {
		return c, fmt.Errorf("read case %q: %w", r.Key, err)
	}
	return c, nil
}

func showSaid(g *sheet, a *alert.Alert, list []statement) {
	id := a.ID
	if a.CaseID != "" {
		g.line("%s belongs to case %s", g.bold(id), a.CaseID)
	}
	if len(a.Others) > 0 {
		first, besides := alert.Entity{Type: a.EntityType, Name: a.Entity}, make([]string, len(a.Others))
		for i, e := range a.Others {
			besides[i] = e.String()
		}
		g.line("%s is about %s first of all, and besides about %s", g.bold(id), first, strings.Join(besides, ", "))
	}
	if len(list) == 0 {
		g.line("Nothing was said of alert %s yet.\n  next: candor evidence add dispositions FILE, or add cases that list it", g.bold(id))
		return
	}
	rows := [][]string{{"TIME", "CLASS", "WORD", "BY", "PROVENANCE", "BATCH", ""}}
	for _, s := range list {
		rows = append(rows, []string{s.Time.UTC().Format(time.DateTime), string(s.Class), s.Word, s.By, string(s.Provenance), s.Batch, s.note()})
	}
	g.table("", rows)
}

// note says where a statement comes from and what keeps it from counting.
func (s statement) note() string {
	switch {
	case s.Withdrawn:
		return withdrawnWord(true)
	case s.Ambiguous:
		return "could be of several alerts, and counts for none"
	case s.Second:
		return "second reading, which changes no class"
	case s.DuplicateOf != "":
		return "of " + s.DuplicateOf
	case s.CaseID == "":
		return ""
	case s.Class == alert.Unlabelled:
		return "from case " + s.CaseID + ", which says nothing yet"
	case s.reopened:
		return "from case " + s.CaseID + ", which was closed before the alert was opened again"
	case s.Counts:
		return "inherited from case " + s.CaseID
	}
	return "from case " + s.CaseID + "; does not count"
}

// caseStatement is one statement about a case, with the batch that brought it.
type caseStatement struct {
	alert.Case
	Batch     string `json:"batch"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
}

func (p *program) caseStatements(ctx context.Context, d *Desk, records []store.Record) error {
	bs, err := d.Evidence.Batches(ctx)
	if err != nil {
		return err
	}
	var list []caseStatement
	for _, r := range records {
		c, err := caseOf(r)
		if err != nil {
			return err
		}
		withdrawn := slices.ContainsFunc(bs, func(b store.Batch) bool { return b.ID == r.Batch && b.Withdrawn != nil })
		list = append(list, caseStatement{Case: c, Batch: r.Batch, Withdrawn: withdrawn})
	}
	return p.emit(list, func(g *sheet) {
		for _, c := range list {
			g.head("%s %s", c.ID, c.Title)
			g.table("  ", c.rows())
		}
	})
}

func (c *caseStatement) rows() [][]string {
	class := string(c.Class)
	if c.Word != "" {
		class += " (" + c.Word + ")"
	}
	rows := [][]string{
		{"said in", strings.TrimSpace(c.Batch + " " + withdrawnWord(c.Withdrawn))}, {"class", class}, {"found by", string(c.FoundBy)},
		{"occurred", moment(c.Occurred)}, {"opened", moment(c.Opened)}, {"closed", moment(c.Closed)},
		{"behaviour", strings.Join(append(slices.Clone(c.Techniques), c.Analytics...), ", ")}, {"platforms", strings.Join(c.Platforms, ", ")},
		{"alerts", strings.Join(c.Alerts, ", ")}, {"owner", c.Owner}, {"lessons", c.Lessons},
	}
	return slices.DeleteFunc(rows, func(r []string) bool { return r[1] == "" })
}

// moment is a time for people; empty when it is not known.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateTime)
}
