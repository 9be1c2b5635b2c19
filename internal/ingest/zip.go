package ingest

import (
	"archive/zip"
	"bytes"
	"cmp"
	"io"
	"path"
	"slices"

	"candor/internal/fault"
)

// members lists the files of a zip archive that are of the kind, in the order of their
// names. It fails with fault.Invalid for an archive that is damaged, holds none, or holds
// too much.
func members(l location, r io.ReaderAt, size int64, k kind) ([]*zip.File, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, damaged(l.path, "zip", err)
	}
	var list []*zip.File
	left := uint64(maxUnpacked)
	for _, f := range z.File {
		name := inZip(f)
		if f.FileInfo().IsDir() || hidden(name) || !k.ends(name) {
			continue
		}
		if f.UncompressedSize64 > left {
			return nil, tooLarge(l.path, maxUnpacked)
		}
		left -= f.UncompressedSize64
		if list = append(list, f); len(list) > maxEntries {
			return nil, fault.New(fault.Invalid, "the archive holds more than %d files that are read", maxEntries).At("%s", l.path).Next("split it into several batches")
		}
	}
	if len(list) == 0 {
		return nil, fault.New(fault.Invalid, "the archive holds no %s (%s)", k.Files, k.listed()).At("%s", l.path).Next("name the archive that holds them")
	}
	slices.SortStableFunc(list, func(a, b *zip.File) int { return cmp.Compare(inZip(a), inZip(b)) })
	return list, nil
}

// inZip returns the path of a file within its archive.
func inZip(f *zip.File) string { return path.Clean("/" + f.Name)[1:] }

// unzip returns the files of the kind in an archive. What they come to is bounded by what
// their heads say, and a file that is longer than its head says is damaged.
func unzip(l location, data []byte, k kind) ([]file, error) {
	list, err := members(l, bytes.NewReader(data), int64(len(data)), k)
	if err != nil {
		return nil, err
	}
	var sum uint64
	for _, f := range list {
		if sum += f.UncompressedSize64; sum > maxArchive {
			return nil, tooLarge(l.path, maxArchive)
		}
	}
	var files []file
	for _, f := range list {
		body, err := extract(f)
		if err != nil {
			return nil, damaged(l.path+"/"+inZip(f), "zip", err)
		}
		files = append(files, file{name: inZip(f), shown: l.path + "/" + inZip(f), data: body})
	}
	return files, nil
}

// extract reads one file of an archive.
func extract(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, int64(f.UncompressedSize64)+1))
}
