package decode

import (
	"bytes"
	"io"

	"candor/internal/evidence"
)

// OrderHelp is what to do about a text whose dates do not tell their order.
const OrderHelp = "say which comes first (--dates day-first, or --dates month-first)"

// Dated reads a text, and once more where it has dates whose order of day and month the
// first reading told: all of them are of one. The order is said by a text that is a Text.
// It fails as read does, and with fault.Invalid where the dates do not tell their order, or
// tell two; file names the input in messages.
func Dated[T any](file string, text io.Reader, read func(io.Reader, *Dates) (evidence.Decoded[T], error)) (evidence.Decoded[T], error) {
	data, err := io.ReadAll(text)
	if err != nil {
		return evidence.Decoded[T]{}, err
	}
	order := Untold
	if t, ok := text.(Text); ok {
		order = t.Order
	}
	for dates := NewDates(order); ; {
		out, err := read(bytes.NewReader(data), dates)
		if err != nil || dates.Told() || !dates.Met() {
			return out, err
		}
		if dates, err = dates.Tell(file, OrderHelp); err != nil {
			return evidence.Decoded[T]{}, err
		}
	}
}
