//go:build !unix

package relay

import "os"

// own trusts every file where the system tells no owner.
func own(os.FileInfo) bool { return true }
