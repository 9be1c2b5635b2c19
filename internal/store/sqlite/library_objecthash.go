package sqlite

import (
	"context"

	"candor/internal/attack"
)

// Hashes returns the object hash of every object of a release by STIX id. Packs
// state them beside the bytes, so that nothing is unpacked.
func (l *Library) Hashes(ctx context.Context, r attack.Release) (map[string]attack.Hash, error) {
	v, err := l.viewOf(ctx, r)
	if err != nil {
		return nil, err
	}
	wanted := make([]int32, 0, len(v.byID))
	for i := range v.cards {
		if v.counts(i) {
			wanted = append(wanted, int32(i))
		}
	}
	v.bySnapshot(wanted)
	hashes := make(map[string]attack.Hash, len(wanted))
	var p storedPack
	for i, n := range wanted {
		id := v.ids[n]
		if i == 0 || id >= p.first+p.count {
			if p, err = l.storedPack(ctx, id, false); err != nil {
				return nil, err
			}
		}
		const size = len(attack.Hash{})
		at := int(id-p.first) * size
		hashes[v.cards[n].StixID] = attack.Hash(p.hashes[at : at+size])
	}
	return hashes, nil
}
