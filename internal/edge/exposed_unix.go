//go:build unix

package edge

import "io/fs"

// exposed reports whether everybody can read a file.
func exposed(info fs.FileInfo) bool { return info.Mode().Perm()&0o004 != 0 }
