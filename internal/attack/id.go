package attack

import (
	"net/url"
	"regexp"
	"strings"
)

var (
	// writtenSub is a sub-technique's ID as people part it: "T1059,001",
	// "T1059/001", "T1059 1".
	writtenSub = regexp.MustCompile(`^(T\d{4})\s*[.,;:/\\_ -]\s*(\d{1,3})$`)
	site       = regexp.MustCompile(`(?i)^(?:https?:/{1,2})?(?:www\.)?attack\.mitre\.org/`)
	pathID     = regexp.MustCompile(`^[ACDGMST][A-Z]*\d{3,5}$`)
	pathSub    = regexp.MustCompile(`^\d{3}$`)
)

// SpellID returns an id as objects bear it, out of what people write or paste: in
// any case, a sub-technique parted by other signs, or the address of a page on
// attack.mitre.org. STIX ids are in lower case, ATT&CK IDs in upper case. What is
// no id comes back in upper case.
func SpellID(text string) string {
	text = strings.Trim(strings.TrimSpace(text), `"'<>()[]`+"`")
	if at := site.FindString(text); at != "" {
		if u, err := url.Parse(text[len(at)-1:]); err == nil {
			if id, ok := SiteID(u.Path); ok {
				return id
			}
		}
	}
	if strings.Contains(text, "--") {
		return strings.ToLower(text)
	}
	text = strings.ToUpper(text)
	if m := writtenSub.FindStringSubmatch(text); m != nil {
		return m[1] + "." + strings.Repeat("0", 3-len(m[2])) + m[2]
	}
	return text
}

// SiteID returns the ATT&CK ID that a path on attack.mitre.org names, for example
// T1059.001 for "/techniques/T1059/001", and whether it names one.
func SiteID(path string) (string, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) >= 2 && parts[0] == "versions" {
		parts = parts[2:]
	}
	if len(parts) < 2 || len(parts) > 3 {
		return "", false
	}
	id := strings.ToUpper(parts[1])
	if !pathID.MatchString(id) || len(parts) == 3 && !pathSub.MatchString(parts[2]) {
		return "", false
	}
	if len(parts) == 3 {
		id += "." + parts[2]
	}
	return id, true
}
