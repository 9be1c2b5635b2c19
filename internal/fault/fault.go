// Package fault holds the kinds of error that Candor tells people about, with
// the exit code and the HTTP status that each kind stands for.
//
// It holds no messages of its own and refuses to log: an Error says what was
// wrong, where, and what to do next, and a face decides how to show it.
package fault

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Kind says what class of failure an error is. Machines branch on it; people
// read the message.
type Kind string

// The kinds of failure.
const (
	Internal    Kind = "internal"    // a fault of Candor or of the machine
	NotFound    Kind = "not_found"   // what was asked for is not in the store
	Invalid     Kind = "invalid"     // input that does not say what it should
	Conflict    Kind = "conflict"    // contradicts what is stored or who holds it
	Refused     Kind = "refused"     // policy says no
	Unavailable Kind = "unavailable" // something needed could not be reached
	Usage       Kind = "usage"       // the command line or request is wrong
)

// Error is a failure with its place and the user's next step.
type Error struct {
	Kind Kind
	// Where is the place of the fault: a file, a line, a field, an offset. It
	// may be empty.
	Where string
	// What says what was wrong, in a sentence without a full stop.
	What string
	// Hint is the next step for the user. It may be empty.
	Hint string
	// Err is the cause, if any. It is not repeated in What.
	Err error
	// Told says that what was printed as the answer says it all: nothing more is
	// printed, and the exit code is that of Kind.
	Told bool
}

// New returns an error of kind k that says what, formatted as by fmt.Sprintf.
func New(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, What: fmt.Sprintf(format, args...)}
}

// At sets the place of the fault and returns e.
func (e *Error) At(format string, args ...any) *Error {
	e.Where = fmt.Sprintf(format, args...)
	return e
}

// Next sets the user's next step and returns e.
func (e *Error) Next(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// Because sets the cause and returns e.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

// Answered says that the answer that was printed has everything, and returns e.
func (e *Error) Answered() *Error {
	e.Told = true
	return e
}

// Error returns place, message and cause on one line, without the hint.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Where != "" {
		b.WriteString(e.Where)
		b.WriteString(": ")
	}
	b.WriteString(e.What)
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first Error in err's chain, Internal for any
// other error, and the empty kind for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// HintOf returns the first hint in err's chain, or the empty string.
func HintOf(err error) string {
	var e *Error
	for errors.As(err, &e) {
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}

// ExitCode returns the process exit code for err: 0 done, 1 failed, 2 wrong
// usage, 3 refused by policy.
func ExitCode(err error) int {
	switch KindOf(err) {
	case "":
		return 0
	case Usage:
		return 2
	case Refused:
		return 3
	default:
		return 1
	}
}

// HTTPStatus returns the HTTP status for err.
func HTTPStatus(err error) int {
	switch KindOf(err) {
	case "":
		return http.StatusOK
	case NotFound:
		return http.StatusNotFound
	case Invalid, Usage:
		return http.StatusBadRequest
	case Conflict:
		return http.StatusConflict
	case Refused:
		return http.StatusForbidden
	case Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
