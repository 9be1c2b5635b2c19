// Command rulemap is a study: what came of tests that were really run, when the rules that
// fired are held against what their authors say that they detect.
//
// It reads a public map of executed Atomic Red Team tests to the rules that fired, and an
// archive of Sigma rules; it brings the tests in as exercises that ran and the rules as
// alerts, and judges both as candor does. See doc/study-rules.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "rulemap:", err)
		os.Exit(1)
	}
}

// run reads what the arguments name and prints what came of it.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("rulemap", flag.ContinueOnError)
	data := flags.String("data", "", "folder with exercises/attack-rule-map.json.gz, rules/sigma-rules.tar.gz and attack/")
	release := flags.String("release", "18.1", "the release of Enterprise to judge by")
	into := flags.String("out", "", "folder to write exercises.csv and alerts.jsonl to, for candor evidence add")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *data == "" {
		return fmt.Errorf("name the folder of the data with -data")
	}
	s, err := read(ctx, *data, *release)
	if err != nil {
		return err
	}
	if *into != "" {
		if err := s.write(*into); err != nil {
			return err
		}
		fmt.Fprintf(out, "wrote %s and %s\n\n", filepath.Join(*into, "exercises.csv"), filepath.Join(*into, "alerts.jsonl"))
	}
	s.byTag().print(out)
	s.judged().print(out)
	return nil
}
