package ingest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"candor/internal/fault"
)

// TestAHoleInAnArchiveIsNoRoom reads an archive of some hundred bytes whose one file
// says that it is a terabyte, nearly all of it a hole.
func TestAHoleInAnArchiveIsNoRoom(t *testing.T) {
	where := location{path: "rules.tar", at: "rules.tar", name: "rules.tar"}
	_, err := unpack(where, hollow("1099511627776"), anyKind())
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "larger than 1024 MiB") {
		t.Errorf("%v", err)
	}
	files, err := unpack(where, hollow("4096"), anyKind())
	if err != nil || len(files) != 1 || len(files[0].data) != 4096 {
		t.Errorf("%d files, %v", len(files), err)
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
