package ingest

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"slices"
	"strings"

	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/decode/workbook"
	"candor/internal/evidence"
	"candor/internal/fault"
)

// maxPeeked bounds how many files of a folder or an archive are looked at.
const maxPeeked = 100

// KindOf tells the kind of evidence from the first of the request's files whose
// content tells one. Incidents that name their rules may be read as alerts and as
// cases; they are told as alerts.
// Faults: NotFound for a path that is not there, Usage when the content does not
// tell a kind.
func (r Request) KindOf() (string, error) {
	where, _, err := r.find(anyKind())
	if err != nil {
		return "", err
	}
	var first []byte
	for _, l := range where[:min(len(where), maxPeeked)] {
		k := ""
		err := peek(l, func(name string, head []byte) bool {
			if k = toldKind(name, head); k == "" && first == nil {
				first = bytes.Clone(head)
			}
			return k == ""
		})
		if err != nil || k != "" {
			return k, err
		}
	}
	who := nearest("any kind", formats(), first)
	return "", fault.New(fault.Usage, "the kind of evidence cannot be told from the content: %s", who.reason()).At("%s", where[0].path).
		Next("name the kind, one of %s; records of another shape need a mapping file (--mapping FILE), which candor evidence map %s proposes", strings.Join(Kinds(), ", "), where[0].path)
}

// toldKind returns the kind that the head of a file tells; empty when it tells
// none.
func toldKind(name string, head []byte) string {
	for _, f := range formats() {
		if f.told(head, name) {
			return f.Kind
		}
	}
	return ""
}

// anyKind takes the files of every kind.
func anyKind() kind {
	k := kind{Kind: evidence.Kind{Files: "files of evidence"}}
	for _, one := range kinds() {
		for _, e := range one.Endings {
			if !slices.Contains(k.Endings, e) {
				k.Endings = append(k.Endings, e)
			}
		}
	}
	return k
}

// peek shows the head of a file, unpacked, with its name; of a tar archive, those
// of its files that may be evidence, while more are asked for.
func peek(l location, show func(name string, head []byte) (more bool)) error {
	f, err := os.Open(l.at)
	if err != nil {
		return unreadable(l.path, err)
	}
	defer f.Close()
	raw := bufio.NewReader(f)
	begin, _ := raw.Peek(512)
	begin = bytes.Clone(begin)
	if isZip(begin) {
		return peekZip(l, workbook.Is(begin), show)
	}
	text, err := plain(raw)
	if err != nil {
		return damaged(l.path, packing(begin), err)
	}
	if start, _ := text.Peek(512); isTar(start) {
		return peekTar(l, text, show)
	}
	head, err := io.ReadAll(io.LimitReader(text, headSize))
	if err != nil {
		return damaged(l.path, packing(begin), err)
	}
	if err := foreign(l.path, head); err != nil && !isParquet(head, l.name) && !l.inside {
		return err
	}
	show(l.name, bytes.TrimPrefix(head, []byte("\ufeff")))
	return nil
}

// peekZip shows the heads of the files in a zip archive that may be evidence, or that of
// the first sheet of a workbook.
func peekZip(l location, sheet bool, show func(name string, head []byte) (more bool)) error {
	data, err := l.read()
	if err != nil {
		return err
	}
	if sheet {
		text, _, err := workbook.Text(l.path, data, maxFile)
		if err == nil {
			show(l.name, text[:min(len(text), headSize)])
		}
		return err
	}
	list, err := members(l, bytes.NewReader(data), int64(len(data)), anyKind())
	if err != nil {
		return err
	}
	for _, f := range list[:min(len(list), maxPeeked)] {
		r, err := f.Open()
		if err != nil {
			return damaged(l.path, "zip", err)
		}
		head, err := io.ReadAll(io.LimitReader(r, headSize))
		r.Close()
		if err != nil {
			return damaged(l.path, "zip", err)
		}
		if !show(inZip(f), head) {
			return nil
		}
	}
	return nil
}

// told reports whether a file is of the format rather than of one of another
// kind, which asks more than to tell the formats of one kind apart.
func (f *format) told(head []byte, name string) bool {
	switch {
	case f.alone != nil:
		return f.alone(head, name)
	case f.sniff != nil:
		return f.sniff(head, name)
	}
	return false
}

// hasColumns returns what tells a table by columns that it must have.
func hasColumns(columns ...string) func(head []byte, name string) bool {
	return func(head []byte, _ string) bool {
		have := decode.Columns(head, ',')
		return !slices.ContainsFunc(columns, func(c string) bool { return !slices.Contains(have, c) })
	}
}

// saysDispositions reports whether JSON says something of alerts and not that they
// fired.
func saysDispositions(head []byte, _ string) bool {
	first, _, _ := bytes.Cut(head, []byte("\n"))
	return export.Has(first, "disposition", "disposition_time")
}

func isInventory(head []byte, _ string) bool {
	return decode.HasKeys(head, "kind", "version") && bytes.Contains(head, []byte("telemetry"))
}

func isSources(head []byte, _ string) bool {
	return decode.HasKeys(head, "file_type") && bytes.Contains(head, []byte("data-source-administration"))
}

func isSigma(head []byte, _ string) bool {
	return decode.HasKeys(head, "title", "detection") || decode.HasKeys(head, "title", "correlation") || decode.HasKeys(head, "title", "logsource")
}

func isRunbook(head []byte, _ string) bool {
	return bytes.HasPrefix(head, []byte("---")) && decode.HasKeys(head, "applies_to")
}
