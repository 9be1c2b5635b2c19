package attack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"candor/internal/day"
)

// publishedOn are the days on which MITRE published its releases, all domains on the same, as
// far as they are known, oldest first. A release whose bundle says when it was made is of that
// day.
var publishedOn = [...]struct {
	version string
	on      day.Date
}{
	{"8.2", "2021-01-27"}, {"9.0", "2021-04-29"}, {"10.0", "2021-10-21"}, {"10.1", "2021-11-10"}, {"11.0", "2022-04-25"}, {"11.1", "2022-05-11"}, {"11.2", "2022-05-24"}, {"11.3", "2022-07-07"},
	{"12.0", "2022-10-25"}, {"12.1", "2022-11-08"}, {"13.0", "2023-04-25"}, {"13.1", "2023-05-09"}, {"14.0", "2023-10-31"}, {"14.1", "2023-11-14"}, {"15.0", "2024-04-23"}, {"15.1", "2024-05-02"},
	{"16.0", "2024-10-31"}, {"16.1", "2024-11-12"}, {"17.0", "2025-04-22"}, {"17.1", "2025-05-06"}, {"18.0", "2025-10-28"}, {"18.1", "2025-11-13"}, {"19.0", "2026-04-28"}, {"19.1", "2026-05-12"}, {"19.2", "2026-08-05"},
}

// PublishedOn returns the day on which a release was published, and whether it is known.
func (r Release) PublishedOn() (day.Date, bool) {
	for _, p := range publishedOn {
		if !r.IsOwn() && CompareVersions(p.version, r.Version) == 0 {
			return p.on, true
		}
	}
	at, _, _ := strings.Cut(r.Published, "T")
	d, err := day.Parse(at)
	return d, err == nil
}

// InForceOn returns the newest of a domain's releases that was published by a day, and says in
// words which that is and which other was in force that day as far as is known. It returns
// false where none of them is known to have been.
func InForceOn(all []Release, domain string, on day.Date) (r Release, why string, ok bool) {
	var there []Release
	for _, a := range all {
		if d, known := a.PublishedOn(); a.Domain == domain && known && d <= on {
			there = append(there, a)
		}
	}
	if len(there) == 0 {
		return Release{}, "", false
	}
	slices.SortFunc(there, func(a, b Release) int {
		x, _ := a.PublishedOn()
		y, _ := b.PublishedOn()
		return cmp.Or(cmp.Compare(y, x), CompareVersions(b.Version, a.Version), CompareVersions(b.STIX, a.STIX))
	})
	r = there[0]
	of, _ := r.PublishedOn()
	why = fmt.Sprintf("%s of %s, in force on %s", r, of, on)
	for _, p := range slices.Backward(publishedOn[:]) {
		if p.on <= on && p.on > of && !r.IsOwn() {
			return r, fmt.Sprintf("%s of %s, the latest of those that are imported; %s of %s was in force on %s and is not", r, of, p.version, p.on, on), true
		}
	}
	return r, why, true
}
