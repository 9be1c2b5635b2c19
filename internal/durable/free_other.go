//go:build !(darwin || linux)

package durable

// Free is not known.
func Free(string) (int64, bool) { return 0, false }
