package archive

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"time"
)

// distinctAfter is after how long a folder that was changed has a time of its own: systems
// mark changes with a clock that goes on in steps, the coarsest of two seconds.
const distinctAfter = 3 * time.Second

// Generation names the state of the archive: it is another name once an assessment was
// kept or removed, by whichever process. Shortly after a change, when another one may
// have the same time, the name has those of all files, none of which is ever replaced.
func (a Archive) Generation(context.Context) (string, error) {
	info, err := os.Stat(a.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "none", nil
	case err != nil:
		return "", err
	}
	name := strconv.FormatInt(info.ModTime().UnixNano(), 10)
	if time.Since(info.ModTime()).Abs() >= distinctAfter {
		return name, nil
	}
	files, err := os.ReadDir(a.dir)
	for _, f := range files {
		name += "/" + f.Name()
	}
	return name, err
}
