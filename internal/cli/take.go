package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/correlate/credit"
	"candor/internal/fault"
	"candor/internal/profile"
	"candor/internal/take"
)

func (p *program) takeCommand() *cobra.Command {
	var j judging
	var audience string
	var all, sources, derived bool
	c := &cobra.Command{
		Use:   "take ID",
		Short: "What an ATT&CK object means here: for leaders, for engineers, with sources",
		Long: `Take writes the analyst context of an object of any kind: a summary, what a leader would
decide, a technical view, the telemetry that would show it, what to do about detection
and mitigation, the limits, and how sure all that is. Every sentence follows by a rule
from the official object, its relations, and the evidence and verdicts of this data
folder; --sources prints what each rests on, and --json always has it.

What people wrote about the object (candor note) is shown apart from that, under their
names. A note may stand in place of a section; --derived leaves notes out.`,
		Example: "  candor take AN1989\n  candor take T1059 --for leader\n  candor take G0016 --for engineer --sources\n  candor take --all --json > takes.json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			who := take.Audience(audience)
			if who != "" && !slices.Contains(take.Audiences(), who) {
				return fault.New(fault.Usage, "nothing is written for %q", audience).At("--for").Next("choose leader or engineer, or leave it out for both")
			}
			if all == (len(args) == 1) {
				return fault.New(fault.Usage, "name one object, or ask for all").Next("candor take AN1989, or candor take --all --json")
			}
			as := func(t take.Take) take.Take {
				if derived {
					t = t.With([]take.Noted{})
				}
				return t.For(who)
			}
			req, err := p.request(j)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				if all {
					return p.takes(ctx, d, req, as)
				}
				t, err := takeOf(ctx, d, req, args[0])
				if err != nil {
					return err
				}
				read := readTake{Take: as(t)}
				req.Release = attack.ReleaseRef{Domain: t.Release.Domain, Version: t.Release.Version}
				if read.Profile, err = d.Assessment.ProfileUse(ctx, req, t.Object.StixID); err != nil {
					return err
				}
				return p.emit(read, func(g *sheet) {
					showTake(g, &read.Take, sources)
					showUse(g, read.Profile)
				})
			})
		},
	}
	j.wholeFlags(c)
	j.profileFlag(c)
	c.Flags().StringVar(&audience, "for", "", "whose reading: leader or engineer (default: both)")
	c.Flags().BoolVar(&sources, "sources", false, "print below each sentence what it rests on")
	c.Flags().BoolVar(&derived, "derived", false, "what is derived alone, without the notes of people")
	c.Flags().BoolVar(&all, "all", false, "every live object of the release, in the order of the bundle")
	c.MarkFlagsMutuallyExclusive("all", "profile")
	_ = c.RegisterFlagCompletionFunc("for", cobra.FixedCompletions([]string{"leader", "engineer"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// readTake is a take, with what a threat profile is to its object if one was named.
type readTake struct {
	take.Take
	Profile *profile.Use `json:"profile,omitempty"`
}

// showUse says which techniques of a take's object a profile uses.
func showUse(g *sheet, u *profile.Use) {
	if u == nil {
		return
	}
	g.head("Read for profile %s", u.Profile)
	g.wrap("  ", u.Text, 100)
	for i := range u.Used {
		var by []string
		for _, n := range u.Used[i].By {
			by = append(by, strings.TrimSpace(n.ATTACKID+" "+n.Name))
		}
		g.wrap("    ", u.Used[i].Technique.ATTACKID+" "+u.Used[i].Technique.Name+": "+attack.Listed(by), 100)
	}
}

// takeOf finds the object as its page does, so that the newest release of its domain
// is meant, and returns its take.
func takeOf(ctx context.Context, d *Desk, req assessment.Request, id string) (take.Take, error) {
	found, err := d.Library.Page(ctx, id, req.Release)
	if err != nil {
		return take.Take{}, err
	}
	if err := assessment.Takeable(found.Object); err != nil {
		return take.Take{}, err
	}
	req.Release = attack.ReleaseRef{Domain: found.Release.Domain, Version: found.Release.Version}
	return d.Assessment.Take(ctx, req, found.Object.ID)
}

// takes writes all takes of a release, as a reader has them, as they are made.
func (p *program) takes(ctx context.Context, d *Desk, req assessment.Request, as func(take.Take) take.Take) error {
	out := bufio.NewWriterSize(p.Out, 1<<20)
	between, begin, end := "\n", "", ""
	render := func(t take.Take) ([]byte, error) {
		t = as(t)
		g := &sheet{paint: p.outPaint()}
		showTake(g, &t, false)
		return []byte(g.String()), nil
	}
	if p.json {
		between, begin, end = ",\n", "[\n", "\n]\n"
		render = func(t take.Take) ([]byte, error) { return json.Marshal(as(t).Listed()) }
	}
	before := begin
	err := d.Assessment.Takes(ctx, req, render, func(text []byte) error {
		_, err := out.WriteString(before)
		before = between
		return errors.Join(err, second(out.Write(text)))
	})
	if err != nil {
		return err
	}
	if before == begin {
		out.WriteString(begin)
	}
	out.WriteString(end)
	return out.Flush()
}

// second is the error of a call.
func second(_ int, err error) error { return err }

func showTake(g *sheet, t *take.Take, sources bool) {
	g.line("%s", g.bold(strings.TrimSpace(t.Object.ATTACKID+"  "+t.Object.Name)))
	g.line("%s in %s, as of %s, policy %s", t.Kind, t.Release, t.AsOf, t.Policy)
	for _, s := range t.Sections {
		if len(s.Statements) == 0 && s.Empty == "" && t.Instead(s) == nil {
			continue
		}
		g.head("%s", s.Title)
		if n := t.Instead(s); n != nil {
			showNote(g, "  ", n, false)
			g.line("  %s", g.dim("in place of what is derived, which candor take "+idOf(t)+" --derived shows"))
			continue
		}
		if len(s.Statements) == 0 {
			g.line("  %s", g.dim(s.Empty))
			continue
		}
		if !sources {
			var texts []string
			for _, st := range s.Statements {
				texts = append(texts, st.Text)
			}
			g.wrap("  ", strings.Join(texts, " "), 100)
			continue
		}
		for _, st := range s.Statements {
			g.wrap("  ", st.Text, 100)
			for _, line := range sourceLines(st) {
				g.line("      %s", g.dim(line))
			}
		}
	}
	showNextStages(g, t)
	for i, n := range t.Beside() {
		if i == 0 {
			g.head("Notes of people, which nothing above rests on")
		}
		showNote(g, "  ", &n, true)
	}
	g.line("\n%s", g.dim("derived by Candor from the official object and the evidence here; not MITRE's words. The object itself: candor attack show "+idOf(t)))
}

func idOf(t *take.Take) string {
	if t.Object.ATTACKID != "" {
		return t.Object.ATTACKID
	}
	return t.Object.StixID
}

// sourceLines are what a statement rests on, one line each.
func sourceLines(st take.Statement) []string {
	lines := []string{string(st.Audience) + ", rule " + st.Code}
	for _, s := range st.Sources {
		line := fmt.Sprintf("%s %s", s.Kind, s.ID)
		if s.Field != "" {
			line += " " + s.Field
		}
		if len(s.Inputs) > 0 {
			line += " of " + cutTo(strings.Join(s.Inputs, ", "), 60)
		}
		if s.Value != "" {
			line += ": " + cutTo(s.Value, 80)
		}
		lines = append(lines, line)
	}
	return lines
}

// cutTo cuts a text to at most n runes.
func cutTo(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// adjacentShown is how many stages next to an object the terminal shows.
const adjacentShown = 9

func showNextStages(g *sheet, t *take.Take) {
	if len(t.Adjacent) == 0 {
		return
	}
	g.head("Stages next to it")
	rows := [][]string{{"TACTIC", "TECHNIQUE", "USED BY", "TIMES CHANCE", "HERE"}}
	for _, a := range t.Adjacent[:min(len(t.Adjacent), adjacentShown)] {
		rows = append(rows, []string{a.Tactic.Name, a.Technique.ATTACKID + " " + a.Technique.Name, fmt.Sprintf("%d of %d", a.Support, a.BasisUsers),
			fmt.Sprintf("%.1f", a.Lift), here(a)})
	}
	g.table("  ", rows)
	if n := len(t.Adjacent) - adjacentShown; n > 0 {
		g.line("  %s", g.dim(fmt.Sprintf("%d more with --json", n)))
	}
	g.wrap("  ", g.dim(t.AdjacentNote), 1000)
}

// here says how an adjacent technique stands, by platform.
func here(a take.Adjacent) string {
	var parts []string
	for _, p := range a.Here {
		var rungs []string
		for _, r := range p.Rungs {
			rungs = append(rungs, fmt.Sprintf("%d %s", r.Count, words(r.Rung)))
		}
		parts = append(parts, p.Platform+": "+strings.Join(rungs, ", "))
	}
	if len(parts) == 0 {
		parts = append(parts, "no analytic that applies")
	}
	if c := credit.Words(a.Chains); c != "" {
		parts = append(parts, c)
	}
	return strings.Join(parts, "; ")
}
