package archive

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"time"
)

// settles is after how long a folder that was changed has a time of its own: systems
// mark changes with a clock that goes on in steps, the coarsest of two seconds.
const settles = 3 * time.Second

// errFresh says that the folder may be changed again without another time.
var errFresh = errors.New("the kept assessments were changed just now")

// Generation names the state of the archive: it is another name once an assessment was
// kept or removed, by whichever process. Shortly after a change it fails, because
// another one could not be told from that yet.
func (a Archive) Generation(context.Context) (string, error) {
	info, err := os.Stat(a.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "none", nil
	case err != nil:
		return "", err
	}
	at := info.ModTime()
	if age := time.Since(at); age.Abs() < settles {
		return "", errFresh
	}
	return strconv.FormatInt(at.UnixNano(), 10), nil
}
