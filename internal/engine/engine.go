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
	"strings"

	"candor/internal/fault"
)

// Name names an engine.
type Name string

// The engines.
const (
	DuckDB Name = "duckdb"
	SQLite Name = "sqlite"
)

// File is the name of the engine's file within a data folder.
func (n Name) File() string {
	if n == DuckDB {
		return "alerts.duckdb"
	}
	return "alerts.db"
}

// Variable is the environment variable that chooses the engine of a new folder.
const Variable = "CANDOR_ALERTS"

// Built lists the engines of a build, the one for new folders first.
func Built(withDuckDB bool) []Name {
	if withDuckDB {
		return []Name{DuckDB, SQLite}
	}
	return []Name{SQLite}
}

// Choose returns the engine of the data folder dir: the one whose file is there,
// else the one that is wanted, else the first of those that are built. Faults:
// Conflict for a folder with the files of both, Unavailable for an engine that is
// not built, Usage for a wish that names none.
func Choose(dir, wanted string, built []Name) (Name, error) {
	var found []Name
	for _, n := range []Name{DuckDB, SQLite} {
		if _, err := os.Stat(filepath.Join(dir, n.File())); err == nil {
			found = append(found, n)
		}
	}
	switch {
	case len(found) == 2:
		return "", fault.New(fault.Conflict, "the data folder holds two alert stores, %s and %s, and only one can count", found[0].File(), found[1].File()).
			At("%s", dir).Next("move the one that does not belong there out of the folder")
	case len(found) == 1:
		return found[0], has(built, found[0], filepath.Join(dir, found[0].File()))
	case wanted == "":
		return built[0], nil
	case wanted != string(DuckDB) && wanted != string(SQLite):
		return "", fault.New(fault.Usage, "%q is no engine for alerts", wanted).At(Variable).Next("set it to %s or %s, or leave it out", DuckDB, SQLite)
	}
	return Name(wanted), has(built, Name(wanted), Variable)
}

// has refuses an engine that is not built.
func has(built []Name, n Name, where string) error {
	for _, b := range built {
		if b == n {
			return nil
		}
	}
	next := "use a candor that was built with a C compiler (CGO_ENABLED=1) for linux, macOS or windows"
	if where == Variable {
		next += ", or set it to " + string(SQLite)
	}
	return fault.New(fault.Unavailable, "the alerts are kept in %s, which this build of candor does not have", title(n)).At("%s", where).Next("%s", next)
}

func title(n Name) string {
	if n == DuckDB {
		return "DuckDB"
	}
	return strings.ToUpper(string(n[:3])) + string(n[3:])
}
