// Package sensor reads what sensors are configured to record: Sysmon's configuration,
// Windows' audit policy and event channels, the rules of Linux audit, and osquery's
// packs.
//
// A configuration says what would be recorded where it is in force, not that anything
// arrives: what comes of it are declarations, as if somebody had written them. What a
// file leaves to the product's defaults is not declared.
package sensor

import (
	"fmt"
	"strings"

	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/telemetry"
)

// The names of the formats.
const (
	Sysmon   = "sysmon"
	Auditpol = "auditpol"
	Auditd   = "auditd"
	Osquery  = "osquery"
	Channels = "windows-channels"
)

// Declared is what a configuration declares.
type Declared = evidence.Decoded[telemetry.Source]

// reading is one file that is read.
type reading struct {
	file string
	out  Declared
}

func (r *reading) warn(line int, format string, args ...any) {
	at := r.file
	if line > 0 {
		at = fmt.Sprintf("%s:%d", r.file, line)
	}
	r.out.Warnings = append(r.out.Warnings, at+": "+fmt.Sprintf(format, args...))
}

func (r *reading) reject(line int, field, value, reason string) {
	r.out.Rejects = append(r.out.Rejects, evidence.Reject{File: r.file, Line: line, Field: field, Value: value, Reason: reason})
}

// result is what was read; fault.Invalid when the file declares nothing, and nothing
// of it was rejected.
func (r *reading) result(nothing string) (Declared, error) {
	if len(r.out.Records)+len(r.out.Rejects) > 0 {
		return r.out, nil
	}
	why := nothing
	if n := len(r.out.Warnings); n > 0 {
		why += "; " + strings.TrimPrefix(r.out.Warnings[n-1], r.file+": ")
	}
	return Declared{}, decode.Invalid(r.file, 0, "%s", why).Next("check that this is the configuration that is in force; nothing was added")
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// some lists the first entries, and says how many more there are.
func some(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// words are words in the order in which they were met, each once.
type words struct {
	list []string
	has  map[string]bool
}

func (w *words) add(word string) {
	if word == "" || w.has[word] {
		return
	}
	if w.has == nil {
		w.has = map[string]bool{}
	}
	w.has[word] = true
	w.list = append(w.list, word)
}
