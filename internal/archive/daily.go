package archive

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"time"

	"candor/internal/assure"
	"candor/internal/fault"
)

// dailyForm is the form of the names of what Daily keeps; nobody else may use it,
// because of those the oldest go.
var dailyForm = regexp.MustCompile(`^daily-[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

func dailyName(now time.Time) string { return "daily-" + now.UTC().Format(time.DateOnly) }

// Daily keeps one assessment of every UTC day by itself, and of those the newest.
// What people keep under names of their own stays.
type Daily struct {
	Archive Archive
	Now     func() time.Time
	// Most says how many daily assessments stay. With 0 none is kept any more, and
	// those that there are stay.
	Most func() (int, error)
	// Assess makes the assessment of a moment.
	Assess func(ctx context.Context, at time.Time) (assure.Assessment, error)
}

// Run keeps the assessment of the day now and whenever it is woken, until ctx ends.
// What goes wrong is told once, until something else does or nothing; that there is
// nothing to assess yet is not told.
func (d Daily) Run(ctx context.Context, wake <-chan time.Time, tell func(error)) {
	last := ""
	for {
		_, _, err := d.Once(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil || fault.KindOf(err) == fault.NotFound:
			last = ""
		case err.Error() != last:
			last = err.Error()
			tell(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		}
	}
}

// Once keeps the assessment of the day unless it is kept, and lets the oldest daily
// ones beyond the most go. It says whether it kept one.
func (d Daily) Once(ctx context.Context) (kept Kept, fresh bool, err error) {
	most, err := d.Most()
	if err != nil || most <= 0 {
		return Kept{}, false, err
	}
	now := d.Now()
	name := dailyName(now)
	switch kept, err = d.Archive.head(name); {
	case err == nil:
		return kept, false, nil
	case fault.KindOf(err) != fault.NotFound:
		return Kept{}, false, err
	}
	a, err := d.Assess(ctx, now)
	if err != nil {
		return Kept{}, false, err
	}
	if kept, fresh, err = d.Archive.keep(name, now, a); err != nil {
		return Kept{}, false, err
	}
	return kept, fresh, d.Archive.letGo(most)
}

// letGo removes the oldest daily assessments beyond the most.
func (a Archive) letGo(most int) error {
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return unwritable(a.dir, err)
	}
	var names []string
	for _, e := range entries {
		if name, ok := nameOf(e); ok && dailyForm.MatchString(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names) // by day
	for _, name := range names[:max(0, len(names)-most)] {
		if err := os.Remove(a.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return unwritable(a.path(name), err)
		}
	}
	return nil
}
