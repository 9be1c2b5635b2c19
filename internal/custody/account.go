package custody

import (
	"candor/internal/ledger"
	"candor/internal/store"
)

// Account is a batch with the entries of the ledger that vouch for it.
type Account struct {
	store.Batch
	// Ledger is the entry of its arrival and, if it was withdrawn, that of its
	// withdrawal. It is empty until the next write records the batch.
	Ledger []ledger.Entry `json:"ledger" nullable:"false" doc:"The entries of the ledger about the batch: its arrival, and its withdrawal if there is one"`
}

// Accounts gives each of the batches its entries.
func Accounts(batches []store.Batch, entries []ledger.Entry) []Account {
	about := map[string][]ledger.Entry{}
	for _, e := range entries {
		if e.Kind == ledger.Batch || e.Kind == ledger.Withdrawal {
			about[e.ID] = append(about[e.ID], e)
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
