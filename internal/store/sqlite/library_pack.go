package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"

	"candor/internal/attack"
)

// packSize is how many bytes of objects make a pack: large enough to compress
// well, small enough to unpack for a single object.
const packSize = 256 << 10

// pack is the unpacked bytes of consecutive snapshots, and their object hashes.
type pack struct {
	first  uint32
	ends   []int
	raw    []byte
	hashes []byte
}

// hash returns the object hash of a snapshot that the pack holds.
func (p *pack) hash(id uint32) attack.Hash { return hashAt(p.hashes, int(id-p.first)) }

// hashAt returns one of many hashes.
func hashAt(hashes []byte, n int) attack.Hash {
	return attack.Hash(hashes[n*len(attack.Hash{}):])
}

// object returns the exact bytes of a snapshot that the pack holds. The caller
// must not change them.
func (p *pack) object(id uint32) []byte {
	n, start := id-p.first, 0
	if n > 0 {
		start = p.ends[n-1]
	}
	return p.raw[start:p.ends[n]:p.ends[n]]
}

// write returns the pack as it is stored.
func (p *pack) write(l *Library) []byte {
	head := binary.AppendUvarint(nil, uint64(len(p.ends)))
	start := 0
	for _, end := range p.ends {
		head = binary.AppendUvarint(head, uint64(end-start))
		start = end
	}
	return l.zip.EncodeAll(append(head, p.raw...), nil)
}

// storedPack is a row of the table of packs.
type storedPack struct {
	first, count uint32
	hashes       []byte
	data         []byte
}

// storedPack returns the row that holds a snapshot, without data unless asked.
func (l *Library) storedPack(ctx context.Context, id uint32, data bool) (p storedPack, err error) {
	err = l.db.QueryRowContext(ctx, `SELECT first, count, hashes, iif(?, data, NULL) FROM pack
		WHERE first <= ? ORDER BY first DESC LIMIT 1`, data, id).Scan(&p.first, &p.count, &p.hashes, &p.data)
	if errors.Is(err, sql.ErrNoRows) || err == nil && id-p.first >= p.count {
		return p, l.damaged("snapshot %d is missing", id)
	}
	if err != nil {
		return p, fmt.Errorf("read snapshot %d: %w", id, err)
	}
	if len(p.hashes) != int(p.count)*len(attack.Hash{}) {
		return p, l.damaged("hashes of pack %d", p.first)
	}
	return p, nil
}

// unpack unpacks a row.
func (l *Library) unpack(row storedPack) (*pack, error) {
	plain, err := l.unzip.DecodeAll(row.data, nil)
	if err != nil {
		return nil, l.damaged("pack %d: %v", row.first, err)
	}
	p := &pack{first: row.first, hashes: row.hashes}
	count, n := binary.Uvarint(plain)
	if n <= 0 || count != uint64(row.count) {
		return nil, l.damaged("pack %d", row.first)
	}
	plain = plain[n:]
	end := 0
	for range count {
		size, n := binary.Uvarint(plain)
		if n <= 0 || size > uint64(len(plain)) {
			return nil, l.damaged("pack %d", row.first)
		}
		plain = plain[n:]
		end += int(size)
		p.ends = append(p.ends, end)
	}
	if end != len(plain) {
		return nil, l.damaged("pack %d", row.first)
	}
	p.raw = plain
	return p, nil
}

// cachedPack returns the pack that holds a snapshot if it is in memory.
func (l *Library) cachedPack(id uint32) (*pack, bool) {
	return l.packs.find(func(_ uint32, p *pack) bool { return id-p.first < uint32(len(p.ends)) })
}

// pack returns the pack that holds a snapshot.
func (l *Library) pack(ctx context.Context, id uint32) (*pack, error) {
	if p, ok := l.cachedPack(id); ok {
		return p, nil
	}
	row, err := l.storedPack(ctx, id, true)
	if err != nil {
		return nil, err
	}
	p, err := l.unpack(row)
	if err != nil {
		return nil, err
	}
	l.packs.put(p.first, p)
	return p, nil
}

// rawHash returns the first half of the SHA-256 of some bytes.
func rawHash(raw []byte) []byte {
	h := sha256.Sum256(raw)
	return h[:16]
}
