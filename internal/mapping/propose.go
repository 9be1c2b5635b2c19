package mapping

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/fault"
)

// technique finds the ATT&CK ID of a technique within a text.
var technique = regexp.MustCompile(`\bT[0-9]{4}(\.[0-9]{3})?\b`)

// Proposal is a mapping as a look at a file suggests it: a beginning, to be read and
// corrected by whoever knows the file.
type Proposal struct {
	Kind string `json:"kind"`
	// Records is how many records were looked at.
	Records int `json:"records"`
	// Text is the mapping file, with what was seen of each column behind it.
	Text string `json:"mapping"`
	// Missing are the keys that a record needs and nothing was found for; while there
	// are any the mapping is not complete.
	Missing []string `json:"missing"`
	// Guessed are the keys that something was found for, with where.
	Guessed map[string]string `json:"guessed"`
	// Columns are the columns or paths that can be chosen from, in the order of the file.
	Columns []Seen `json:"-"`
}

// Seen is a column or path of a file, as the file spells it, with a value that it has.
type Seen struct{ Name, Example string }

// Choice is what somebody who knows the file chose instead of what a look at it suggests:
// for each key the column or path that makes it, empty for none, and the zone of times
// that say none, empty for UTC.
type Choice struct {
	Columns map[string]string
	Zone    string
}

// Propose looks at the first records of a file, which text begins with, and proposes how
// they become evidence of a kind. It fails with fault.Usage for a kind that no mapping
// makes, and with fault.Invalid where there is no record to look at.
func Propose(file string, text []byte, kind string) (Proposal, error) {
	return ProposeChosen(file, text, kind, Choice{})
}

// ProposeChosen proposes as Propose does, with what somebody chose.
func ProposeChosen(file string, text []byte, kind string, chosen Choice) (Proposal, error) {
	t, ok := targetOf(kind)
	if !ok {
		return Proposal{}, fault.New(fault.Usage, "no mapping makes %s", kind).Next("use one of: %s", strings.Join(Kinds(), ", "))
	}
	g := guesses{zone: chosen.Zone, target: t, used: map[string]bool{}, found: map[string]*trait{}}
	g.shape = shapeOfText(text)
	var err error
	m := &Mapping{file: "the mapping", target: t, shape: g.shape}
	g.sample, err = m.look(export.Input{File: file, Text: bytes.NewReader(text), Reject: func(evidence.Reject) {}, Warn: func(string) {}})
	if err != nil && g.records == 0 {
		return Proposal{}, err
	}
	if g.records == 0 {
		return Proposal{}, decode.Invalid(file, 0, "there is no record in it to look at").Next("name a file that holds some, JSON or delimited text")
	}
	g.guess()
	if err := g.choose(chosen.Columns); err != nil {
		return Proposal{}, err
	}
	g.entities()
	out := Proposal{Kind: kind, Records: g.records, Text: g.text(file), Missing: g.missing(), Guessed: map[string]string{}}
	for k, t := range g.found {
		out.Guessed[k] = g.spell(t.path)
	}
	for _, p := range g.order {
		if t := g.paths[p]; t.objects == 0 && t.records > 0 {
			out.Columns = append(out.Columns, Seen{g.spell(p), strings.Join(t.examples(1), "")})
		}
	}
	return out, nil
}

// choose has keys made by the columns that were chosen for them.
func (g *guesses) choose(columns map[string]string) error {
	for _, k := range g.keys {
		name, said := columns[k.name]
		if !said {
			continue
		}
		delete(g.found, k.name)
		if name == "" {
			continue
		}
		at := slices.IndexFunc(g.order, func(p string) bool { return g.spell(p) == name })
		if at < 0 {
			return fault.New(fault.Usage, "the file has no column %q", name).At("%s", k.name).Next("choose one that it has")
		}
		g.found[k.name] = g.paths[g.order[at]]
		g.used[g.order[at]] = true
	}
	return nil
}

// shapeOfText tells what stands between the cells of delimited text, and whether its
// header stands behind lines of notes.
func shapeOfText(text []byte) shape {
	s := shape{delimiter: ','}
	head, _ := io.ReadAll(io.LimitReader(plainText(bytes.NewReader(text), ""), 1<<16))
	trimmed := bytes.TrimLeft(head, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] == '{' || trimmed[0] == '[' {
		return s
	}
	first, _, _ := bytes.Cut(head, []byte("\n"))
	for line := range bytes.Lines(head) {
		if bytes.HasPrefix(line, []byte("#fields")) || bytes.HasPrefix(line, []byte("#Fields")) {
			s.header, first = string(line[:len("#fields")]), line[len("#fields"):]
			first = bytes.TrimLeft(first, ": \t")
			break
		}
	}
	most := 0
	for _, d := range []rune{',', ';', '\t', '|', ' '} {
		if n := bytes.Count(first, []byte(string(d))); n > most && (d != ' ' || most == 0 && s.header != "") {
			s.delimiter, most = d, n
		}
	}
	return s
}

// guesses are what was found for the keys of a kind.
type guesses struct {
	zone string
	target
	*sample
	shape shape
	found map[string]*trait
	used  map[string]bool
	// primary is the type of the primary entity, as its name tells it.
	primary alert.EntityType
	// besides are the paths that name entities beside the primary one, by type.
	besides map[alert.EntityType][]*trait
}

// namesOf are what files call the entities of a type, as names are.
func namesOf(t alert.EntityType) []string {
	return strings.Fields(map[alert.EntityType]string{
		alert.Host:     "hostname host_name host host.name computername computer devicename device agent.name machine endpoint dest_host src_host dvc",
		alert.Account:  "user username user_name user.name account accountname src_user dest_user target_user userprincipalname upn login",
		alert.Address:  "src_ip source_ip source.ip srcip dest_ip destination_ip destination.ip dstip ip ip_address ipaddress client_ip remote_ip host_ip agent.ip",
		alert.Mail:     "email mail email_address mailbox recipient sender",
		alert.Resource: "resource resource_id resourceid arn bucket",
	}[t])
}

// mostNamed bounds how many paths are proposed for entities of a type.
const mostNamed = 2

// entities tells the type of the primary entity, and finds the others.
func (g *guesses) entities() {
	if g.besides = map[alert.EntityType][]*trait{}; g.kind != evidence.Alerts || g.found["entity"] == nil {
		return
	}
	for _, t := range alert.EntityTypes() {
		for _, p := range g.order {
			at := g.paths[p]
			if !g.called(at, namesOf(t)) || at.objects > 0 || at.records == 0 || at.most(at.times) {
				continue
			}
			if at == g.found["entity"] {
				g.primary = t
			} else if !g.used[p] && len(g.besides[t]) < mostNamed {
				g.besides[t] = append(g.besides[t], at)
			}
		}
	}
}

// called reports whether a path is called by one of some names.
func (g *guesses) called(t *trait, names []string) bool {
	path := strings.ToLower(t.path)
	last := path[strings.LastIndexByte(path, '.')+1:]
	return slices.ContainsFunc(names, func(n string) bool {
		return path == n || strings.HasSuffix(path, "."+n) || plainName(last) == plainName(n) && !strings.Contains(n, ".")
	})
}

// typed writes what was found of entities beside the primary one.
func (g *guesses) typed(b *strings.Builder) {
	if len(g.besides) == 0 {
		b.WriteString("  # entities:   # what it is about besides, by type: {account: NAME, address: [NAME, NAME]}\n")
		return
	}
	b.WriteString("  entities:   # what it is about besides\n")
	for _, t := range alert.EntityTypes() {
		switch list := g.besides[t]; len(list) {
		case 0:
		case 1:
			fmt.Fprintf(b, "    %s: %s   # %s\n", t, scalar(g.spell(list[0].path)), g.seen(list[0]))
		default:
			fmt.Fprintf(b, "    %s: [%s, %s]\n", t, scalar(g.spell(list[0].path)), scalar(g.spell(list[1].path)))
		}
	}
}

// names are what files call the keys, beside their own names, the likeliest first. Of a
// path its last names count.
func names(key string) []string {
	return append([]string{key}, strings.Fields(map[string]string{
		"id":         "alert_id alertid systemalertid compositeid composite_id finding_id detection_id offense_id event_id eventid incident_id uuid uid guid _id key number",
		"rule_id":    "ruleid rule_uuid rule.uuid rule.id signature_id sid detection_rule_id analytic.uid detector_id generatorid patternid pattern_id check_id search_name searchname policy_id rulename rule",
		"rule_name":  "rule.name rule_title signature rule.description alert_name alertname displayname detection_name detectionname title name description msg",
		"time":       "timestamp @timestamp _time event_time eventtime timegenerated createdat created_at created createddatetime creation_time starttime start_time firstseen first_seen detection_time detected alert_time occurred date ts when",
		"site":       "location tenant customer account_id awsaccountid region organization subsidiary branch",
		"entity":     "hostname host_name host host.name computer computername devicename device agent.name machine endpoint asset dest user username user_name account src_ip source_ip dest_ip ip",
		"severity":   "severity_label severityname urgency priority level risk_level",
		"score":      "risk_score riskscore confidence risk",
		"case_id":    "caseid case incident_id incidentid incident ticket_id ticket",
		"techniques": "technique technique_id techniqueid mitre_technique_id mitre_attack attack attck mitre.id mitre tags",
		"technique":  "technique_id techniqueid mitre_technique_id attack_id technique_number", "tactic": "tactics mitre_tactic",
		"source":           "product vendor provider sensor producer",
		"disposition":      "verdict classification resolution resolution_status closing_reason close_reason conclusion outcome label status state",
		"disposition_time": "closed_at closedat closed resolved_at resolved lastmodified last_modified updated_at updatedat close_time",
		"disposition_by":   "analyst closed_by closedby assignee assigned_to assignedto owner", "opened": "created_at createdat created start_time starttime timestamp",
		"closed": "closed_at closedat resolved_at resolved end_time", "title": "name subject summary description", "classification": "verdict resolution disposition closing_reason status",
		"outcome": "result status detected detection", "test": "test_name testname name title ability procedure", "host": "hostname computer target machine",
		"start": "start_time starttime started timestamp time", "end": "end_time endtime finished", "status": "result state outcome",
		"name": "title displayname log_source source sourcetype", "enabled": "active state status", "date": "day timestamp time _time bucket", "events": "count doc_count eventcount total",
		"hosts": "dc_host hostcount host_count devices", "field": "field_name fieldname column", "share": "percent fill_rate coverage ratio",
		"condition": "query filter expression suppression", "expires": "expiry valid_until until end", "owner": "author assignee created_by", "reason": "comment description note",
		"log_sources": "data_source data_sources", "channel": "event_id eventcode dataset sourcetype", "notes": "comment comments note description",
	}[key])...)
}

// guess finds for each key the path whose name and values are likeliest.
func (g *guesses) guess() {
	// Those that are needed choose first.
	order := slices.Clone(g.keys)
	slices.SortStableFunc(order, func(a, b key) int { return cmp.Compare(rank(a), rank(b)) })
	for _, k := range order {
		best, of := 0, (*trait)(nil)
		for _, p := range g.order {
			t := g.paths[p]
			if n := g.likely(k, t); n > best && !g.used[p] {
				best, of = n, t
			}
		}
		if of != nil {
			g.found[k.name], g.used[of.path] = of, true
		}
	}
	// Where rules have no id of their own their name is one.
	if g.found["rule_id"] == nil && g.found["rule_name"] != nil {
		g.found["rule_id"] = g.found["rule_name"]
		delete(g.found, "rule_name")
	}
}

func rank(k key) int {
	if k.need {
		return 0
	}
	return 1
}

// likely returns how well a path goes with a key; 0 when it does not.
func (g *guesses) likely(k key, t *trait) int {
	if t.objects > 0 || t.records == 0 || !g.fits(k, t) {
		return 0
	}
	path := strings.ToLower(t.path)
	last := path[strings.LastIndexByte(path, '.')+1:]
	for i, name := range names(k.name) {
		score := 1000 - 20*i - strings.Count(path, ".")*3
		switch {
		case path == name:
			return score
		case strings.HasSuffix(path, "."+name), plainName(last) == plainName(name):
			return score - 5
		case len(name) > 3 && strings.HasSuffix(last, "_"+name):
			return score - 300
		}
	}
	if (k.name == "techniques" || k.name == "technique") && t.most(t.ids) {
		return 100 // whatever it is called
	}
	return 0
}

// plainName returns a name without what divides its words.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// fits reports whether the values at a path can be those of a key.
func (g *guesses) fits(k key, t *trait) bool {
	switch {
	case k.as == typed:
		return false // see entities
	case k.as == moment || k.as == date:
		return t.most(t.times)
	case k.as == number:
		return t.most(t.numbers)
	case k.name == "id":
		return t.apart() && t.records == g.records
	case k.name == "rule_id" || k.name == "rule_name":
		return t.long*2 <= t.records && !t.most(t.times)
	case k.name == "techniques" || k.name == "technique":
		return t.ids > 0
	}
	return t.listed == 0 || k.as == list
}

// missing lists the keys that are needed and not found.
func (g *guesses) missing() []string {
	out := []string{}
	for _, k := range g.keys {
		if k.need && g.found[k.name] == nil {
			out = append(out, k.name)
		}
	}
	return out
}

// text writes the mapping.
func (g *guesses) text(file string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Proposed from the first %s of %s. Read it before you use it: what was guessed may be wrong.\n", records(g.records), baseOf(file))
	fmt.Fprintf(&b, "kind: mapping\nversion: 2\nof: %s\n", g.kind)
	if g.zone != "" {
		fmt.Fprintf(&b, "zone: %s   # of times that say none\n", scalar(g.zone))
	}
	switch g.shape.delimiter {
	case '\t':
		b.WriteString("delimiter: tab\n")
	case ',':
	default:
		fmt.Fprintf(&b, "delimiter: %q\n", string(g.shape.delimiter))
	}
	if g.shape.header != "" {
		fmt.Fprintf(&b, "header: %q\n", g.shape.header)
	}
	g.lists(&b)
	b.WriteString("# where: [{column: NAME, is: [WORD]}]   # which records count, if not all\ncolumns:\n")
	for _, k := range g.keys {
		g.line(&b, k)
	}
	g.others(&b)
	return b.String()
}

func records(n int) string {
	if n == 1 {
		return "record"
	}
	return strconv.Itoa(n) + " records"
}

// lists names what holds a list of objects, of which each may be a record.
func (g *guesses) lists(b *strings.Builder) {
	for _, p := range g.order {
		if g.paths[p].objects > 0 && strings.Count(p, ".") == 0 {
			fmt.Fprintf(b, "# each: %s   # if the records are the entries of this list; $.NAME then names what they stand in\n", scalar(p))
		}
	}
}

// line writes one key.
func (g *guesses) line(b *strings.Builder, k key) {
	t := g.found[k.name]
	switch {
	case k.as == typed:
		g.typed(b)
		return
	case k.name == "entity_type" && t == nil && g.primary != alert.Untyped:
		fmt.Fprintf(b, "  entity_type: {value: %s}\n", g.primary)
		return
	}
	if t == nil {
		need := ""
		if k.name == "id" {
			need = g.repeated()
		}
		if k.need {
			need = "   # needed, and nothing was found: name a column, or {value: ...}"
		}
		fmt.Fprintf(b, "  # %s:%s\n", k.name, need)
		return
	}
	seen := "   # " + g.seen(t)
	switch {
	case k.name == "techniques" || k.name == "technique":
		all := ""
		if k.as == list {
			all = ", all: true"
		}
		fmt.Fprintf(b, "  %s: {column: %s, match: '(T\\d{4}(?:\\.\\d{3})?)'%s}%s\n", k.name, scalar(g.spell(t.path)), all, seen)
	case k.name == "disposition" || k.name == "classification" || k.name == "outcome" || k.name == "status" || k.name == "enabled":
		g.words(b, k, t)
	default:
		fmt.Fprintf(b, "  %s: %s%s\n", k.name, scalar(g.spell(t.path)), seen)
	}
}

// repeated says why a column that is called as an id is none.
func (g *guesses) repeated() string {
	for _, p := range g.order {
		if t := g.paths[p]; slices.Contains(names("id"), strings.ToLower(p)) && t.records == g.records && !t.apart() {
			return fmt.Sprintf("   # %s has the same value in several records; if another column tells them apart: {join: [OTHER, %s]}", scalar(g.spell(p)), scalar(g.spell(p)))
		}
	}
	return "   # made of what the record says, where none is named"
}

// words writes a key whose words come to others.
func (g *guesses) words(b *strings.Builder, k key, t *trait) {
	fmt.Fprintf(b, "  %s:   # say what your words come to\n    column: %s\n    values:\n", k.name, scalar(g.spell(t.path)))
	for _, w := range t.examples(maxWords) {
		fmt.Fprintf(b, "      %s: %s\n", scalar(w), meant(k.name, w))
	}
	if t.records < g.records && k.name == "disposition" {
		b.WriteString("      \"\": open\n")
	}
	if k.name == "disposition" || k.name == "classification" { // words that none of these records has
		b.WriteString("      \"*\": undetermined   # whatever else it says\n")
	}
}

// meant returns what a word comes to where it is plain, and the word itself elsewhere.
func meant(key, word string) string {
	lower := plainName(word)
	class := ""
	switch {
	case strings.Contains(lower, "falsepositive") || lower == "fp":
		class = string(alert.FalsePositive)
	case strings.Contains(lower, "benign") || lower == "btp":
		class = string(alert.BenignPositive)
	case strings.Contains(lower, "truepositive") || lower == "tp":
		class = string(alert.TruePositive)
	case strings.Contains(lower, "duplicate"):
		class = string(alert.Duplicate)
	case slices.Contains([]string{"new", "open", "inprogress", "pending", "notified", "underinvestigation", "acknowledged"}, lower):
		class = string(alert.Open)
	}
	switch key {
	case "disposition":
		return cmp.Or(class, "undetermined   # change")
	case "classification":
		if class == string(alert.Open) {
			class = ""
		}
		return cmp.Or(class, "undetermined   # change")
	}
	return scalar(word) + "   # change"
}

// seen says what was met at a path.
func (g *guesses) seen(t *trait) string {
	var shown []string
	for _, e := range t.examples(2) {
		shown = append(shown, strconv.Quote(cutTo(e, maxExample)))
	}
	all := "in all"
	if t.records < g.records {
		all = fmt.Sprintf("in %d of %d", t.records, g.records)
	}
	return all + ": " + strings.Join(shown, ", ")
}

// others names what else could be kept beside a record.
func (g *guesses) others(b *strings.Builder) {
	if !g.fields {
		return
	}
	var keep []string
	for _, p := range g.order {
		t := g.paths[p]
		if !g.used[p] && t.objects == 0 && t.records > 0 && t.long == 0 && !t.most(t.times) && !t.apart() && len(keep) < 12 {
			keep = append(keep, scalar(g.spell(p)))
		}
	}
	if len(keep) > 0 {
		fmt.Fprintf(b, "fields: [%s]   # kept beside, for tuning: what differs from record to record and repeats\n", strings.Join(keep, ", "))
	}
}

// scalar returns a text as YAML writes it on one line.
func scalar(s string) string {
	node := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if strings.ContainsAny(s, "\n,[]{}#&*!|>'\"%@`:") {
		node.Style = yaml.DoubleQuotedStyle
	}
	data, err := yaml.Marshal(&node)
	if err != nil {
		return strconv.Quote(s)
	}
	return strings.TrimSpace(string(data))
}
