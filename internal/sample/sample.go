// Package sample holds what `candor demo` shows: a miniature library in the
// shape of ATT&CK, and a fictional organisation, Meridian Freight,
// whose evidence lands on every rung there is.
//
// Both are made from this package alone, without network and without a clock:
// the same seed and day give the same bytes. The miniature uses ATT&CK's
// identifiers, names, platforms and log sources as facts to point at; every
// sentence in it is written here, and it refuses to pass for MITRE's release.
package sample
