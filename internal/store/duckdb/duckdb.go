// Package duckdb keeps alerts in a DuckDB file, for histories of many millions.
// It is the only package that needs a C compiler; a build without one gets a
// package that compiles and an OpenAlerts that says so.
//
// It holds SQL and nothing else: it decodes no vendor's format and judges
// nothing. It keeps neither the library nor the evidence, which are small and
// are asked for by key. It loads no extension, and reads and writes no file but
// its own, its log and the folder of temporary files beside it.
//
// One process can have a DuckDB file open for writing, or any number for reading. Within the
// process readers never wait: they see the last batch that landed.
package duckdb
