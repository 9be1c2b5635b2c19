package attack

import "strings"

// Fold returns s as names are compared: in lower case, without white space at
// the ends and with single spaces inside. Names of log sources in ATT&CK itself
// differ in no more than that.
func Fold(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(s)), " ")
}
