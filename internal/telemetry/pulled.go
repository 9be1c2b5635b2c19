package telemetry

import "strings"

// pulledFrom begins the names of the feeds that are sources which are asked for evidence.
const pulledFrom = "pull:"

// PulledFrom is what a source that is asked for evidence is called among the feeds: that
// it answers is measured as the arrival of a log source is.
func PulledFrom(name string) string { return pulledFrom + name }

// IsPulled returns the name of the source that is asked for evidence of which a feed says
// whether it answers, and whether the feed is one of those.
func IsPulled(feed string) (name string, ok bool) { return strings.CutPrefix(feed, pulledFrom) }
