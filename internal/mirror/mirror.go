// Package mirror brings a library up to date with MITRE's collection index: what
// is missing is downloaded and handed to an import.
//
// It knows addresses and refuses to know what is inside a bundle.
package mirror

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"candor/internal/address"
	"candor/internal/attack"
	"candor/internal/fault"
)

// DefaultIndex is where MITRE publishes the index of its collections.
const DefaultIndex = "https://raw.githubusercontent.com/mitre-attack/attack-stix-data/master/index.json"

// maxIndex is the size, in bytes, over which an answer is no index.
const maxIndex = 16 << 20

// Listed is one release that an index names.
type Listed struct {
	Domain   string `json:"domain"`
	Version  string `json:"version"`
	Address  string `json:"address"` // an http(s) address or a file path
	Modified string `json:"modified"`
}

// String returns the release's name for people.
func (e Listed) String() string { return attack.ShortDomain(e.Domain) + " " + e.Version }

type index struct {
	Name        string `json:"name"`
	Collections []struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		Versions []struct {
			Version  string `json:"version"`
			URL      string `json:"url"`
			Modified string `json:"modified"`
		} `json:"versions"`
	} `json:"collections"`
}

// ParseIndex reads a collection index found at base, against which relative
// addresses are resolved. Entries come by domain, newest first.
func ParseIndex(raw []byte, base string) ([]Listed, error) {
	var ix index
	if err := json.Unmarshal(raw, &ix); err != nil {
		return nil, fault.New(fault.Invalid, "this is not a collection index").At("%s", base).Because(err).
			Next("--index takes the address or the path of an index.json as MITRE publishes it")
	}
	var es []Listed
	for _, c := range ix.Collections {
		for _, v := range c.Versions {
			at, err := resolve(base, v.URL)
			if err != nil || v.Version == "" {
				return nil, fault.New(fault.Invalid, "collection %q names version %q at %q, which cannot be followed", c.Name, v.Version, v.URL).At("%s", base).Because(err)
			}
			es = append(es, Listed{Domain: domainOf(v.URL, v.Version, c.Name), Version: v.Version, Address: at, Modified: v.Modified})
		}
	}
	if len(es) == 0 {
		return nil, fault.New(fault.Invalid, "the index names no release").At("%s", base).Next("--index takes the address or the path of an index.json as MITRE publishes it")
	}
	slices.SortStableFunc(es, func(a, b Listed) int {
		if c := strings.Compare(a.Domain, b.Domain); c != 0 {
			return c
		}
		return attack.CompareVersions(b.Version, a.Version)
	})
	return es, nil
}

// domainOf takes a domain from the file's name, "ics-attack-18.1.json", else
// from the collection's name, "ICS ATT&CK".
func domainOf(address, version, name string) string {
	file := strings.TrimSuffix(strings.TrimSuffix(path.Base(address), ".gz"), ".json")
	if d, ok := strings.CutSuffix(file, "-"+version); ok && d != "" {
		return d
	}
	return attack.DomainName(strings.ReplaceAll(strings.TrimSpace(strings.TrimSuffix(strings.ToLower(name), "att&ck")), " ", "-"))
}

// resolve returns ref as seen from base. A ref inside an index that came over
// the network must not lead to this machine's files.
func resolve(base, ref string) (string, error) {
	if ref == "" {
		return "", fmt.Errorf("the address is empty")
	}
	if address.Web(base) {
		b, err := url.Parse(base)
		if err != nil {
			return "", err
		}
		u, err := b.Parse(ref)
		if err != nil {
			return "", err
		}
		if u.Scheme != "http" && u.Scheme != "https" {
			return "", fmt.Errorf("scheme %q is not followed", u.Scheme)
		}
		return u.String(), nil
	}
	if address.Web(ref) {
		return ref, nil
	}
	ref, err := address.File(ref)
	if err != nil || filepath.IsAbs(ref) {
		return ref, err
	}
	return filepath.Join(filepath.Dir(base), filepath.FromSlash(ref)), nil
}

// Index reads the collection index at an http, https or file address, or a path.
func (m *Mirror) Index(ctx context.Context, at string) ([]Listed, error) {
	if !address.Web(at) {
		path, err := address.File(at)
		if err != nil {
			return nil, err
		}
		at = path
	}
	var body io.ReadCloser
	if address.Web(at) {
		resp, err := m.get(ctx, at, nil)
		if err != nil {
			return nil, err
		}
		body = resp.Body
	} else {
		f, err := os.Open(at)
		if err != nil {
			return nil, fault.New(fault.Invalid, "the index cannot be read").At("%s", at).Because(err).Next("check the path given to --index")
		}
		body = f
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, maxIndex+1))
	if err != nil {
		return nil, unreachable(at, err)
	}
	if len(raw) > maxIndex {
		return nil, fault.New(fault.Invalid, "the answer is larger than any index, over %d bytes", maxIndex).At("%s", at)
	}
	return ParseIndex(raw, at)
}

// Missing returns the releases that are not among the imported releases. An
// empty domain or version in want is wild; newest keeps one a domain.
func Missing(es []Listed, have []attack.Release, want attack.ReleaseRef, newest bool) []Listed {
	var out []Listed
	seen := map[string]bool{}
	for _, e := range es {
		if (want.Domain != "" && e.Domain != want.Domain) || (want.Version != "" && e.Version != want.Version) {
			continue
		}
		if newest && seen[e.Domain] {
			continue
		}
		seen[e.Domain] = true
		if !slices.ContainsFunc(have, func(r attack.Release) bool { return r.Domain == e.Domain && r.Version == e.Version && r.STIX == "2.1" }) {
			out = append(out, e)
		}
	}
	return out
}
