// Package triage drafts a runbook for an analytic from what is known of it: what
// it needs and how that stands here, what can be tuned, which stages lie next to
// it, what the verdict on it rests on and where that ends.
//
// It draws no conclusion of its own and invents neither owner nor contact: what
// people must fill in is left empty and marked. Its functions are pure.
package triage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/adjacency"
	"candor/internal/claim"
	"candor/internal/runbook"
)

// Input is what a draft is made from.
type Input struct {
	Assessment assure.Assessment
	Verdict    assure.Verdict
	// Knobs are the analytic's mutable elements.
	Knobs []attack.MutableElement
	// Tuning are the records of local values of the analytic's knobs.
	Tuning []runbook.Tuning
	// Adjacent is what lies next to the analytic's technique.
	Adjacent adjacency.Result
}

// Bounds on what a draft lists.
const (
	maxRules     = 10
	maxPerTactic = 2
	maxAdjacent  = 14
)

// draft collects Markdown.
type draft struct {
	Input
	strings.Builder
}

// Runbook returns the draft as Markdown with front matter. It is taken in as it
// is; it counts once owner and reviewed are filled in.
func Runbook(in Input) string {
	d := &draft{Input: in}
	d.front()
	d.known()
	d.telemetry()
	d.knobs()
	d.adjacent()
	d.questions()
	d.decisions()
	return d.String()
}

func (d *draft) line(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

// row writes a row of a table.
func (d *draft) row(cells ...string) {
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	d.line("| %s |", strings.Join(cells, " | "))
}

// cell makes a text fit for a cell of a table.
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}

func (d *draft) front() {
	v := &d.Verdict
	title, _ := json.Marshal("Triage of " + strings.TrimSpace(v.Analytic.ATTACKID+" "+d.behaviour())) // a string cannot fail
	d.line("---")
	d.line("# Fill in owner and reviewed; until then the runbook does not count.")
	d.line("id: triage-%s", strings.ToLower(v.Analytic.ATTACKID))
	d.line("title: %s", title)
	d.line("applies_to: [%s]", v.Analytic.ATTACKID)
	d.line("owner:")
	d.line("reviewed:")
	d.line("---\n")
	d.line("# Triage: %s %s\n", v.Analytic.ATTACKID, d.behaviour())
	for _, t := range v.Techniques {
		d.line("- Behaviour: %s %s (%s)", t.ATTACKID, t.Name, names(v.Tactics))
	}
	d.line("- Platform: %s", or(strings.Join(v.Platforms, ", "), "not stated"))
	d.line("- Official text: `candor attack show %s` (MITRE ATT&CK)", v.Analytic.ATTACKID)
	d.line("- Drafted from %s, as of %s, policy %s", d.Assessment.Release, d.Assessment.Window.To, d.Assessment.Policy)
}

// behaviour names what the analytic is about: its technique, else itself.
func (d *draft) behaviour() string {
	if len(d.Verdict.Techniques) > 0 {
		return d.Verdict.Techniques[0].Name
	}
	return d.Verdict.Analytic.Name
}

func (d *draft) known() {
	v := &d.Verdict
	d.line("\n## What an alert means here\n")
	d.line("Verdict: **%s**. %s\n", words(v.Rung), claimed(v))
	for _, r := range v.Reasons {
		d.line("- %s", r.Text)
	}
	d.line("\nWhere that ends:\n")
	for _, l := range v.Limits {
		d.line("- %s", l)
	}
	d.line("\nRules that claim it:\n")
	claims := slices.DeleteFunc(slices.Clone(v.Claims), func(c claim.Claim) bool { return c.Cannot() })
	for i, c := range claims {
		if i == maxRules {
			d.line("- and %d more", len(claims)-i)
			break
		}
		d.line("- %s (%s)", or(c.RuleName, c.RuleID), c.RuleID)
	}
	if len(claims) == 0 {
		d.line("- none")
	}
}

func claimed(v *assure.Verdict) string {
	if v.Claimed {
		return "At least one enabled rule claims it."
	}
	return "No rule that counts claims it."
}

func (d *draft) telemetry() {
	d.line("\n## Telemetry to look at, and its state here\n")
	needs := d.Verdict.Visibility.Needs
	if len(needs) == 0 {
		d.line("ATT&CK names no log source for it: what is known comes from outside, or from the stages next to it.")
		for _, x := range d.Verdict.Visibility.Externals {
			d.line("- External source %s, by %s, rated %s%d, until %s; owner %s%s", x.Source.Name, x.Source.Provider, x.Source.Reliability,
				x.Source.Credibility, x.Source.Expires, x.Source.Owner, unless(x.Counts, ": "+x.Why))
		}
		return
	}
	d.row("log source", "channel", "data component", "state", "last seen", "hosts")
	d.row("---", "---", "---", "---", "---", "---")
	for _, n := range needs {
		hosts := fmt.Sprint(n.Hosts)
		if n.HostsOf > 0 {
			hosts += fmt.Sprintf(" of %d", n.HostsOf)
		}
		d.row(n.Name, n.Channel, n.ComponentName, string(n.State), or(string(n.LastSeen), "never"), hosts)
	}
	d.line("\nWhat is not measured here cannot clear anybody: its absence is no evidence.")
}

func (d *draft) knobs() {
	d.line("\n## What is tuned\n")
	if len(d.Knobs) == 0 {
		d.line("ATT&CK names no element to tune for it.")
		return
	}
	d.row("element", "what it is for (ATT&CK)", "value here")
	d.row("---", "---", "---")
	for _, k := range d.Knobs {
		d.row(k.Field, k.Description, d.set(k.Field))
	}
}

// set says what a knob is set to here, on what ground, in which rule and by whom.
func (d *draft) set(knob string) string {
	var values []string
	for _, t := range d.Tuning {
		if !strings.EqualFold(t.Element, knob) {
			continue
		}
		v := t.Value + ", set " + string(t.Date)
		for _, more := range []struct{ before, text string }{{" with the consent of ", t.ApprovedBy}, {" in rule ", t.RuleID}, {"; baseline: ", t.Baseline}} {
			if more.text != "" {
				v += more.before + more.text
			}
		}
		values = append(values, v)
	}
	return strings.Join(values, "; ")
}

func (d *draft) adjacent() {
	d.line("\n## Stages next to it\n")
	rows := d.nearest()
	if len(rows) == 0 {
		d.line("No other technique is known to be used together with it.")
		return
	}
	d.line("Look here for the same accounts, hosts and addresses. %s.\n", strings.TrimSuffix(d.Adjacent.Note, "."))
	d.row("tactic", "technique", "used by", "state here")
	d.row("---", "---", "---", "---")
	states := d.states()
	for _, a := range rows {
		d.row(a.Tactic.Name, a.Technique.ATTACKID+" "+a.Technique.Name, fmt.Sprintf("%d of %d", a.Support, d.Adjacent.BasisUsers),
			or(states[a.Technique.StixID], "no analytic"))
	}
	d.line("\nUsed together by the same groups and campaigns is neither cause nor sequence.")
}

// nearest returns the techniques of each tactic that most users share.
func (d *draft) nearest() []adjacency.Adjacent {
	var rows []adjacency.Adjacent
	of := map[string]int{}
	for _, a := range d.Adjacent.Adjacent {
		if of[a.Tactic.StixID]++; of[a.Tactic.StixID] <= maxPerTactic && len(rows) < maxAdjacent {
			rows = append(rows, a)
		}
	}
	return rows
}

// states says of every technique on which rungs its analytics stand.
func (d *draft) states() map[string]string {
	counts := map[string]map[assure.Rung]int{}
	for _, v := range d.Assessment.Verdicts {
		for _, t := range v.Techniques {
			if counts[t.StixID] == nil {
				counts[t.StixID] = map[assure.Rung]int{}
			}
			counts[t.StixID][v.Rung]++
		}
	}
	states := map[string]string{}
	for id, of := range counts {
		var parts []string
		for _, r := range assure.Rungs() {
			if of[r] > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", of[r], words(r)))
			}
		}
		states[id] = strings.Join(parts, ", ")
	}
	return states
}

func (d *draft) questions() {
	d.line("\n## Questions to answer\n")
	n := 0
	ask := func(format string, args ...any) { n++; d.line("%d. %s", n, fmt.Sprintf(format, args...)) }
	ask("Which entity is it about: account, host, address, mailbox? Who owns it?")
	if len(d.Verdict.Visibility.Needs) == 0 {
		ask("Who saw it: a provider, a partner, a person? When, and how far can it be trusted (Admiralty scale)?")
	}
	for _, need := range d.Verdict.Visibility.Needs {
		if need.State != "measured" {
			ask("Is %s there for this entity at all? Here it is %s.", strings.TrimSpace(need.Name+" "+need.Channel), need.State)
		}
	}
	ask("Is it expected: a change, a scanner, an administrator, an exercise?")
	if rows := d.nearest(); len(rows) > 0 {
		ask("Was %s %s, or another stage next to it, seen for the same entity in the days around it?", rows[0].Technique.ATTACKID, rows[0].Technique.Name)
	}
	ask("What would show that it is harmless, and was that looked for?")
	ask("If nothing more can be learned: is it undetermined, and who looks again?")
}

func (d *draft) decisions() {
	d.line("\n## Who decides\n")
	d.row("decision", "who", "how to reach")
	d.row("---", "---", "---")
	for _, what := range []string{"close as harmless (benign_positive, false_positive_logic, false_positive_data)",
		"open a case", "isolate, block or reset", "tell those affected, or the authorities"} {
		d.row(what, "", "")
	}
	d.line("\n## Record\n")
	d.line("Close with one class, the time, who decided and why: candor evidence add dispositions FILE takes it in.")
}

func words(r assure.Rung) string { return strings.ReplaceAll(string(r), "_", " ") }

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func unless(ok bool, s string) string {
	if ok {
		return ""
	}
	return s
}

func names(ns []assure.Name) string {
	var list []string
	for _, n := range ns {
		if !slices.Contains(list, n.Name) {
			list = append(list, n.Name)
		}
	}
	return strings.Join(list, ", ")
}
