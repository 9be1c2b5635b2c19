package crew

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"candor/internal/fault"
)

// squares works on numbers up to n, and returns what came of them until more than most
// did.
func squares(n, most int, fail error, work func(*int)) (got []int, err error) {
	err = InOrder(func(yield func(*int) bool) error {
		for i := range n {
			if !yield(&i) {
				return errors.New("told after nobody asked for more")
			}
		}
		return fail
	}, func() func(*int) { return work }, func(i *int) bool {
		got = append(got, *i)
		return len(got) < most
	})
	return got, err
}

func TestWorkIsHandedOutInItsOrder(t *testing.T) {
	broken := errors.New("broken")
	got, err := squares(1000, 2000, broken, func(i *int) { *i *= *i })
	if err != broken || len(got) != 1000 || !slices.IsSorted(got) || got[999] != 999*999 {
		t.Errorf("%d squares, %v", len(got), err)
	}
	if got, err := squares(1_000_000, 10, nil, func(*int) {}); err != nil || len(got) != 10 {
		t.Errorf("asked for ten: %v, %v", got, err)
	}
}

func TestAPanicOfWorkIsToldInItsPlace(t *testing.T) {
	got, err := squares(100, 200, nil, func(i *int) {
		if *i == 7 {
			panic("seven")
		}
	})
	var f *fault.Error
	if len(got) != 7 || !errors.As(err, &f) || !strings.Contains(errors.Unwrap(err).Error(), "seven") {
		t.Errorf("%v, %v", got, err)
	}
}
