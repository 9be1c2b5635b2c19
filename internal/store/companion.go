package store

import "strings"

// CaseAlerts is the format of a batch that ties alerts to cases.
const CaseAlerts = "case-alerts"

// Companion returns the id of the batch in the store of alerts that ties the
// alerts which a batch of cases lists to their cases. Further ones, of alerts that
// came later, have a number behind it.
func Companion(batch string) string { return batch + "-alerts" }

// Accompanies reports whether b ties alerts to the cases of a batch.
func (b *Batch) Accompanies(batch string) bool {
	rest, ok := strings.CutPrefix(b.ID, Companion(batch))
	return ok && (rest == "" || rest[0] == '-')
}
