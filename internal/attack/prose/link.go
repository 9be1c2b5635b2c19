package prose

import (
	"net/url"
	"strings"
)

// follow returns the address that a link to dest has, and whether it is local. It is
// empty when dest must not be followed.
func (p *Page) follow(dest string) (href string, local bool) {
	if path, ok := attackPath(dest); ok && p.Link != nil {
		if local, ok := p.Link(path); ok {
			return local, true
		}
	}
	return safeURL(dest), false
}

// attackPath returns the path of an address on attack.mitre.org.
func attackPath(dest string) (string, bool) {
	u, err := url.Parse(dest)
	if err != nil || u.Path == "" {
		return "", false
	}
	here := u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/")
	there := (u.Scheme == "https" || u.Scheme == "http") && strings.EqualFold(u.Host, "attack.mitre.org")
	return strings.TrimRight(u.Path, "/"), here || there
}

// safeURL returns an address that a link may have, or nothing.
func safeURL(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		if u.Host == "" {
			return ""
		}
	case "mailto":
	default:
		return ""
	}
	return u.String()
}
