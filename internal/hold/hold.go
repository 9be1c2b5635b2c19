// Package hold lets one process at a time write to a data folder, and says which
// one that is.
//
// The hold is a lock of the operating system on a file in the folder, so it ends
// with the process however that ends; what the file says is for people only. The
// package refuses to break a hold.
package hold

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"candor/internal/fault"
	"candor/internal/flock"
)

// FileName is the name of the lock file within the data folder. The file stays
// when the hold ends, because to remove it would let two processes each lock a
// file of that name.
const FileName = "writer.lock"

// Holder is what the lock file says about who holds a data folder.
type Holder struct {
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
	// Socket is where a server takes the commands of other processes, Address that
	// of its pages and Version that of its binary; all are empty unless one runs.
	Socket  string `json:"socket,omitempty"`
	Address string `json:"address,omitempty"`
	Version string `json:"version,omitempty"`
}

// Asking is a hold that is asked for: on the data folder Dir for Command, for
// example "candor attack import", at the time Now.
type Asking struct {
	Dir, Command string
	Now          time.Time
	Patience
}

func (a Asking) holder() Holder {
	return Holder{PID: os.Getpid(), Command: a.Command, Since: a.Now.UTC()}
}

// Hold is a held data folder. It is not safe for concurrent use.
type Hold struct {
	file   *os.File
	holder Holder
}

// Acquire takes the hold that is asked for. When another process has it, Acquire
// waits with the patience that is asked for and then returns fault.Conflict, which
// names that process; it returns ctx's error if ctx ends first. A folder that is
// not there is fault.NotFound, one that cannot be written fault.Unavailable.
func Acquire(ctx context.Context, a Asking) (*Hold, error) {
	file, err := openFile(a.Dir)
	if err != nil {
		return nil, err
	}
	if err := Await(ctx, a.Dir, a.Patience, func() error { return flock.Try(file) }); err != nil {
		defer file.Close()
		return nil, explain(err, a.Dir, file)
	}
	h := &Hold{file: file, holder: a.holder()}
	if err := h.sign(); err != nil {
		h.Release()
		return nil, unwritable(a.Dir, err)
	}
	return h, nil
}

func unwritable(dir string, err error) error {
	return fault.New(fault.Unavailable, "data folder %s cannot be written", dir).Because(err).
		Next("check the space left and the permissions of the folder")
}

// Announce says in the lock file where a server, of a version, takes the commands
// of other processes, and the address of its pages.
func (h *Hold) Announce(socket, address, version string) error {
	h.holder.Socket, h.holder.Address, h.holder.Version = socket, address, version
	return h.sign()
}

// Unwritable reports whether an error came of a folder that cannot be written: one that
// may not be, or one on a medium that takes no writes, or on a full disk.
func Unwritable(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ENOSPC)
}

// openFile opens the lock file in dir, making it if need be.
func openFile(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, FileName), os.O_RDWR|os.O_CREATE, 0o600)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.NotFound, "there is no data folder %s", dir).Next("make the folder, or name another")
	case err != nil:
		return nil, fault.New(fault.Unavailable, "data folder %s cannot be written", dir).Because(err).
			Next("%s", cmp.Or(fault.Rights(err, "the folder and on "+FileName+" in it"), "check that there is room on the disk and that "+FileName+" is a file"))
	}
	return file, nil
}

// explain turns a failure to lock file into what the user is told.
func explain(err error, dir string, file *os.File) error {
	var met *meeting
	switch {
	case errors.As(err, &met):
		return met.error
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("wait for data folder %s: %w", dir, err)
	case !errors.Is(err, ErrHeld):
		return fault.New(fault.Unavailable, "data folder %s cannot be locked", dir).Because(err).
			Next("keep the data folder on a disk of this machine, where files can be locked")
	}
	holder, ok := decode(file)
	if !ok {
		return fault.New(fault.Conflict, "data folder %s is being written by another process", dir).
			Next("wait until it is done and try again")
	}
	return holder.conflict(dir)
}

// conflict says that the holder writes to a folder.
func (h Holder) conflict(dir string) error {
	return fault.New(fault.Conflict, "data folder %s is being written by process %d (%s), since %s",
		dir, h.PID, h.Command, h.Since.Format(time.RFC3339)).
		Next("wait until it is done, or end process %d, and try again", h.PID)
}

// Waited says, for people, that the holder is waited for.
func (h Holder) Waited(dir string) string {
	if h.PID == 0 {
		return fmt.Sprintf("waiting for another process that has data folder %s open", dir)
	}
	return fmt.Sprintf("waiting for process %d (%s), which writes to data folder %s since %s", h.PID, h.Command, dir, h.Since.Format(time.RFC3339))
}

// Read returns what the lock file of the data folder dir says about its holder:
// whoever has it, or had it when it was killed. It says nothing of a folder that
// none holds, and for the moment between a lock and its signature.
func Read(dir string) (Holder, bool) {
	file, err := os.Open(filepath.Join(dir, FileName))
	if err != nil {
		return Holder{}, false
	}
	defer file.Close()
	return decode(file)
}

// decode reads a lock file.
func decode(file *os.File) (Holder, bool) {
	const enough = 1 << 16
	b, err := io.ReadAll(io.NewSectionReader(file, 0, enough))
	if err != nil {
		return Holder{}, false
	}
	// Behind the first line there may be the end of a longer one, for a moment.
	line, _, _ := bytes.Cut(b, []byte("\n"))
	var holder Holder
	if err := json.Unmarshal(line, &holder); err != nil {
		return Holder{}, false
	}
	return holder, true
}

// sign writes who holds the folder over what the file said. The file is never empty
// meanwhile.
func (h *Hold) sign() error {
	b, err := json.Marshal(h.holder)
	if err != nil {
		return err
	}
	b = append(b, '\n')
	if _, err := h.file.WriteAt(b, 0); err != nil {
		return err
	}
	return h.file.Truncate(int64(len(b)))
}

// Held reports whether a process holds the data folder dir now, which the operating
// system's lock says alone: what the lock file says may be of the folder that this one
// is a copy of.
func Held(dir string) bool {
	file, err := os.Open(filepath.Join(dir, FileName))
	if err != nil {
		return false
	}
	defer file.Close()
	return errors.Is(flock.Try(file), ErrHeld)
}

// Left reports whether a process holds the data folder dir, or was killed while it did:
// the lock file is not empty then.
func Left(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, FileName))
	return err == nil && info.Size() > 0
}

// Leave ends the hold and leaves the lock file as it is, for the next one to find what
// could not be finished.
func (h *Hold) Leave() error {
	if h.file == nil {
		return nil
	}
	file := h.file
	h.file = nil
	return file.Close()
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
