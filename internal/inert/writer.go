package inert

import (
	"bytes"
	"crypto/rand"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// Writer passes text on as Text returns it, and the colour codes of whoever knows its
// mark. It is safe for concurrent use.
type Writer struct {
	mark string
	mu   sync.Mutex
	to   io.Writer
	rest []byte // the beginning of a character or a mark, the rest of which is to come
}

// NewWriter returns a writer to w that knows a mark. An empty mark is none.
func NewWriter(w io.Writer, mark string) *Writer { return &Writer{mark: mark, to: w} }

// NewMark returns a mark that nobody can guess.
func NewMark() string { return "\x00" + rand.Text() }

// Code returns what a writer that knows mark writes as the colour code with that
// number (ECMA-48, SGR).
func Code(mark, number string) string { return mark + number + "m" }

// Write writes text. Of a character that ends in a later call it writes nothing yet.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := append(w.rest, p...)
	end := w.whole(text)
	w.rest = append([]byte(nil), text[end:]...)
	if _, err := io.WriteString(w.to, w.shown(string(text[:end]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// shown returns what is written of a text.
func (w *Writer) shown(text string) string {
	if w.mark == "" {
		return Text(text)
	}
	parts := strings.Split(text, w.mark)
	for i, part := range parts {
		code, rest, ok := strings.Cut(part, "m")
		if i > 0 && ok && strings.Trim(code, "0123456789;") == "" {
			parts[i] = "\x1b[" + code + "m" + Text(rest)
			continue
		}
		parts[i] = Text(part)
	}
	return strings.Join(parts, "")
}

// Unmarked returns text without colour codes of a mark.
func Unmarked(text, mark string) string {
	if mark == "" {
		return text
	}
	parts := strings.Split(text, mark)
	for i, part := range parts[1:] {
		_, parts[i+1], _ = strings.Cut(part, "m")
	}
	return strings.Join(parts, "")
}

// whole returns where the last character or mark that may go on begins.
func (w *Writer) whole(p []byte) int {
	if i := bytes.LastIndexByte(p, 0); i >= 0 && w.mark != "" {
		tail := string(p[i:])
		code, marked := strings.CutPrefix(tail, w.mark)
		if strings.HasPrefix(w.mark, tail) || marked && len(code) < 8 && strings.Trim(code, "0123456789;") == "" {
			return i
		}
	}
	for i := len(p) - 1; i >= 0 && i > len(p)-utf8.UTFMax; i-- {
		if utf8.RuneStart(p[i]) {
			if !utf8.FullRune(p[i:]) {
				return i
			}
			break
		}
	}
	return len(p)
}
