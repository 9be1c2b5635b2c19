package splunk

import (
	"slices"
	"strings"

	"candor/internal/attack/place"
	"candor/internal/detection"
)

// reading is what a detection says of the data that it reads.
type reading struct {
	sources []string // data sources, of which "A AND B" needs both
	search  string
	asset   string
}

// into sets a rule's platforms and log sources. Data sources tell them; where they tell
// nothing the search does, by its macros, source types and data models, and where
// that tells no platform the type of asset that the detection is about.
func (d *reading) into(r *detection.Rule) {
	at, logs := d.known()
	if asset, ok := place.Asset(d.asset); ok {
		switch {
		case len(at.Platforms) == 0 && at.Serves != place.Any:
			at.Platforms, at.Serves = asset.Platforms, asset.Serves
		case at.Serves == place.Several && len(asset.Platforms) == 1 && system(asset.Platforms[0]) && slices.Contains(at.Platforms, asset.Platforms[0]):
			at = at.On(asset.Platforms)
		case at.Alerts && len(at.Platforms) == 0:
			at.Platforms, at.Serves = asset.Platforms, asset.Serves
		}
	}
	r.Look(at)
	r.Logs = logs
}

// system reports whether a platform is an operating system that sensors run on.
func system(platform string) bool {
	return platform == "Windows" || platform == "Linux" || platform == "macOS"
}

// known returns what the data sources are or, where none is known, what the search
// names, with the logs that are needed together in groups.
func (d *reading) known() (place.Place, []detection.Log) {
	var found []place.Place
	var logs []detection.Log
	group := 0
	for _, name := range d.sources {
		parts := both(name)
		if len(parts) > 1 {
			group++
		}
		for _, part := range parts {
			p, ok := place.Source(part)
			if !ok {
				continue
			}
			found = append(found, p)
			for _, l := range p.Logs {
				log := detection.Log{Component: l.Component, Name: l.Name, Channel: l.Channel}
				if len(parts) > 1 {
					log.Group = group
				}
				if !slices.Contains(logs, log) {
					logs = append(logs, log)
				}
			}
		}
	}
	if at := place.Of(found...); len(at.Platforms) > 0 || at.Serves == place.Any {
		return at, logs
	}
	found = scan(d.search).places()
	at := place.Of(found...)
	logs = nil
	for _, l := range at.Logs {
		logs = append(logs, detection.Log{Component: l.Component, Name: l.Name, Channel: l.Channel})
	}
	return at, logs
}

// both returns the parts of a data source that needs several: "A AND B".
func both(name string) []string {
	var parts []string
	var part []string
	for _, word := range strings.Fields(name) {
		if strings.EqualFold(word, "AND") {
			parts, part = append(parts, strings.Join(part, " ")), nil
			continue
		}
		part = append(part, word)
	}
	return append(parts, strings.Join(part, " "))
}

// searched is what a search names.
type searched struct {
	// names are its macros, source types and data models, in order and each once.
	names []string
	// codes are the event codes that it compares with.
	codes []string
}

// maxSearch bounds how much of a search is read, in bytes, and maxNames how many of its
// names.
const (
	maxSearch = 1 << 18
	maxNames  = 200
)

// scan goes through a search once.
func scan(search string) searched {
	var out searched
	s := search[:min(len(search), maxSearch)]
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '`':
			n := nameLength(s[i+1:], "")
			if n > 0 && i+1+n < len(s) && (s[i+1+n] == '`' || s[i+1+n] == '(') {
				out.name(s[i+1 : i+1+n])
			}
			i += n
		case isWord(c) && (i == 0 || !isWord(s[i-1])):
			n := nameLength(s[i:], "")
			i += out.word(strings.ToLower(s[i:i+n]), s[i+n:]) + n - 1
		}
	}
	return out
}

// word reads what stands behind a word that says what the search reads, and returns
// how much of that was read.
func (o *searched) word(word, rest string) int {
	switch word {
	case "datamodel", "sourcetype", "source", "eventcode", "eventid":
	default:
		return 0
	}
	at := 0
	for at < len(rest) && strings.IndexByte(" =:\"\t", rest[at]) >= 0 {
		at++
	}
	n := nameLength(rest[at:], ".:-/*")
	value := strings.TrimRight(rest[at:at+n], ".:-/*")
	switch {
	case value == "" || at == 0:
		return at
	case word == "eventcode" || word == "eventid":
		if strings.Trim(value, "0123456789") == "" {
			o.codes = append(o.codes, value)
		} else if strings.EqualFold(value, "in") {
			return at + n + o.list(rest[at+n:])
		}
	default:
		o.name(value)
	}
	return at + n
}

// list reads the codes of "IN (1, 2)" and returns how long that is.
func (o *searched) list(rest string) int {
	open := strings.IndexByte(rest[:min(len(rest), 8)], '(')
	if open < 0 {
		return 0
	}
	end := strings.IndexByte(rest, ')')
	if end < open || end > 1<<10 {
		return open
	}
	for code := range strings.FieldsFuncSeq(rest[open+1:end], func(r rune) bool { return r == ',' || r == ' ' || r == '"' }) {
		if strings.Trim(code, "0123456789") == "" && len(o.codes) < maxNames {
			o.codes = append(o.codes, code)
		}
	}
	return end
}

func (o *searched) name(name string) {
	if len(o.names) < maxNames && !slices.Contains(o.names, name) {
		o.names = append(o.names, name)
	}
}

// places returns what the names of a search hold. Event codes tell the events of a log
// of Windows that it names.
func (o searched) places() []place.Place {
	var out []place.Place
	for _, name := range o.names {
		p, ok := place.Searched(name)
		if !ok {
			continue
		}
		if len(p.Logs) == 1 && p.Logs[0].Component == "" && len(o.codes) > 0 {
			var exact []place.Log
			for _, code := range o.codes {
				if place.KnownEvent(p.Logs[0].Name, code) {
					exact = append(exact, place.Event(p.Logs[0].Name, code))
				}
			}
			if len(exact) > 0 {
				p.Logs = exact
			}
		}
		out = append(out, p)
	}
	return out
}

// known returns the names of a search that are known.
func (o searched) known() []string {
	var out []string
	for _, name := range o.names {
		if _, ok := place.Searched(name); ok {
			out = append(out, name)
		}
	}
	return out
}

func isWord(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_'
}

// nameLength returns how long the name is that begins s: of letters, digits and
// underscores, and of the marks that may be in it.
func nameLength(s, marks string) int {
	n := 0
	for n < len(s) && (isWord(s[n]) || strings.IndexByte(marks, s[n]) >= 0) {
		n++
	}
	return n
}
