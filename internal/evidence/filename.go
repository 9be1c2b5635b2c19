package evidence

import "strings"

// FileName returns what is told of a path to those who reach a server: its last
// element, because the folders of a machine are its owner's business, and the hash
// tells the file. An address is told whole.
func FileName(path string) string {
	if strings.Contains(path, "://") {
		return path
	}
	path = strings.TrimRight(path, `/\`)
	return path[strings.LastIndexAny(path, `/\`)+1:]
}
