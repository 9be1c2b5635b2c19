package elastic

import (
	"slices"
	"strings"

	"candor/internal/attack/place"
	"candor/internal/detection"
)

// reading is what a rule says of the data that it reads, in the order in which it is
// believed.
type reading struct {
	indices      []string // patterns, of the rule or behind FROM of its query
	integrations []string
	tags         []string
	query        string
	language     string
}

// into sets a rule's platforms and log sources. Indices tell them; where they tell no
// platform, integrations do, and then tags. Tags that name an operating system say
// which of the systems that a sensor runs on the rule is about.
func (d *reading) into(r *detection.Rule) {
	at := d.known()
	systems := d.systems()
	if len(systems) > 0 {
		at = about(at, systems)
	}
	for _, platform := range d.domains() {
		if len(at.Platforms) > 0 && !slices.Contains(at.Platforms, platform) {
			at.Platforms, at.Serves = append(slices.Clone(at.Platforms), platform), max(at.Serves, place.Several)
		}
	}
	r.Look(at)
	r.Logs = d.narrowed(at.Logs)
}

// known returns what is known of the first of indices, integrations and tags of which
// anything is.
func (d *reading) known() place.Place {
	for _, from := range [...]struct {
		words []string
		what  func(string) (place.Place, bool)
	}{{d.indices, place.Index}, {d.integrations, place.Integration}, {d.tags, place.Tag}} {
		var found []place.Place
		for _, w := range from.words {
			if p, ok := from.what(w); ok && !p.Reference {
				found = append(found, p)
			}
		}
		if at := place.Of(found...); len(at.Platforms) > 0 || at.Serves == place.Any && len(at.Logs) > 0 {
			return at
		}
	}
	return place.Place{}
}

// systems returns the platforms that the rule's tags name.
func (d *reading) systems() []string {
	var out []string
	for _, t := range d.tags {
		kind, name, _ := strings.Cut(t, ":")
		if kind != "OS" && kind != "Platform" {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "windows":
			out = add(out, "Windows")
		case "linux":
			out = add(out, "Linux")
		case "macos":
			out = add(out, "macOS")
		}
	}
	return out
}

// domains returns the platforms of what the rule's tags say that it is in besides: a
// sensor on a host sees the host's containers, and its machine's cloud.
func (d *reading) domains() []string {
	var out []string
	for _, t := range d.tags {
		switch strings.ToLower(t) {
		case "domain: container", "domain: containers", "domain: kubernetes":
			out = add(out, "Containers")
		case "domain: cloud":
			out = add(out, "IaaS")
		case "domain: saas":
			out = add(out, "SaaS")
		case "domain: identity":
			out = add(out, "Identity Provider")
		}
	}
	return out
}

// about returns a place as a rule means it that is about these operating systems: of
// those that a sensor runs on they are left, and what is no operating system stays.
func about(at place.Place, systems []string) place.Place {
	out := slices.Clone(systems)
	for _, p := range at.Platforms {
		if p != "Windows" && p != "Linux" && p != "macOS" {
			out = add(out, p)
		}
	}
	if at.Serves == place.Several && len(out) == len(systems) {
		at.Serves = place.Each
	}
	at.Platforms = out
	return at
}

// categories are the data components of what an EQL query says that it looks at.
var categories = [...]struct {
	word string
	of   []string
}{
	{"process", []string{"Process Creation", "Process Metadata", "Process Termination", "Command Execution", "Process Access", "Process Modification"}},
	{"file", []string{"File Creation", "File Modification", "File Deletion", "File Metadata", "File Access"}},
	{"registry", []string{"Windows Registry Key Modification", "Windows Registry Key Creation", "Windows Registry Key Deletion", "Windows Registry Key Access"}},
	{"network", []string{"Network Connection Creation", "Network Traffic Flow", "Network Traffic Content"}},
	{"dns", []string{"Network Traffic Content", "Network Traffic Flow"}},
	{"library", []string{"Module Load"}},
	{"dll", []string{"Module Load"}},
	{"driver", []string{"Driver Load"}},
	{"authentication", []string{"User Account Authentication", "Logon Session Creation"}},
}

// narrowed leaves of data components alone those of the categories of event that an EQL
// query looks at ("process where"), where that leaves any.
func (d *reading) narrowed(logs []place.Log) []detection.Log {
	looks := map[string]bool{}
	if strings.EqualFold(d.language, "eql") {
		for _, word := range eqlCategories(d.query) {
			for _, c := range categories {
				if c.word == word {
					for _, component := range c.of {
						looks[component] = true
					}
				}
			}
		}
	}
	some := slices.ContainsFunc(logs, func(l place.Log) bool { return looks[l.Component] })
	var out []detection.Log
	for _, l := range logs {
		if !some || l.Component == "" || looks[l.Component] {
			out = append(out, detection.Log{Component: l.Component, Name: l.Name, Channel: l.Channel})
		}
	}
	return out
}

// eqlCategories returns the words before "where" in an EQL query, in lower case.
func eqlCategories(query string) []string {
	var out []string
	before := ""
	for word := range strings.FieldsSeq(query) {
		word = strings.ToLower(strings.Trim(word, "[]()"))
		if word == "where" && before != "" {
			out = add(out, before)
		}
		before = word
	}
	return out
}

// from returns the indices behind FROM (or TS) of an ES|QL query: a list up to the next
// pipe, or to METADATA.
func from(query string) []string {
	for line := query; line != ""; {
		line = strings.TrimLeft(line, " \t\r\n")
		switch {
		case strings.HasPrefix(line, "//"):
			_, line, _ = strings.Cut(line, "\n")
		case strings.HasPrefix(line, "/*"):
			_, line, _ = strings.Cut(line, "*/")
		case strings.HasPrefix(line, "("):
			line = line[1:]
		default:
			word, rest, _ := strings.Cut(strings.NewReplacer("\n", " ", "\t", " ", "\r", " ").Replace(cut(line)), " ")
			if !strings.EqualFold(word, "from") && !strings.EqualFold(word, "ts") {
				return nil
			}
			return indices(rest)
		}
	}
	return nil
}

// cut returns the first command of a query.
func cut(query string) string {
	command, _, _ := strings.Cut(query, "|")
	return command[:min(len(command), maxFrom)]
}

// maxFrom bounds how much of a FROM is read, in bytes.
const maxFrom = 1 << 14

func indices(list string) []string {
	var out []string
	for entry := range strings.SplitSeq(list, ",") {
		for word := range strings.FieldsSeq(entry) {
			if word = strings.Trim(word, `"'()`); strings.EqualFold(word, "metadata") {
				return out
			}
			if word != "" && !strings.HasPrefix(word, "//") {
				out = add(out, word)
			}
			break
		}
		if words := strings.Fields(entry); len(words) > 1 && strings.EqualFold(strings.Trim(words[1], "[]"), "metadata") {
			return out
		}
	}
	return out
}
