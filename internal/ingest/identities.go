package ingest

import (
	"fmt"

	"candor/internal/alert"
	"candor/internal/store"
)

// identities says which alerts of a batch that landed have an id that others have, too, and
// which took the place of what was known of one under another rule.
func (b *batch) identities(landed *store.Batch) {
	if n := landed.Shared; n > 0 {
		b.warnings = append(b.warnings, fmt.Sprintf("%s an id that an alert of another source or site has, the first %s: each is an alert of its own; "+
			"where this is another export of the same alerts, withdraw one of the two batches and name the same source and site",
			alertsHave(n), alertName(landed.FirstShared)))
	}
	if n := landed.Moved; n > 0 {
		b.warnings = append(b.warnings, fmt.Sprintf("%s the rule of an alert that is known by a source or a site which they leave out, or the other way round, the first %s: "+
			"they are taken for one alert each; where they are two, say the source and the site of both",
			alertsChanged(n), alertName(landed.FirstMoved)))
	}
}

func alertsHave(n int64) string {
	if n == 1 {
		return "1 alert has"
	}
	return fmt.Sprintf("%d alerts have", n)
}

func alertsChanged(n int64) string {
	if n == 1 {
		return "1 alert changed"
	}
	return fmt.Sprintf("%d alerts changed", n)
}

// alertName is how people are told of an alert.
func alertName(i alert.Identity) string { return fmt.Sprintf("%q", i.String()) }
