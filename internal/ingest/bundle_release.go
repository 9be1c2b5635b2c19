package ingest

import (
	"fmt"
	"regexp"
	"strings"

	"candor/internal/attack"
	"candor/internal/attack/published"
	"candor/internal/attack/stix"
	"candor/internal/fault"
	"candor/internal/store"
)

// jsonName returns a file's name without the endings of a JSON file, plain or
// gzip, and the empty string for another file.
func jsonName(name string) string {
	base, ok := strings.CutSuffix(strings.TrimSuffix(name, ".gz"), ".json")
	if !ok || strings.HasPrefix(name, ".") {
		return ""
	}
	return base
}

// releaseName is how MITRE names its bundle files: enterprise-attack-18.1.
var releaseName = regexp.MustCompile(`^([a-z0-9-]+-attack)-v?([0-9]+(?:\.[0-9]+)*)$`)

// refOf returns the release that a file's name tells; it is empty if none.
func refOf(name string) attack.ReleaseRef {
	m := releaseName.FindStringSubmatch(jsonName(name))
	if m == nil {
		return attack.ReleaseRef{}
	}
	return attack.ReleaseRef{Domain: m[1], Version: m[2]}
}

// statement is what someone says of which release a bundle is.
type statement struct {
	by, what string
}

// agreed returns the first of the statements that says anything, and what is odd
// when others say otherwise.
func agreed(said ...statement) (counts string, odd []store.Oddity) {
	by := ""
	for _, s := range said {
		switch {
		case s.what == "" || s.what == counts:
		case counts == "":
			counts, by = s.what, s.by
		default:
			odd = append(odd, store.Oddity{What: fmt.Sprintf("%s says %s and %s says %s; %s counts", by, counts, s.by, s.what, counts)})
		}
	}
	return counts, odd
}

// identify tells which release a bundle is, and lists what is odd about it. Have are the
// releases of the library.
func identify(sum *stix.Summary, r BundleRequest, f bundleFile, have []attack.Release) (attack.Release, []store.Oddity, error) {
	rel := attack.Release{STIX: sum.STIX, FileHash: sum.FileHash.String(), Size: sum.Size, Objects: sum.Objects, Source: f.source, Imported: r.Now}
	if sum.Objects == 0 {
		return rel, nil, fault.New(fault.Invalid, "the bundle holds no objects").At("%s", f.source).Next("get the file again from its source")
	}
	name, known := refOf(f.name), publishedAs(r.Hashes, rel.FileHash)
	var own string
	if c := sum.Collection; c != nil && !r.StandsIn && known.Domain == "" && !attack.OfMITRE(c.ID, c.Author) {
		rel.Own = attack.Own{Collection: c.ID, Name: c.Name, AuthorRef: c.Author, Author: sum.Identities[c.Author]}
		own = ownDomain(rel.Own, have)
	}
	var collection attack.ReleaseRef
	if c := sum.Collection; c != nil {
		collection = attack.ReleaseRef{Domain: sum.Domain(), Version: c.Version}
		rel.Published = c.Modified
	}
	odd := oddities(sum)
	var more []store.Oddity
	rel.STIX, more = agreed(statement{"the published hash", known.STIX}, statement{"the bundle", sum.STIX})
	odd = append(odd, more...)
	domains := []statement{{"the published hash", known.Domain}, {"the collection object", collection.Domain}, {"the file's name", name.Domain},
		{"the request", attack.DomainName(r.Domain)}, {"what most objects name", sum.Domain()}}
	if own != "" { // what its objects extend is no contradiction
		domains = []statement{{"the collection, which is not MITRE's,", own}, {"the file's name", name.Domain}, {"the request", attack.DomainName(r.Domain)}}
	}
	rel.Domain, more = agreed(domains...)
	odd = append(odd, more...)
	rel.Version, more = agreed(statement{"the published hash", known.Version}, statement{"the collection object", collection.Version}, statement{"the file's name", name.Version},
		statement{"the request", strings.TrimSpace(r.Release)})
	odd = append(odd, more...)
	if rel.Domain == "" || rel.Version == "" {
		return rel, nil, fault.New(fault.Invalid, "it cannot be told which release this bundle is").At("%s", f.source).
			Because(errReleaseUnknown).Next("say it with --release and --domain, or name the file like enterprise-attack-18.1.json")
	}
	return rel, odd, nil
}

// ownDomain returns the domain of an own collection: that of another version of it, if
// the library has one, whatever it was called.
func ownDomain(own attack.Own, have []attack.Release) string {
	for _, r := range have {
		if r.IsOwn() && r.Own.Same(own) {
			return r.Domain
		}
	}
	return own.Domain()
}

// publishedAs returns the release that a file is by its hash; what is not the same for
// all releases of which it was published is empty.
func publishedAs(known *published.Table, hash string) attack.PublishedFile {
	if known == nil {
		return attack.PublishedFile{}
	}
	var as attack.PublishedFile
	for i, f := range known.Are(hash) {
		if i == 0 {
			as = f
			continue
		}
		for _, same := range []struct{ have, other *string }{{&as.STIX, &f.STIX}, {&as.Domain, &f.Domain}, {&as.Version, &f.Version}} {
			if *same.have != *same.other {
				*same.have = ""
			}
		}
	}
	return as
}

// oddities returns what the reader found odd.
func oddities(sum *stix.Summary) []store.Oddity {
	odd := make([]store.Oddity, 0, len(sum.Oddities))
	for _, o := range sum.Oddities {
		odd = append(odd, store.Oddity{StixID: o.StixID, ATTACKID: o.ATTACKID, What: o.What})
	}
	if sum.MoreOddities > 0 {
		odd = append(odd, store.Oddity{What: fmt.Sprintf("%d more oddities are not listed", sum.MoreOddities)})
	}
	return odd
}
