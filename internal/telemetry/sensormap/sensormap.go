// Package sensormap reads published statements of what a sensor can record, in ATT&CK's
// words: the sensor mappings of the Center for Threat-Informed Defense, and the EDR
// Telemetry project's table of products.
//
// Such a statement is of the product, not of the organisation: that the sensor is
// there, and configured so, is what whoever adds it says. What a statement calls
// partial, or has to be switched on first, is said or passed over.
package sensormap

import (
	"fmt"
	"strings"

	"candor/internal/evidence"
	"candor/internal/telemetry"
)

// The names of the formats.
const (
	CTID = "ctid-sensors"
	EDR  = "edr-telemetry"
)

// Declared is what a statement declares.
type Declared = evidence.Decoded[telemetry.Source]

// some lists the first entries, and says how many more there are.
func some(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
