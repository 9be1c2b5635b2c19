//go:build !unix

package main

// mask does nothing where files have no mode.
func mask() {}
