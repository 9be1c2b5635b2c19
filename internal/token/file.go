package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"candor/internal/durable"
	"candor/internal/fault"
)

// suffix ends the names of the tokens' files.
const suffix = ".json"

// stored is a token as its file has it.
type stored struct {
	Token
	// SHA256 is of the secret, in hexadecimal.
	SHA256 string `json:"sha256"`
}

// read reads the file of a token. The error of one that is not there is
// fs.ErrNotExist.
func (f *Folder) read(name string) (stored, error) {
	b, err := os.ReadFile(f.path(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return stored{}, err
	case err != nil:
		return stored{}, unreadable(f.path(name), err)
	}
	var k stored
	if err := json.Unmarshal(b, &k); err != nil || k.Name != name || len(k.SHA256) != 64 {
		return stored{}, fault.New(fault.Unavailable, "the token's file is damaged").At("%s", f.path(name)).Because(err).
			Next("remove the file and make a token of another name")
	}
	return k, nil
}

// write makes the file of a token whole and durable, and places it under its
// name: os.Link for a new one, which fails if the name is taken, and os.Rename to
// replace it.
func (f *Folder) write(k stored, place func(from, to string) error) error {
	b, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return fmt.Errorf("encode token %s: %w", k.Name, err)
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return unwritable(f.dir, err)
	}
	temp, err := os.CreateTemp(f.dir, ".token-*") // mode 0600
	if err != nil {
		return unwritable(f.dir, err)
	}
	defer os.Remove(temp.Name()) // does nothing once it was renamed
	_, err = temp.Write(append(b, '\n'))
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return unwritable(f.dir, err)
	}
	err = place(temp.Name(), f.path(k.Name))
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Conflict, "a token %s was made before", k.Name).
			Next("choose another name: what was pushed keeps the name of its token, so that a name is used once")
	}
	if err != nil {
		return unwritable(f.dir, err)
	}
	return f.sync()
}

// sync makes the names in the folder durable.
func (f *Folder) sync() error {
	if err := durable.Names(f.dir); err != nil {
		return unwritable(f.dir, err)
	}
	return nil
}

func unwritable(path string, err error) error {
	return fault.New(fault.Unavailable, "the token cannot be kept").At("%s", path).Because(err).Next("check the space left and the permissions of the folder")
}

func unreadable(path string, err error) error {
	return fault.New(fault.Unavailable, "the tokens cannot be read").At("%s", path).Because(err).Next("check that you may read the folder")
}
