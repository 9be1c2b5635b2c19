// Package address tells addresses of the web from names of files, which people write in
// the same places.
package address

import (
	"net/url"
	"strings"

	"candor/internal/fault"
)

// Web reports whether s is an http or https address.
func Web(s string) bool {
	s = strings.ToLower(s)
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// File returns the path that s names: of a file address (file:///srv/index.json) its
// path, and s itself where it is none (RFC 8089). An address of a file on another machine,
// or of another scheme, is fault.Invalid.
func File(s string) (string, error) {
	scheme, _, ok := strings.Cut(s, "://")
	if !ok {
		return s, nil
	}
	if !strings.EqualFold(scheme, "file") {
		return "", fault.New(fault.Invalid, "addresses of the scheme %q are not read", scheme).At("%s", s).
			Next("name a file by its path, or by an address that begins with https:// or file:///")
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", fault.New(fault.Invalid, "this is not an address").At("%s", s).Because(err).Next("write it like file:///srv/attack/index.json")
	}
	if u.Host != "" && !strings.EqualFold(u.Host, "localhost") || u.Path == "" {
		return "", fault.New(fault.Invalid, "this address names no file of this machine").At("%s", s).
			Next("write it with three slashes, like file:///srv/attack/index.json")
	}
	return u.Path, nil
}
