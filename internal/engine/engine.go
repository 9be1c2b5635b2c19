// Package engine says which engine keeps the alerts of a data folder, and opens
// it when it is first asked.
//
// A folder has one engine for as long as it lives: the one whose file lies in it.
// The package refuses to guess between two files, and to begin a second store
// where this build cannot open the first. It knows no engine itself; whoever
// wires it hands in how each is opened.
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

// File is the name of what the engine's alerts lie in within a data folder.
func (n Name) File() string {
	if n == DuckDB {
		return "alerts.duckdb"
	}
	return Folder
}

// Folder is the name of the folder of batch files within a data folder.
const Folder = "alerts"

// older is the file in which earlier builds kept alerts.
const older = "alerts.db"

// Variable is the environment variable that chooses the engine of a new folder.
const Variable = "CANDOR_ALERTS"

// Built lists the engines of a build, the one for new folders first.
func Built(withDuckDB bool) []Name {
	if withDuckDB {
		return []Name{DuckDB, Scan}
	}
	return []Name{Scan}
}

// Choose returns the engine of the data folder dir: the one whose file is there,
// else the one that is wanted, else the first of those that are built. Faults:
// Conflict for a folder with the files of both, Unavailable for an engine that is
// not built and for alerts of an earlier build, Usage for a wish that names none.
func Choose(dir, wanted string, built []Name) (Name, error) {
	var found []Name
	for _, n := range []Name{DuckDB, Scan} {
		if _, err := os.Stat(filepath.Join(dir, n.File())); err == nil {
			found = append(found, n)
		}
	}
	_, old := os.Stat(filepath.Join(dir, older))
	switch {
	case old == nil:
		return "", fault.New(fault.Unavailable, "the alerts are in a file of an earlier candor, which this one does not read").At("%s", filepath.Join(dir, older)).
			Next("add the alerts anew to a new data folder (--data or CANDOR_DATA names it); what they were added from is listed by the earlier candor's evidence list")
	case len(found) == 2:
		return "", fault.New(fault.Conflict, "the data folder holds two alert stores, %s and %s, and only one can count", found[0].File(), found[1].File()).
			At("%s", dir).Next("move the one that does not belong there out of the folder")
	case len(found) == 1:
		return found[0], has(built, found[0], filepath.Join(dir, found[0].File()))
	case wanted == "":
		return built[0], nil
	case wanted == "sqlite":
		return "", fault.New(fault.Usage, "alerts are no longer kept in SQLite").At(Variable).Next("set it to %s, which every build has, or leave it out", Scan)
	case wanted != string(DuckDB) && wanted != string(Scan):
		return "", fault.New(fault.Usage, "%q is no engine for alerts", wanted).At(Variable).Next("set it to %s or %s, or leave it out", DuckDB, Scan)
	}
	return Name(wanted), has(built, Name(wanted), Variable)
}

// has refuses an engine that is not built.
func has(built []Name, n Name, where string) error {
	if slices.Contains(built, n) {
		return nil
	}
	next := "use a candor that was built with a C compiler (CGO_ENABLED=1) for linux, macOS or windows"
	if where == Variable {
		next += ", or set it to " + string(Scan)
	}
	return fault.New(fault.Unavailable, "the alerts are kept in DuckDB, which this build of candor does not have").At("%s", where).Next("%s", next)
}
