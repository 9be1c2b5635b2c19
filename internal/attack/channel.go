package attack

import "strings"

// Channel is a log source's channel as a set: ATT&CK writes the event codes or the
// operations that a channel stands for as a list ("EventCode=13, 14", "GetObject,
// CopyObject"). The zero Channel is every channel.
type Channel struct {
	// text is the whole channel, folded, and parts what it lists; nil for a channel
	// that is one thing, or a sentence.
	text  string
	parts []string
}

// NewChannel reads a channel as ATT&CK and products spell it. "None", which ATT&CK
// writes where it names no channel, is every channel.
func NewChannel(s string) Channel {
	c := Channel{text: Fold(s)}
	if c.text == "none" {
		return Channel{}
	}
	if strings.ContainsAny(c.text, ",|") {
		c.parts = listedParts(c.text)
	} else if code, ok := eventCode(c.text); ok {
		c.text = code
	}
	return c
}

// listedParts returns the entries of a list of single words, and nil for a text
// that is none: a sentence may hold commas too.
func listedParts(text string) []string {
	var parts []string
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '|' }) {
		part = strings.TrimSpace(part)
		if i := strings.IndexByte(part, '('); i > 0 && strings.HasSuffix(part, ")") {
			part = strings.TrimSpace(part[:i]) // what the entry is, for people
		}
		if part == "" || strings.ContainsAny(part, " :") {
			return nil
		}
		if code, ok := eventCode(part); ok {
			part = code
		}
		parts = append(parts, part)
	}
	return parts
}

// eventCode returns the code of a Windows event, however it is spelled.
func eventCode(s string) (string, bool) {
	for _, prefix := range []string{"eventcode=", "eventid=", "event id ", "eventid ", "event="} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			s = rest
			break
		}
	}
	s = strings.TrimSpace(s)
	return s, s != "" && strings.Trim(s, "0123456789") == ""
}

// Every reports whether the channel is not told.
func (c Channel) Every() bool { return c.text == "" }

// Meets reports whether two channels have something in common: they are equal, one
// of them is every channel, or what they list overlaps.
func (c Channel) Meets(d Channel) bool {
	return c.Every() || d.Every() || c.Names(d)
}

// Names reports whether both are told and have something in common.
func (c Channel) Names(d Channel) bool {
	if c.Every() || d.Every() {
		return false
	}
	if c.text == d.text || c.has(d.text) || d.has(c.text) {
		return true
	}
	for _, p := range c.parts {
		if d.has(p) {
			return true
		}
	}
	return false
}

func (c Channel) has(part string) bool {
	for _, p := range c.parts {
		if p == part {
			return true
		}
	}
	return false
}
