package ingest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"candor/internal/fault"
)

// TestAHoleInAnArchiveIsNoRoom reads an archive of some hundred bytes whose one file
// says that it is a terabyte, nearly all of it a hole.
func TestAHoleInAnArchiveIsNoRoom(t *testing.T) {
	where := location{path: "rules.tar", at: "rules.tar", name: "rules.tar"}
	_, err := unpack(where, hollow("1099511627776"), anyKind())
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "larger than 512 MiB") {
		t.Errorf("%v", err)
	}
	files, err := unpack(where, hollow("4096"), anyKind())
	if err != nil || len(files) != 1 || len(files[0].data) != 4096 {
		t.Errorf("%d files, %v", len(files), err)
	}
}

// allocated returns how many bytes a piece of work asks memory for.
func allocated(work func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestWhatIsTooLargeIsNeverHeld reads bombs: what they unpack to is refused at the
// limit, and of memory they cost little more than they are.
func TestWhatIsTooLargeIsNeverHeld(t *testing.T) {
	long := func(mib int) []byte { // many members, each of a mebibyte
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(bytes.Repeat([]byte("a: b\n..."), 1<<17))
		z.Close()
		return bytes.Repeat(b.Bytes(), mib)
	}
	many := func(files int, packed bool) []byte {
		var b bytes.Buffer
		var to io.Writer = &b
		z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
		if packed {
			to = z
		}
		w := tar.NewWriter(to)
		for i := range files {
			w.WriteHeader(&tar.Header{Name: fmt.Sprintf("r/%d.yml", i), Typeflag: tar.TypeReg})
		}
		w.Close()
		z.Close()
		return b.Bytes()
	}
	for name, data := range map[string][]byte{"2 GiB in gzip": long(2 << 10), "110,000 files": many(110_000, false), "110,000 files in gzip": many(110_000, true)} {
		var err error
		l := location{path: "in", at: "in", name: "in"}
		held := allocated(func() { _, err = unpack(l, data, anyKind()) })
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "larger than 256 MiB") && !strings.Contains(err.Error(), "more than 100000 files") {
			t.Errorf("%s: %v", name, err)
		}
		// Reading a head of tar takes some two kilobytes, which are not held.
		if limit := uint64(64<<20) + uint64(maxEntries)*3000; held > limit {
			t.Errorf("%s: %d MiB were asked for, of %d MiB of input", name, held>>20, len(data)>>20)
		} else {
			t.Logf("%s: %d MiB asked for, of %d MiB of input", name, held>>20, len(data)>>20)
		}
	}
	path := filepath.Join(t.TempDir(), "large.csv")
	if f, err := os.Create(path); err != nil || f.Truncate(1<<40) != nil || f.Close() != nil {
		t.Skip("no file with a hole can be made")
	}
	var err error
	if held := allocated(func() { _, err = location{path: path, at: path}.read() }); fault.KindOf(err) != fault.Invalid || held > 1<<20 {
		t.Errorf("a plain file: %d bytes were asked for, %v", held, err)
	}
}

// hollow returns an archive of one file that is a hole of a size.
func hollow(size string) []byte {
	var records []byte
	for _, kv := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=a.yml", "GNU.sparse.realsize=" + size} {
		n := len(kv) + 3
		for len(fmt.Sprintf("%d %s\n", n, kv)) != n {
			n++
		}
		records = fmt.Appendf(records, "%d %s\n", n, kv)
	}
	parts := "0\n" // a map of no parts that hold data
	out := append(block(tar.TypeXHeader, len(records)), padded(records)...)
	out = append(append(out, block(tar.TypeReg, 512)...), padded([]byte(parts))...)
	return append(out, make([]byte, 1024)...)
}

// block returns a header of an archive.
func block(kind byte, size int) []byte {
	b := make([]byte, 512)
	copy(b, "a.yml")
	copy(b[100:], "0000644\x000000000\x000000000\x00")
	copy(b[124:], fmt.Sprintf("%011o\x00%011o\x00        %c", size, 0, kind))
	copy(b[257:], "ustar\x0000")
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

func padded(b []byte) []byte { return append(b, make([]byte, -len(b)&511)...) }

// FuzzUnpack reads damaged archives: files of the kind come out, or the fault is the
// input's.
func FuzzUnpack(f *testing.F) {
	var plain, packed bytes.Buffer
	w := tar.NewWriter(&plain)
	for _, name := range []string{"rules/a.yml", "../../b.yaml", ".hidden.yml", "c.txt"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(ruleText))}); err != nil {
			f.Fatal(err)
		}
		if _, err := w.Write([]byte(ruleText)); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(plain.Bytes()); err != nil {
		f.Fatal(err)
	}
	if err := z.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(plain.Bytes())
	f.Add(packed.Bytes())
	f.Add(hollow("4096"))
	k := anyKind()
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := unpack(location{path: "in", at: "in", name: "in"}, data, k)
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Fatal(err)
		}
		for _, u := range files {
			if u.name != "in" && (!k.ends(u.name) || hidden(u.name) || strings.Contains("/"+u.name+"/", "/../")) {
				t.Fatalf("took %q", u.name)
			}
		}
	})
}
