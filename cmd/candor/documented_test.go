package main

import (
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// documented is a command of transcripts: it holds what README.md says that a command
// prints against what was printed last. A line "…" stands for any lines, and any day
// for any other. It is used as
//
//	documented candor gate AN1058 --for automation
//
// with the command as the README gives it or, for a block that gives none, with the
// words that the block's first line begins with.
func documented(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: documented COMMAND")
	}
	readme, err := os.ReadFile(ts.Getenv("REPO") + "/README.md")
	ts.Check(err)
	want := blockOf(plainLines(string(readme)), strings.Join(args, " "))
	if len(want) == 0 {
		ts.Fatalf("the README does not say what %q prints", strings.Join(args, " "))
	}
	got := plainLines(ts.ReadFile("stdout"))
	for _, part := range partsOf(want) {
		at := -1
		for i := range got {
			if len(got)-i >= len(part) && slices.Equal(got[i:i+len(part)], part) {
				at = i
				break
			}
		}
		if at < 0 {
			ts.Fatalf("the README says, and the command does not print:\n%s", strings.Join(part, "\n"))
		}
		got = got[at+len(part):]
	}
}

// plainLines splits text into lines without trailing blanks, days made equal.
func plainLines(text string) []string {
	days := regexp.MustCompile(`\b\d{4}-\d\d-\d\d\b`)
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(days.ReplaceAllString(l, "2000-01-01"), " ")
	}
	return lines
}

// blockOf returns what README lines say that a command prints: what follows it up to
// the next command or the end of the block.
func blockOf(lines []string, command string) []string {
	command = plainLines(command)[0]
	at := slices.Index(lines, "$ "+command) + 1
	if at == 0 {
		at = slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, command) })
	}
	if at < 0 {
		return nil
	}
	var block []string
	for _, l := range lines[at:] {
		if l == "```" || strings.HasPrefix(l, "$ ") {
			break
		}
		block = append(block, l)
	}
	return block
}

// partsOf splits a block where it leaves lines out, and drops blank lines at the ends.
func partsOf(block []string) [][]string {
	var parts [][]string
	var part []string
	end := func() {
		for len(part) > 0 && part[len(part)-1] == "" {
			part = part[:len(part)-1]
		}
		for len(part) > 0 && part[0] == "" {
			part = part[1:]
		}
		if len(part) > 0 {
			parts = append(parts, part)
		}
		part = nil
	}
	for _, l := range block {
		if strings.TrimSpace(l) == "…" {
			end()
			continue
		}
		part = append(part, l)
	}
	end()
	return parts
}
