package custody

import (
	"candor/internal/ledger"
	"candor/internal/store"
)

// Account is a batch with the entries of the ledger that vouch for it.
type Account struct {
	store.Batch
	// Ledger is the entry of its arrival and, if there are, those of its withdrawal, of the
	// file into which it was merged and of expiries, of the last two without what they say
	// of other batches. It is empty until the next write records the batch.
	Ledger []ledger.Entry `json:"ledger" nullable:"false" doc:"The entries of the ledger about the batch: its arrival and, if there are, its withdrawal, its merging and expiries, of the last two without what they say of other batches"`
}

// Accounts gives each of the batches its entries.
func Accounts(batches []store.Batch, entries []ledger.Entry) []Account {
	about := map[string][]ledger.Entry{}
	for _, e := range entries {
		switch e.Kind {
		case ledger.Batch, ledger.Withdrawal:
			about[e.ID] = append(about[e.ID], e)
		case ledger.Merge, ledger.Expiry:
			of := e.Batches
			for id, rows := range of {
				e.Batches, e.Files = map[string]string{id: rows}, nil
				about[id] = append(about[id], e)
			}
		}
	}
	list := make([]Account, len(batches))
	for i, b := range batches {
		list[i] = Account{Batch: b, Ledger: about[b.ID]}
		if list[i].Ledger == nil {
			list[i].Ledger = []ledger.Entry{}
		}
	}
	return list
}
