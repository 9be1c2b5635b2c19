package assure

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/evidence"
	"candor/internal/figure"
)

// policy returns references to policy keys, as a policy file spells them.
func policy(keys ...string) []evidence.Ref {
	refs := make([]evidence.Ref, len(keys))
	for i, k := range keys {
		refs[i] = evidence.Ref{Kind: "policy", ID: k}
	}
	return refs
}

// object returns a reference to an ATT&CK object.
func object(n Name) evidence.Ref {
	return evidence.Ref{Kind: "object", ID: n.StixID, Detail: n.ATTACKID}
}

// listed joins names for people and says how many more there are than most.
func listed(names []string, most int) string {
	return listedOf(names[:min(len(names), most)], len(names))
}

// listedOf joins names that are the first of so many.
func listedOf(names []string, all int) string {
	if more := all - len(names); more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), more)
	}
	return strings.Join(names, ", ")
}

// count writes a number with its noun, in the plural where it is not one.
func count(n int64, noun string) string {
	return figure.Of(n, noun, noun+"s")
}

// unique returns refs without repetitions, in the order of first mention.
func unique(refs []evidence.Ref) []evidence.Ref {
	var once []evidence.Ref
	for _, r := range refs {
		if !slices.Contains(once, r) {
			once = append(once, r)
		}
	}
	return once
}
