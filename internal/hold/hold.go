// Package hold lets one process at a time write to a data folder, and says which
// one that is.
//
// The hold is a lock of the operating system on a file in the folder, so it ends
// with the process however that ends; what the file says is for people only. The
// package refuses to break a hold.
package hold

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"candor/internal/fault"
)

// FileName is the name of the lock file within the data folder. The file stays
// when the hold ends, because to remove it would let two processes each lock a
// file of that name.
const FileName = "writer.lock"

// pause is how long to wait between two tries.
const pause = 20 * time.Millisecond

// errHeld says that another process has the lock.
var errHeld = errors.New("held by another process")

// Holder is what the lock file says about who holds a data folder.
type Holder struct {
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

// Hold is a held data folder. It is not safe for concurrent use.
type Hold struct {
	file *os.File
}

// Acquire takes the hold on the data folder dir for command, for example "candor
// attack import", at the time now. When another process has it, Acquire tries
// again for as long as wait and then returns fault.Conflict, which names that
// process; it returns ctx's error if ctx ends first. A folder that is not there
// is fault.NotFound, one that cannot be written fault.Unavailable.
func Acquire(ctx context.Context, dir, command string, now time.Time, wait time.Duration) (*Hold, error) {
	file, err := openFile(dir)
	if err != nil {
		return nil, err
	}
	if err := lockWithin(ctx, file, wait); err != nil {
		defer file.Close()
		return nil, explain(err, dir, file)
	}
	h := &Hold{file: file}
	if err := h.sign(Holder{PID: os.Getpid(), Command: command, Since: now.UTC()}); err != nil {
		h.Release()
		return nil, fault.New(fault.Unavailable, "data folder %s cannot be written", dir).Because(err).
			Next("check the space left and the permissions of the folder")
	}
	return h, nil
}

// openFile opens the lock file in dir, making it if need be.
func openFile(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, FileName), os.O_RDWR|os.O_CREATE, 0o644)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.NotFound, "there is no data folder %s", dir).Next("make the folder, or name another")
	case err != nil:
		return nil, fault.New(fault.Unavailable, "data folder %s cannot be written", dir).Because(err).
			Next("check the permissions of the folder and of %s in it", FileName)
	}
	return file, nil
}

// lockWithin locks file, trying again for as long as wait.
func lockWithin(ctx context.Context, file *os.File, wait time.Duration) error {
	err := lock(file)
	if !errors.Is(err, errHeld) || wait <= 0 {
		return err
	}
	ticker, timer := time.NewTicker(pause), time.NewTimer(wait)
	defer ticker.Stop()
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return lock(file)
		case <-ticker.C:
			if err := lock(file); !errors.Is(err, errHeld) {
				return err
			}
		}
	}
}

// explain turns a failure to lock file into what the user is told.
func explain(err error, dir string, file *os.File) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("wait for data folder %s: %w", dir, err)
	case !errors.Is(err, errHeld):
		return fault.New(fault.Unavailable, "data folder %s cannot be locked", dir).Because(err).
			Next("keep the data folder on a disk of this machine, where files can be locked")
	}
	holder, ok := read(file)
	if !ok {
		return fault.New(fault.Conflict, "data folder %s is being written by another process", dir).
			Next("wait until it is done and try again")
	}
	return fault.New(fault.Conflict, "data folder %s is being written by process %d (%s), since %s",
		dir, holder.PID, holder.Command, holder.Since.Format(time.RFC3339)).
		Next("wait until it is done, or end process %d, and try again", holder.PID)
}

// read returns what file says about its holder. It says nothing for the moment
// between a lock and its signature.
func read(file *os.File) (Holder, bool) {
	const enough = 1 << 16
	b, err := io.ReadAll(io.NewSectionReader(file, 0, enough))
	if err != nil {
		return Holder{}, false
	}
	var holder Holder
	if err := json.Unmarshal(b, &holder); err != nil {
		return Holder{}, false
	}
	return holder, true
}

// sign writes who holds the folder over what an earlier holder left.
func (h *Hold) sign(holder Holder) error {
	b, err := json.Marshal(holder)
	if err != nil {
		return err
	}
	if err := h.file.Truncate(0); err != nil {
		return err
	}
	_, err = h.file.WriteAt(append(b, '\n'), 0)
	return err
}

// Release empties the lock file and ends the hold. Once it has been called it
// does nothing.
func (h *Hold) Release() error {
	if h.file == nil {
		return nil
	}
	file := h.file
	h.file = nil
	// To close the file ends the lock, so it comes last.
	return errors.Join(file.Truncate(0), file.Close())
}
