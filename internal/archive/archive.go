// Package archive keeps assessments as they were: one packed JSON file each, with
// the hash of what it holds.
//
// It refuses to overwrite what is kept, and to hand out what no longer has its
// hash. It judges nothing.
package archive

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/fault"
)

// suffix ends the names of the files.
const suffix = ".json.gz"

// maxBytes bounds an unpacked assessment; one of Enterprise has about 10 MB.
const maxBytes = 1 << 30

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$`)

// Kept is an assessment that is kept, in short: the first line of its file.
type Kept struct {
	Name string    `json:"name"`
	At   time.Time `json:"kept_at"`
	// SHA256 is of the assessment as JSON, the second line of the file without its
	// line end.
	SHA256  string           `json:"sha256"`
	Release string           `json:"release"`
	AsOf    time.Time        `json:"as_of"`
	Policy  assure.PolicyRef `json:"policy"`
	Totals  assure.Totals    `json:"totals"`
	// Removed is the removal of the release that it is of, where the library does not have
	// that any more. The file does not have it: Mark sets it.
	Removed *attack.Removal `json:"release_removed,omitempty"`
}

// Mark says of each of ks whose release was removed that it was. Gone are those releases
// by name, as attack.Gone has them.
func Mark(ks []Kept, gone map[string]attack.Removal) {
	for i := range ks {
		if rm, ok := gone[ks[i].Release]; ok {
			ks[i].Removed = &rm
		}
	}
}

// Differences are those of a comparison, and that a release that it is of was removed.
func Differences(c *assure.Comparison, gone map[string]attack.Removal) []string {
	list := c.Differences
	for _, name := range []string{c.Before.Release, c.After.Release} {
		if rm, ok := gone[name]; ok && !slices.Contains(list, rm.String()) {
			list = append(list, rm.String())
		}
	}
	return list
}

// Archive is a folder of kept assessments. The folder need not exist.
type Archive struct{ dir string }

// In returns the archive in the folder dir.
func In(dir string) Archive { return Archive{dir} }

// Keep keeps an assessment under a name, or under one made of its day and hash
// when name is empty. A name that is taken by another assessment is
// fault.Conflict; the same assessment again changes nothing and returns false. The
// names of Daily are refused.
func (a Archive) Keep(name string, now time.Time, as assure.Assessment) (kept Kept, fresh bool, err error) {
	if dailyForm.MatchString(name) {
		return Kept{}, false, fault.New(fault.Usage, "%s is a name of what a server keeps by itself, of which the oldest go", name).
			Next("choose another name, to keep the assessment until you remove it")
	}
	return a.keep(name, now, as)
}

func (a Archive) keep(name string, now time.Time, as assure.Assessment) (kept Kept, fresh bool, err error) {
	body, err := json.Marshal(as)
	if err != nil {
		return Kept{}, false, fmt.Errorf("encode the assessment: %w", err)
	}
	sum := sha256.Sum256(body)
	k := Kept{Name: name, At: now.UTC(), SHA256: hex.EncodeToString(sum[:]), Release: as.Release.String(), AsOf: as.AsOf, Policy: as.Policy, Totals: as.Totals}
	k.Name = cmp.Or(name, as.AsOf.UTC().Format(time.DateOnly)+"-"+k.SHA256[:8])
	if err := checkName(k.Name); err != nil {
		return Kept{}, false, err
	}
	old, err := a.head(k.Name)
	switch {
	case err == nil && old.SHA256 == k.SHA256:
		return old, false, nil
	case err == nil:
		return Kept{}, false, fault.New(fault.Conflict, "another assessment is kept as %s, of %s", k.Name, old.At.Format(time.DateOnly)).
			Next("choose another name; candor assess list shows those taken")
	case fault.KindOf(err) != fault.NotFound:
		return Kept{}, false, err
	}
	return k, true, a.write(k, body)
}

func checkName(name string) error {
	if nameForm.MatchString(name) {
		return nil
	}
	return fault.New(fault.Usage, "%q is no name for a kept assessment", name).
		Next("use letters, digits, dots, dashes and underscores, 80 at most, and begin with a letter or digit")
}

func (a Archive) path(name string) string { return filepath.Join(a.dir, name+suffix) }

// write makes the file whole or not at all.
func (a Archive) write(k Kept, body []byte) error {
	if err := os.MkdirAll(a.dir, 0o750); err != nil {
		return unwritable(a.dir, err)
	}
	f, err := os.CreateTemp(a.dir, ".keep-*")
	if err != nil {
		return unwritable(a.dir, err)
	}
	defer os.Remove(f.Name())
	if err := errors.Join(pack(f, k, body), f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return unwritable(a.dir, err)
	}
	if err := os.Rename(f.Name(), a.path(k.Name)); err != nil {
		return unwritable(a.dir, err)
	}
	return nil
}

func unwritable(dir string, err error) error {
	return fault.New(fault.Unavailable, "the assessment cannot be kept").At("%s", dir).Because(err).Next("check the space left and the permissions of the folder")
}

func pack(w io.Writer, k Kept, body []byte) error {
	head, err := json.Marshal(k)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(w)
	_, err = z.Write(slices.Concat(head, []byte("\n"), body, []byte("\n")))
	return errors.Join(err, z.Close())
}

// List lists what is kept, by the time at which it was.
func (a Archive) List() ([]Kept, error) {
	entries, err := os.ReadDir(a.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return []Kept{}, nil
	}
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the kept assessments cannot be listed").At("%s", a.dir).Because(err)
	}
	list := []Kept{}
	for _, e := range entries {
		name, ok := nameOf(e)
		if !ok {
			continue
		}
		k, err := a.head(name)
		if fault.KindOf(err) == fault.NotFound {
			continue // it went meanwhile
		}
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	slices.SortFunc(list, func(x, y Kept) int { return cmp.Or(x.At.Compare(y.At), strings.Compare(x.Name, y.Name)) })
	return list, nil
}

// nameOf returns the name of the assessment in a file of the folder, if it is one.
func nameOf(e fs.DirEntry) (string, bool) {
	name, ok := strings.CutSuffix(e.Name(), suffix)
	return name, ok && nameForm.MatchString(name)
}

// head reads the first line of a file.
func (a Archive) head(name string) (k Kept, err error) {
	err = a.read(name, func(head []byte, _ *bufio.Reader) error { return json.Unmarshal(head, &k) })
	return k, err
}

// Load returns a kept assessment, whose hash it checks. An unknown name is
// fault.NotFound, and a file that is not as it was written is fault.Invalid.
func (a Archive) Load(name string) (k Kept, as assure.Assessment, err error) {
	err = a.read(name, func(head []byte, rest *bufio.Reader) error {
		if err := json.Unmarshal(head, &k); err != nil {
			return err
		}
		body, err := io.ReadAll(io.LimitReader(rest, maxBytes+1))
		if err != nil {
			return err
		}
		body = bytes.TrimSuffix(body, []byte("\n"))
		if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != k.SHA256 {
			return errors.New("its hash is not the one that it was kept with")
		}
		return json.Unmarshal(body, &as)
	})
	return k, as, err
}

// read hands out the first line of a file, and the rest.
func (a Archive) read(name string, use func(head []byte, rest *bufio.Reader) error) error {
	if err := checkName(name); err != nil {
		return err
	}
	f, err := os.Open(a.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.NotFound, "no assessment is kept as %s", name).Next("candor assess list shows what is kept; candor assess --keep NAME keeps one")
	}
	if err != nil {
		return fault.New(fault.Unavailable, "the kept assessment cannot be read").At("%s", a.path(name)).Because(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return damaged(a.path(name), err)
	}
	rest := bufio.NewReaderSize(z, 1<<16)
	head, err := rest.ReadBytes('\n')
	if err == nil {
		err = use(head, rest)
	}
	if err != nil {
		return damaged(a.path(name), err)
	}
	return nil
}

func damaged(path string, err error) error {
	return fault.New(fault.Invalid, "the kept assessment is damaged").At("%s", path).Because(err).
		Next("restore the file, or move it away and keep the assessment again")
}
