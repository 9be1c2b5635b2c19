//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

// Package duckdb is an index of batch files in a DuckDB file, for histories of many
// millions. It is the only package that needs a C compiler; a build without one gets a
// package that compiles and an Engine whose index says so.
//
// The words of the package are those of package history. An alert of which one arrival
// is known is a row of the table alert, which the engine makes from the batch file by
// itself. Where there are more, package history says what they come to: their places are
// in the table arrival, and what else they said is read from the files again.
//
// The file is attached to an empty database in memory and never opened as the main one,
// so that what it defines is found under its own name alone; it is refused if it defines
// more than Candor did. The engine loads no extension, and reads no file but the index,
// the batch files and its temporary ones.
//
// One process can have the file open for writing, or any number for reading. Within the
// process readers never wait: they see the last change that was committed.
package duckdb
