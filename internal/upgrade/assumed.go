package upgrade

import (
	"maps"
	"slices"
	"strings"

	"candor/internal/attack"
)

// Assumed is a release that is not at hand, as far as a mapping tells it: the older one with
// what the mapping says went revoked by what it says it became. It has no analytic that the
// older one has not, so that no verdict can be judged by it.
func Assumed(old *attack.Library, version string, mapping []attack.Rename) *attack.Library {
	rel := attack.Release{Domain: old.Release.Domain, Version: version, STIX: old.Release.STIX}
	gone, come := map[string]bool{}, map[string]bool{}
	for _, r := range mapping {
		if r.Domain == "" || r.Domain == rel.Domain {
			gone[r.Old] = true
			if len(old.ByATTACKID(r.New)) == 0 {
				come[r.New] = true
			}
		}
	}
	var objects []*attack.Object
	for _, o := range old.Objects() {
		if gone[o.ATTACKID] && !o.Revoked && (o.Kind.Technique() || o.Kind == attack.KindAnalytic) {
			was := *o
			was.Revoked = true
			o = &was
		}
		objects = append(objects, o)
	}
	for _, id := range slices.Sorted(maps.Keys(come)) {
		kind := attack.KindTechnique
		if strings.HasPrefix(id, "AN") {
			kind = attack.KindAnalytic
		}
		objects = append(objects, &attack.Object{ID: "assumed--" + id, Kind: kind, ATTACKID: id})
	}
	return attack.NewLibrary(rel, objects).WithRenames(nil)
}
