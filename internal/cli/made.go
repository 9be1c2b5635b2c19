package cli

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/claim"
	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/figure"
)

// narrowing holds the flags of what was made of evidence.
type narrowing struct {
	measuring
	assessment.Narrow
	csv bool
}

func (n *narrowing) add(c *cobra.Command) {
	n.flags(c)
	c.Flags().StringVar(&n.Batch, "batch", "", "only what this batch brought, by the beginning of its id")
	c.Flags().BoolVar(&n.csv, "csv", false, "print CSV, lists joined by semicolons")
}

func (p *program) evidenceRulesCommand() *cobra.Command {
	var n narrowing
	c := &cobra.Command{
		Use:   "rules [TEXT]",
		Short: "What was made of each rule: platforms, log sources, claims, and why not",
		Long: `Rules lists the rules in force with what was read of each: its source, platforms, log
sources, fields and techniques, on which basis it claims which analytics of the release,
what keeps a claim from counting, which of its techniques have no analytic where it
looks, and the batch that brought it. TEXT narrows to rules
whose id, name, technique, platform or log source holds it; one rule alone is shown whole,
and --json and --csv have all of each.`,
		Example: "  candor evidence rules\n  candor evidence rules --basis technique\n  candor evidence rules --basis elsewhere\n  candor evidence rules T1059.001 --csv > rules.csv",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n.Text = strings.Join(args, "")
			req, err := p.measurement(n.measuring)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				m, err := d.Assessment.Rules(ctx, req)
				if err == nil {
					m, err = m.Only(n.Narrow)
				}
				if err != nil {
					return err
				}
				if n.csv && !p.json {
					return writeRules(p.Out, m.Rules)
				}
				return p.emit(m, func(g *sheet) { showRulesMade(g, &m) })
			})
		},
	}
	n.add(c)
	c.Flags().StringVar(&n.Source, "source", "", "only rules of this source")
	c.Flags().StringVar(&n.Basis, "basis", "", "only rules whose strongest basis this is: analytic, technique+platform+log_source, technique+platform, technique (too little is known of where it looks), elsewhere (ATT&CK has no analytic of its techniques where it looks), none")
	return c
}

func (p *program) evidenceTextCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "text RULE",
		Short: "Print the text of a rule, byte for byte",
		Long: `Text prints a rule in force as the file that brought it has it, byte for byte; of a file
of several rules it is the part that says the rule's id. RULE is its id, or else its name.
With --json the text comes with its SHA-256, its batch and its path. A row of a table has no
text, nor has a rule that was added by a candor that kept none: withdraw its batch and add
the files again.`,
		Example: "  candor evidence text 3b6ab547-8ec2-4991-b9d2-2b06702a48d7",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				t, err := d.Assessment.RuleText(ctx, assessment.Request{AsOf: p.Now()}, args[0])
				if err != nil {
					return err
				}
				if p.json {
					return p.emit(t, nil)
				}
				_, err = p.Out.Write(t.Raw)
				return err
			})
		},
	}
}

func showRulesMade(g *sheet, m *assessment.RulesMade) {
	switch len(m.Rules) {
	case 0:
		g.line("No rule is in force that this is true of.\n  next: candor evidence add rules PATH, or leave the filters out")
		return
	case 1:
		showRuleMade(g, &m.Rules[0])
		return
	}
	rows := [][]string{{"RULE", "NAME", "SOURCE", "PLATFORMS", "LOG SOURCES", "BASIS", "CLAIMS", "COUNT"}}
	for i := range m.Rules {
		r := &m.Rules[i]
		rows = append(rows, []string{clip(r.ID, 36), clip(r.Name, 40), r.Origin, clip(strings.Join(r.Platforms, ", "), 24), clip(strings.Join(logWords(r.Logs), ", "), 44),
			r.Basis.Words(), strconv.Itoa(len(r.Claims)), strconv.Itoa(r.Counting)})
	}
	g.table("", rows)
	g.head("By the strongest basis")
	rows = [][]string{{"BASIS", "RULES", "ENABLED", "WHICH MEANS"}}
	for _, b := range m.Bases {
		rows = append(rows, []string{b.Basis.Words(), strconv.Itoa(b.Rules), strconv.Itoa(b.Enabled), b.Basis.Meaning()})
	}
	g.table("  ", rows)
	g.line("\none rule, with why a claim does not count: candor evidence rules ID; all of it: --json or --csv")
}

// logWords says what a rule reads.
func logWords(logs []detection.Log) []string {
	var out []string
	for _, l := range logs {
		name := cmp.Or(l.Name, l.Component)
		if l.Channel != "" {
			name += " / " + l.Channel
		}
		if l.Name != "" && l.Component != "" {
			name += " (" + l.Component + ")"
		}
		out = append(out, name)
	}
	return out
}

func showRuleMade(g *sheet, r *assessment.RuleMade) {
	g.line("%s  %s", g.bold(r.ID), r.Name)
	state := "disabled"
	if r.Enabled {
		state = "enabled"
	}
	if r.Stated {
		state = "a claim without a rule"
	}
	for _, word := range []string{r.Status, string(r.Role)} {
		if word != "" {
			state += ", " + word
		}
	}
	g.table("  ", [][]string{
		{"source", r.Origin}, {"format", r.Format}, {"state", state}, {"platforms", cmp.Or(strings.Join(r.Platforms, ", "), "not told")},
		{"log sources", cmp.Or(strings.Join(logWords(r.Logs), "; "), "not told")}, {"its own words", r.Source}, {"fields read", cmp.Or(strings.Join(r.Fields, ", "), "not told")}, {"of these needed", cmp.Or(strings.Join(r.Needed(), ", "), "none")},
		{"techniques", strings.Join(append(append([]string{}, r.Techniques...), r.Analytics...), ", ")}, {"basis", r.Basis.Words()},
		{"batch", r.Batch}, {"file", r.Path},
	})
	showExceptions(g, r.Exceptions)
	if len(r.Claims) > 0 {
		g.head("Claims: %d of %d count", r.Counting, len(r.Claims))
		rows := [][]string{{"ANALYTIC", "TECHNIQUE", "BASIS", "COUNTS", "WHY NOT"}}
		for _, c := range r.Claims {
			counts := "yes"
			if !c.Counts {
				counts = "no"
			}
			rows = append(rows, []string{c.Analytic, c.Technique, c.Basis.Words(), counts, c.Why})
		}
		g.table("  ", rows)
		showNowhere(g, r.Nowhere)
		return
	}
	g.head("It claims no analytic")
	for _, why := range r.Why {
		g.line("  %s", why)
	}
}

// showNowhere says which techniques of a rule have no analytic where it looks.
func showNowhere(g *sheet, list []claim.Nowhere) {
	if len(list) == 0 {
		return
	}
	g.head("Techniques without an analytic where it looks: %d", len(list))
	for i := range list {
		g.wrap("  ", list[i].Why+".", 110)
		g.wrap("  next: ", list[i].Next, 110)
	}
}

// showExceptions lists the exceptions of a rule with what is wanting of each.
func showExceptions(g *sheet, list []assure.Exempt) {
	if len(list) == 0 {
		return
	}
	g.head("Exceptions: %d", len(list))
	for i := range list {
		e := &list[i]
		state := strings.ReplaceAll(e.State, "_", " ")
		if e.Sentence != "" {
			state = e.Sentence
		}
		text := fmt.Sprintf("%s: %s; %s", e.Called(), state, e.Condition)
		if e.Reason != "" {
			text += "; " + e.Reason
		}
		if e.Owner != "" {
			text += ", owned by " + e.Owner
		}
		if e.Hides > 0 {
			text += figure.Sprintf("; it would have hidden %d of %d alerts known to be true: %s", e.Hides, e.True, shortened(e.Alerts, e.Hides))
		}
		if e.Unknown > 0 {
			text += figure.Sprintf("; of %d more that is not known, since they do not carry %s", e.Unknown, strings.Join(e.Lacks, ", "))
		}
		g.wrap("  ", text, 110)
	}
}

// shortened lists the first of so many names.
func shortened(names []string, of int64) string {
	const most = 5
	shown := names[:min(len(names), most)]
	text := strings.Join(shown, ", ")
	if more := of - int64(len(shown)); more > 0 {
		text += figure.Sprintf(" and %d more", more)
	}
	return text
}

// writeRules writes rules as CSV, with no cell that a spreadsheet would take for a
// formula.
func writeRules(w io.Writer, rules []assessment.RuleMade) error {
	rows := [][]string{{"rule_id", "source", "name", "format", "enabled", "status", "role", "stated", "platforms", "log_sources", "fields", "techniques", "basis", "claims", "counting", "why_not", "nowhere", "batch", "path"}}
	for i := range rules {
		r := &rules[i]
		var claims []string
		for _, c := range r.Claims {
			claims = append(claims, c.Analytic)
		}
		var nowhere []string
		for _, n := range r.Nowhere {
			nowhere = append(nowhere, n.Technique)
		}
		rows = append(rows, []string{r.ID, r.Origin, r.Name, r.Format, strconv.FormatBool(r.Enabled), r.Status, string(r.Role), strconv.FormatBool(r.Stated),
			list(r.Platforms), list(logWords(r.Logs)), list(r.Fields), list(append(append([]string{}, r.Techniques...), r.Analytics...)), string(r.Basis), list(claims),
			strconv.Itoa(r.Counting), list(r.Why), list(nowhere), r.Batch, r.Path})
	}
	return writeCSV(w, rows)
}

// list joins the entries of a cell.
func list(entries []string) string { return strings.Join(entries, ";") }

func writeCSV(w io.Writer, rows [][]string) error {
	out := csv.NewWriter(w)
	for _, row := range rows {
		for i := range row {
			row[i] = decode.Inert(row[i])
		}
		_ = out.Write(row)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func (p *program) evidenceTelemetryCommand() *cobra.Command {
	var n narrowing
	c := &cobra.Command{
		Use:   "telemetry [TEXT]",
		Short: "What was made of each declared log source: what it is good for, and why not",
		Long: `Telemetry lists the declared log sources in force with what was made of each: the
analytics of the release of which it covers a need, the last day on which it arrived,
why it covers nothing where it does, with the nearest name, and the batch that brought
it. TEXT narrows to sources whose name, component, platform, product or technique
holds it.`,
		Example: "  candor evidence telemetry\n  candor evidence telemetry Sysmon --csv > sources.csv",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n.Text = strings.Join(args, "")
			req, err := p.measurement(n.measuring)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				m, err := d.Assessment.Telemetry(ctx, req)
				if err != nil {
					return err
				}
				m = m.Only(n.Narrow)
				if n.csv && !p.json {
					return writeSources(p.Out, m.Sources)
				}
				return p.emit(m, func(g *sheet) { showTelemetryMade(g, &m) })
			})
		},
	}
	n.add(c)
	return c
}

func showTelemetryMade(g *sheet, m *assessment.TelemetryMade) {
	if len(m.Sources)+len(m.Externals)+len(m.Fields) == 0 {
		g.line("No log source is declared that this is true of.\n  next: candor evidence add telemetry PATH, or leave the filters out")
		return
	}
	if len(m.Sources) > 0 {
		rows := [][]string{{"LOG SOURCE", "COMPONENT", "PLATFORMS", "ANALYTICS", "TECHNIQUES", "LAST SEEN", "95 % WITHIN", "WHY NOT", "BATCH"}}
		for i := range m.Sources {
			s := &m.Sources[i]
			rows = append(rows, []string{clip(s.Title(), 48), clip(s.Component, 28), clip(strings.Join(s.Platforms, ", "), 20), strconv.Itoa(len(s.Analytics)),
				strconv.Itoa(len(s.Techniques)), cmp.Or(string(s.LastSeen), "never"), assure.Lasting(s.P95Latency), whyNot(s), s.Batch})
		}
		g.table("", rows)
	}
	if len(m.Fields) > 0 {
		g.head("Fields")
		rows := [][]string{{"LOG SOURCE", "FIELD", "SHARE", "EVENTS", "DAY", "SITE", "RULES", "BATCH"}}
		for i := range m.Fields {
			f := &m.Fields[i]
			rows = append(rows, []string{clip(strings.TrimSuffix(f.Source+" / "+f.Channel, " / "), 48), clip(f.Field, 40), figure.Percent(f.Share), figure.Sprintf("%d", f.Events),
				cmp.Or(string(f.Day), "not said"), f.Site, strconv.Itoa(f.Rules), f.Batch})
		}
		g.table("  ", rows)
	}
	if len(m.Externals) > 0 {
		g.head("External sources")
		rows := [][]string{{"ID", "NAME", "PROVIDER", "COVERS", "RATED", "EXPIRES", "BATCH"}}
		for _, x := range m.Externals {
			rows = append(rows, []string{x.ID, clip(x.Name, 40), clip(x.Provider, 30), clip(strings.Join(x.Covers, ", "), 30), x.Reliability + strconv.Itoa(x.Credibility), string(x.Expires), x.Batch})
		}
		g.table("  ", rows)
	}
	g.line("\nscope: %s; all of it: --json or --csv", cmp.Or(strings.Join(m.Platforms, ", "), "not stated: every platform counts"))
}

// whyNot says why a source covers nothing, and what may have been meant.
func whyNot(s *assessment.SourceMade) string {
	why := s.Why
	if s.ReadAs != "" {
		why = strings.TrimPrefix(why+"; read as "+s.ReadAs, "; ")
	}
	if len(s.Nearest) > 0 {
		why += "; nearest: " + strings.Join(s.Nearest, ", ")
	}
	return why
}

func writeSources(w io.Writer, sources []assessment.SourceMade) error {
	rows := [][]string{{"name", "channel", "component", "platforms", "sites", "hosts", "product", "owner", "since", "until", "analytics", "techniques", "last_seen", "days", "latency_median", "latency_p95", "why_not", "nearest", "batch", "note"}}
	for i := range sources {
		s := &sources[i]
		rows = append(rows, []string{s.Name, s.Channel, s.Component, list(s.Platforms), list(s.Sites), strconv.Itoa(s.Hosts), s.Product, s.Owner, string(s.Since), string(s.Until),
			list(s.Analytics), list(s.Techniques), string(s.LastSeen), strconv.Itoa(s.Days), seconds(s.MedianLatency), seconds(s.P95Latency), whyNot(s), list(s.Nearest), s.Batch, s.Note})
	}
	return writeCSV(w, rows)
}

// seconds writes a length of time for machines; empty where it was not measured.
func seconds(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}
