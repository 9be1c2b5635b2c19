// Package ingest brings files and requests in: named steps from bytes to a
// committed batch, the same for every kind of input.
//
//	open      find the files, and read or unpack them
//	detect    tell the format from content and name
//	decode    bytes to nouns, through the decoders
//	validate  count and keep what was refused; refuse input with nothing in it
//	append    land everything in one transaction, or nothing
//	record    the batch, with input, hash and counts, for whoever asks later
//
// It refuses input that changes while it is read, and it never repairs: a wrong
// record is kept apart with its place and the reason.
package ingest
