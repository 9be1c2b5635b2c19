package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"candor/internal/fault"
	"candor/internal/near"
)

// oneOf is a flag whose value is one of a few words.
type oneOf struct {
	value *string
	words []string
}

// String returns the value.
func (o *oneOf) String() string { return *o.value }

// Type returns what help texts call the value.
func (o *oneOf) Type() string { return "string" }

// Set takes a word, or says which one was meant.
func (o *oneOf) Set(word string) error {
	if !slices.Contains(o.words, word) {
		return fault.New(fault.Usage, "%q is none of %s", word, strings.Join(o.words, ", ")).Next("%s", near.Hint(word, o.words, ""))
	}
	*o.value = word
	return nil
}

// The exit codes of a command that a signal ended, as shells have them: 128 and the
// number of the signal.
const (
	exitInterrupted = 130
	exitTerminated  = 143
)

// ErrTerminated is the cause with which a context ends when the process is asked to
// end, and not interrupted from the keyboard.
var ErrTerminated = errors.New("terminated")

// stoppedBy returns the exit code of a command whose context has ended.
func stoppedBy(ctx context.Context) int {
	if errors.Is(context.Cause(ctx), ErrTerminated) {
		return exitTerminated
	}
	return exitInterrupted
}
