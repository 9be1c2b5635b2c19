// Package tear ends a process within a change that it makes to its files, so that a
// test can look at what is left.
//
// A process that is killed while it writes many pages leaves some of them new and the
// others old. Of those that are killed at a random moment one in thousands does; here
// each change in turn can be the one that is cut short, where the system lets a process
// be traced. The package refuses to know what the files are.
package tear

import (
	"errors"
	"strings"
)

// ErrUnable says that this system does not let one process trace another.
var ErrUnable = errors.New("processes cannot be traced here")

// Left is what became of a process.
type Left struct {
	// Change says what was cut short, for example "write 4096 bytes to alerts.db at
	// 8192". It is empty when the process ended by itself.
	Change string
	// Code is the exit code of a process that ended by itself.
	Code int
}

// Nth returns what cuts the nth change short, from 1 on, of those whose description has
// a word in it.
func Nth(n int, word string) func(change string) bool {
	return func(change string) bool {
		if strings.Contains(change, word) {
			n--
		}
		return n == 0
	}
}
