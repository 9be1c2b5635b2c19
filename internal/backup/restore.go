package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"candor/internal/fault"
)

// maxManifest bounds the manifest, in bytes.
const maxManifest = 64 << 20

// Restore unpacks the backup in file into the folder dir, which must be empty or
// not there. The folder appears when every file in it is the one that the
// manifest names. Faults: NotFound without a backup, Conflict for a folder that
// holds anything, Invalid for a backup that is damaged.
func Restore(ctx context.Context, file, dir string) (Manifest, error) {
	in, err := os.Open(file)
	if err != nil {
		return Manifest{}, fault.New(fault.NotFound, "the backup cannot be read").At("%s", file).Because(err).Next("check the path")
	}
	defer in.Close()
	if err := vacant(dir); err != nil {
		return Manifest{}, err
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o750); err != nil {
		return Manifest{}, unmakeable(dir, err)
	}
	stage, err := os.MkdirTemp(parent, ".candor-restore-")
	if err != nil {
		return Manifest{}, unmakeable(dir, err)
	}
	defer os.RemoveAll(stage) // does nothing once it has its name
	u := &unpacking{ctx: ctx, file: file, dir: stage}
	m, err := u.unpack(in)
	if err != nil {
		return Manifest{}, err
	}
	if err := os.Chmod(stage, 0o750); err != nil {
		return Manifest{}, unmakeable(dir, err)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, unmakeable(dir, err)
	}
	if err := os.Rename(stage, dir); err != nil {
		return Manifest{}, unmakeable(dir, err)
	}
	return m, nil
}

func unmakeable(dir string, err error) error {
	return fault.New(fault.Unavailable, "the data folder cannot be made").At("%s", dir).Because(err).
		Next("check the space left and the permissions of the folder above it")
}

// vacant refuses a folder that holds anything.
func vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fault.New(fault.Conflict, "the data folder cannot be looked into").At("%s", dir).Because(err).Next("name a new folder with --data")
	case len(entries) > 0:
		return fault.New(fault.Conflict, "the folder is not empty").At("%s", dir).Next("name a new folder with --data; a restore never overwrites")
	}
	return nil
}

// unpacking is a restore under way.
type unpacking struct {
	ctx       context.Context
	file, dir string
	tar       *tar.Reader
}

func (u *unpacking) damaged(format string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, "the backup is damaged: "+format, args...).At("%s", u.file).
		Next("use another copy of it; nothing was restored")
}

func (u *unpacking) unpack(in io.Reader) (Manifest, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return Manifest{}, u.damaged("not gzip").Because(err)
	}
	u.tar = tar.NewReader(until(u.ctx, z))
	m, err := u.manifest()
	if err != nil {
		return Manifest{}, err
	}
	wanted := map[string]File{}
	for _, f := range m.Files {
		if !fit(f.Name) {
			return Manifest{}, u.damaged("%q is no file of a data folder", f.Name)
		}
		wanted[f.Name] = f
	}
	for {
		head, err := u.tar.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return Manifest{}, u.because("the archive ends early", err)
		}
		f, ok := wanted[head.Name]
		if !ok || head.Typeflag != tar.TypeReg {
			return Manifest{}, u.damaged("the manifest does not name %q", head.Name)
		}
		if head.Size != f.Size {
			return Manifest{}, u.damaged("%s is not the file that the manifest names", f.Name)
		}
		delete(wanted, head.Name)
		if err := u.write(f); err != nil {
			return Manifest{}, err
		}
	}
	for name := range wanted {
		return Manifest{}, u.damaged("%s is missing", name)
	}
	// What follows the archive is checked by gzip's own sum.
	if _, err := io.Copy(io.Discard, z); err != nil {
		return Manifest{}, u.because("it ends early", err)
	}
	return m, nil
}

// because says that the context ended, or what is damaged.
func (u *unpacking) because(what string, err error) error {
	if u.ctx.Err() != nil {
		return u.ctx.Err()
	}
	return u.damaged("%s", what).Because(err)
}

// manifest reads the first entry.
func (u *unpacking) manifest() (Manifest, error) {
	var m Manifest
	head, err := u.tar.Next()
	if err != nil {
		return m, u.because("it holds no archive", err)
	}
	if head.Name != manifestName || head.Size > maxManifest {
		return m, u.damaged("its first entry is no manifest")
	}
	b, err := io.ReadAll(u.tar)
	if err != nil {
		return m, u.because("its manifest ends early", err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, u.damaged("its manifest cannot be read").Because(err)
	}
	if m.Kind != kind {
		return m, fault.New(fault.Invalid, "not a backup of Candor").At("%s", u.file).Next("name a file that candor backup made")
	}
	if m.Version != version {
		return m, fault.New(fault.Invalid, "the backup is of format %d, and this candor reads format %d", m.Version, version).At("%s", u.file).
			Next("use a candor as new as the one that made it (%s)", m.Candor)
	}
	return m, nil
}

// fit reports whether a name is one that a data folder has.
func fit(name string) bool {
	if name != path.Clean(name) || !filepath.IsLocal(name) || strings.Contains(name, `\`) || strings.HasPrefix(path.Base(name), ".") {
		return false
	}
	dir, _ := path.Split(name)
	return dir == "" || slices.Contains(folders[:], strings.TrimSuffix(dir, "/"))
}

// write unpacks the file that the archive is at, and checks it.
func (u *unpacking) write(f File) error {
	at := filepath.Join(u.dir, filepath.FromSlash(f.Name))
	if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
		return unmakeable(u.dir, err)
	}
	out, err := os.OpenFile(at, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return unmakeable(u.dir, err)
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, h), u.tar)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		var disk *fs.PathError
		if errors.As(err, &disk) {
			return unmakeable(u.dir, err)
		}
		return u.because(fmt.Sprintf("%s cannot be unpacked", f.Name), err)
	}
	if n != f.Size || hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
		return u.damaged("%s is not the file that the manifest names", f.Name)
	}
	return nil
}
