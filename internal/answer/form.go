package answer

import (
	"bytes"
	"fmt"
	"mime"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// form is a content coding, as HTTP names it.
type form string

// The forms in which answers are sent.
const (
	asIs    form = ""
	gzipped form = "gzip"
	zstded  form = "zstd"
)

// worth is how long a body has to be for compressing to save a packet.
const worth = 1400

// preferred returns the form that an Accept-Encoding header asks for (RFC 9110,
// 12.5.3): of those with the highest weight zstd before gzip. Where neither may be
// sent it is none.
func preferred(header string) form {
	weights := map[string]float64{}
	for part := range strings.SplitSeq(header, ",") {
		name, rest, _ := strings.Cut(strings.TrimSpace(part), ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "x-gzip" {
			name = string(gzipped)
		}
		if name != "" {
			weights[name] = weight(rest)
		}
	}
	of := func(f form) float64 {
		if w, ok := weights[string(f)]; ok {
			return w
		}
		return weights["*"]
	}
	plain, said := weights["identity"]
	best, most := asIs, 0.0
	for _, f := range []form{zstded, gzipped} {
		if w := of(f); w > most {
			best, most = f, w
		}
	}
	if said && plain > most {
		return asIs
	}
	return best
}

// weight returns the weight that the parameters of a coding say, from 0 to 1; one that
// cannot be read is 0.
func weight(parameters string) float64 {
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, ok := strings.Cut(strings.TrimSpace(p), "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		w, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(w >= 0 && w <= 1) {
			return 0
		}
		return w
	}
	return 1
}

// packer compresses answers. The zero packer is ready for use.
type packer struct {
	once sync.Once
	zstd *zstd.Encoder
	err  error
}

// pack returns an answer in a form; the answer itself when that is not worth it.
func (k *packer) pack(p *reply, f form) (*reply, error) {
	if p.tag == "" || len(p.body) < worth || p.header.Get("Content-Encoding") != "" || !compressible(p.header.Get("Content-Type")) {
		return p, nil
	}
	body, err := k.compress(p.body, f)
	if err != nil {
		return nil, fmt.Errorf("compress an answer: %w", err)
	}
	if len(body) >= len(p.body) {
		return p, nil
	}
	packed := *p
	packed.body, packed.header = body, p.header.Clone()
	packed.header.Set("Content-Encoding", string(f))
	packed.header.Set("Content-Length", strconv.Itoa(len(body)))
	packed.header.Set("ETag", `"`+p.tag+"-"+string(f)+`"`) // other bytes, another tag
	return &packed, nil
}

func (k *packer) compress(b []byte, f form) ([]byte, error) {
	if f == zstded {
		k.once.Do(func() {
			// A window of at most 8 MiB, as browsers ask for (RFC 9659).
			k.zstd, k.err = zstd.NewWriter(nil, zstd.WithWindowSize(1<<20), zstd.WithEncoderConcurrency(2), zstd.WithLowerEncoderMem(true))
		})
		if k.err != nil {
			return nil, k.err
		}
		return bytes.Clone(k.zstd.EncodeAll(b, nil)), nil
	}
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(out.Bytes()), nil
}

// compressible reports whether a body of a content type is text.
func compressible(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return false
	case strings.HasPrefix(kind, "text/"), strings.HasSuffix(kind, "json"), strings.HasSuffix(kind, "+xml"), strings.HasSuffix(kind, "javascript"):
		return true
	}
	return false
}
