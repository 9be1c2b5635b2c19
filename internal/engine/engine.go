// Package engine says which engine answers for the alerts of a data folder, and opens
// it when it is first asked.
//
// The alerts lie in batch files, which every engine reads: a folder is bound to none. The
// package refuses folders in which earlier builds kept alerts otherwise. It knows no
// engine itself; whoever wires it hands in how each is opened.
package engine

import (
	"os"
	"path/filepath"
	"slices"

	"candor/internal/fault"
)

// Name names an engine.
type Name string

// The engines. Scan reads the batch files whenever it is asked, and is in every build.
const (
	DuckDB Name = "duckdb"
	Scan   Name = "scan"
)

// Folder is the name of the folder of batch files within a data folder, and Index that of
// the index of them that DuckDB keeps.
const (
	Folder = "alerts"
	Index  = "alerts.index"
)

// Variable is the environment variable that chooses the engine.
const Variable = "CANDOR_ALERTS"

// Built lists the engines of a build, the usual one first.
func Built(withDuckDB bool) []Name {
	if withDuckDB {
		return []Name{DuckDB, Scan}
	}
	return []Name{Scan}
}

// Choose returns the engine for the data folder dir: the one that is wanted, else the
// first of those that are built. Faults: Unavailable for an engine that is not built and
// for alerts of an earlier build, Usage for a wish that names none.
func Choose(dir, wanted string, built []Name) (Name, error) {
	for _, older := range []string{"alerts.db", "alerts.duckdb"} {
		if _, err := os.Stat(filepath.Join(dir, older)); err == nil {
			return "", fault.New(fault.Unavailable, "the alerts are in a file of an earlier candor, which this one does not read").At("%s", filepath.Join(dir, older)).
				Next("add the alerts anew to a new data folder (--data or CANDOR_DATA names it); what they were added from is listed by the earlier candor's evidence list")
		}
	}
	switch {
	case wanted == "":
		return built[0], nil
	case wanted == "sqlite":
		return "", fault.New(fault.Usage, "alerts are no longer kept in SQLite").At(Variable).Next("set it to %s, which every build has, or leave it out", Scan)
	case wanted != string(DuckDB) && wanted != string(Scan):
		return "", fault.New(fault.Usage, "%q is no engine for alerts", wanted).At(Variable).Next("set it to %s or %s, or leave it out", DuckDB, Scan)
	}
	return Name(wanted), has(built, Name(wanted))
}

// has refuses an engine that is not built.
func has(built []Name, n Name) error {
	if slices.Contains(built, n) {
		return nil
	}
	return fault.New(fault.Unavailable, "this build of candor does not have DuckDB").At(Variable).
		Next("set it to %s or leave it out, or use a candor that was built with a C compiler (CGO_ENABLED=1) for linux, macOS or windows", Scan)
}
