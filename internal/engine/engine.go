// Package engine says which engine answers for the alerts of a data folder, and opens
// it when it is first asked.
//
// The alerts lie in batch files, which every engine reads: a folder is bound to none. The
// package refuses folders in which earlier builds kept alerts otherwise. It knows no
// engine itself; whoever wires it hands in how each is opened.
package engine

import (
	"io"
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

// few is how many bytes of batch files a command reads by itself sooner than it asks an
// index: those of about ten thousand alerts. From there on DuckDB takes less time to judge
// them, and below it takes up to three times as much; see doc/speed.md.
const few = 384 << 10

// Wish is what whoever opens a data folder asks of its engine.
type Wish struct {
	// Name names it; empty leaves the choice to Choose.
	Name string
	// Index says that the index is to be asked however few alerts there are: by whoever
	// adds to them, has the folder for long, or compares the index with the files.
	Index bool
}

// Choose returns the engine for the data folder dir: the one that is wanted, else the
// first of those that are built, or Scan where alerts are few. Faults: Unavailable for an
// engine that is not built and for alerts of an earlier build, Usage for a wish that names
// none.
func Choose(dir string, w Wish, built []Name) (Name, error) {
	wanted := w.Name
	for _, older := range []string{"alerts.db", "alerts.duckdb"} {
		if _, err := os.Stat(filepath.Join(dir, older)); err == nil {
			return "", fault.New(fault.Unavailable, "the alerts are in a file of an earlier candor, which this one does not read").At("%s", filepath.Join(dir, older)).
				Next("add the alerts anew to a new data folder (--data or CANDOR_DATA names it); what they were added from is listed by the earlier candor's evidence list")
		}
	}
	switch {
	case wanted == "" && !w.Index && areFew(filepath.Join(dir, Folder)):
		return Scan, nil
	case wanted == "":
		return built[0], nil
	case wanted == "sqlite":
		return "", fault.New(fault.Usage, "alerts are no longer kept in SQLite").At(Variable).Next("set it to %s, which every build has, or leave it out", Scan)
	case wanted != string(DuckDB) && wanted != string(Scan):
		return "", fault.New(fault.Usage, "%q is no engine for alerts", wanted).At(Variable).Next("set it to %s or %s, or leave it out", DuckDB, Scan)
	}
	return Name(wanted), has(built, Name(wanted))
}

// areFew tells whether the files of a folder are few and small. It looks at no more of them
// than it needs to, and what cannot be read is for the engine to tell.
func areFew(dir string) bool {
	const most = 64
	f, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer f.Close()
	list, err := f.ReadDir(most)
	if err != nil && err != io.EOF || len(list) == most {
		return false
	}
	size := int64(0)
	for _, e := range list {
		info, err := e.Info()
		if err != nil {
			return false
		}
		size += info.Size()
	}
	return size < few
}

// has refuses an engine that is not built.
func has(built []Name, n Name) error {
	if slices.Contains(built, n) {
		return nil
	}
	return fault.New(fault.Unavailable, "this build of candor does not have DuckDB").At(Variable).
		Next("set it to %s or leave it out, or use a candor that was built with a C compiler (CGO_ENABLED=1) for linux, macOS or windows", Scan)
}
