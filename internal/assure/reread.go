package assure

import (
	"fmt"
	"slices"

	"candor/internal/claim"
	"candor/internal/evidence"
)

// whyReread says which of the claims that count rest on an id that the rule's
// author took from another release, and how it was read.
func (a *assessor) whyReread(s *subject) []evidence.Reason {
	var how []string
	var from []claim.Claim
	for _, c := range s.counting {
		if c.Reading == "" {
			continue
		}
		from = append(from, c)
		if !slices.Contains(how, c.Reading) {
			how = append(how, c.Reading)
		}
	}
	if len(from) == 0 {
		return nil
	}
	n := len(ruleIDs(from))
	text := fmt.Sprintf("Of the claiming rules %d name an id that is not in force: %s.", n, listedOf(how[:min(len(how), 3)], len(how)))
	if n == 1 {
		text = fmt.Sprintf("Rule %s names an id that is not in force: %s.", from[0].RuleName, how[0])
	}
	refs := claimRefs(from)
	for _, c := range from {
		refs = append(refs, evidence.Batches(c.Decision)...)
	}
	return []evidence.Reason{{Code: "claim_reread", Text: text, Refs: append(unique(refs), object(s.Analytic))}}
}
