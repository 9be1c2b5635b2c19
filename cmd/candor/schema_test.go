package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"candor/internal/cli"
)

// otherwise is the exit code of a command whose JSON is not what its schema says.
const otherwise = 70

// described is main for tests: whatever a command prints with --json must be what its
// schema says, with nothing besides.
func described() {
	env := cli.System()
	command := commandOf(env.Args)
	if !slices.Contains(env.Args, "--json") || command == "" {
		main()
	}
	var out, errs bytes.Buffer
	env.Out, env.Err = io.MultiWriter(env.Out, &out), io.MultiWriter(env.Err, &errs)
	code := run(env)
	if err := errors.Join(fits(command, &out), fitsFailure(&errs)); err != nil {
		fmt.Fprintf(os.Stderr, "candor %s: the schema says otherwise: %v\n", strings.Join(env.Args, " "), err)
		code = otherwise
	}
	os.Exit(code)
}

// commandOf returns the command of a command line that has a schema: the longest whose
// words are there, one after the other.
func commandOf(args []string) (command string) {
	line := " " + strings.Join(args, " ") + " "
	for _, c := range cli.Schemas() {
		if strings.Contains(line, " "+c+" ") && len(c) > len(command) {
			command = c
		}
	}
	return command
}

// fits checks every value that a command printed.
func fits(command string, out io.Reader) error {
	schema, err := compiled(command)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(out)
	dec.UseNumber()
	for {
		var v any
		if err := dec.Decode(&v); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("no JSON: %w", err)
		}
		if list, ok := v.(map[string]any); ok && command == "schema" && list["$schema"] != nil {
			continue // a schema itself, which has one elsewhere
		}
		if err := schema.Validate(v); err != nil {
			return err
		}
	}
}

// fitsFailure checks the errors among what was printed for people.
func fitsFailure(errs *bytes.Buffer) error {
	for line := range strings.Lines(errs.String()) {
		if strings.HasPrefix(line, `{"error":`) {
			if err := fits("error", strings.NewReader(line)); err != nil {
				return err
			}
		}
	}
	return nil
}

func compiled(command string) (*jsonschema.Schema, error) {
	b, err := cli.Schema(command, true)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("urn:"+command, doc); err != nil {
		return nil, err
	}
	return c.Compile("urn:" + command)
}

func TestEverySchemaIsOneOfTheDraft(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	for _, command := range cli.Schemas() {
		for _, closed := range []bool{true, false} {
			b, err := cli.Schema(command, closed)
			if err != nil {
				t.Fatal(err)
			}
			if open := !strings.Contains(string(b), `"additionalProperties": false`); open == closed && strings.Contains(string(b), `"properties"`) {
				t.Errorf("%s: closed is %v", command, closed)
			}
			var head struct {
				Schema string `json:"$schema"`
				ID     string `json:"$id"`
			}
			if err := json.Unmarshal(b, &head); err != nil || head.Schema != "https://json-schema.org/draft/2020-12/schema" || closed && ids[head.ID] {
				t.Errorf("%s: %+v %v", command, head, err)
			}
			ids[head.ID] = true
		}
		if _, err := compiled(command); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// TestSchemasTellWhatIsWrong has values that are almost an answer.
func TestSchemasTellWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ command, value string }{
		{"version", `{}`}, {"version", `[]`}, {"attack stats", `{"tactics": "14"}`},
		{"error", `{"error": {"kind": "usage"}}`}, {"error", `{"error": {"kind": "usage", "message": "no", "code": 2}}`},
		{"ledger list", `null`}, {"evidence list", `{"total": 0}`},
	} {
		if err := fits(c.command, strings.NewReader(c.value)); err == nil {
			t.Errorf("%s: %s is taken", c.command, c.value)
		}
	}
	if err := fits("error", strings.NewReader(`{"error": {"kind": "usage", "message": "no"}}`)); err != nil {
		t.Error(err)
	}
}
