package correlate

// Words says for people what became of an observation of which something is amiss, after
// how many there are.
func (c Cause) Words() string {
	switch c {
	case Late:
		return "came later than is allowed, and were not read"
	case Outside:
		return "have a time out of bounds, and were not read"
	case Duplicate:
		return "were delivered twice, and count once"
	case Ungrouped:
		return "have no value for what a definition groups by"
	case NoValue:
		return "have no value that a definition counts"
	case Evicted:
		return "groups were given up to bound the memory: chains may be missing"
	}
	return "values were left out of a sum: more are in one window than are held"
}
