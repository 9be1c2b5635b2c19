package assessment

import (
	"strings"

	"candor/internal/roster"
	"candor/internal/upgrade"
)

// upgradeRow is one who names an ID that the newer release does not have in force.
type upgradeRow struct {
	*upgrade.Item
	upgrade.Naming
}

// UpgradeRoster lists who names what changed, one to a row.
func UpgradeRoster(u *Upgrade) roster.List {
	l := roster.List{Name: "upgrade", Title: "What an upgrade from " + u.Old.String() + " to " + u.New.String() + " does", Order: "what waits for a person first, then ATT&CK ID",
		About: "Each row is one rule, exercise or other thing that names an ATT&CK ID which " + u.New.String() + " does not have in force as " + u.Old.String() + " had.",
		Empty: "Nothing that evidence names changed."}
	var rows []upgradeRow
	for i := range u.Items {
		for _, n := range u.Items[i].Named {
			rows = append(rows, upgradeRow{&u.Items[i], n})
		}
	}
	roster.Fill(&l, rows, []roster.Col[upgradeRow]{
		words("id", "ID", func(r *upgradeRow) string { return r.Item.ID }),
		words("name", "Name", func(r *upgradeRow) string { return r.Name }),
		choice("fate", "What became of it", func(r *upgradeRow) roster.Cell { return roster.Words(string(r.Fate)) }),
		choice("state", "State", func(r *upgradeRow) roster.Cell {
			if r.Decision != "" {
				return roster.Words(string(upgrade.Decided))
			}
			return roster.Words(string(r.State))
		}),
		words("to", "Read as", func(r *upgradeRow) string {
			if r.Decision != "" {
				return strings.Join(r.Naming.To, "; ")
			}
			return strings.Join(r.Item.To, "; ")
		}),
		words("may_be", "May be", func(r *upgradeRow) string {
			var ids []string
			for _, c := range r.Candidates {
				ids = append(ids, c.ID)
			}
			return strings.Join(ids, "; ")
		}),
		choice("kind", "Named by", func(r *upgradeRow) roster.Cell { return roster.Words(r.Kind) }),
		words("holder", "Whose id is", func(r *upgradeRow) string { return r.Naming.ID }),
		words("title", "Called", func(r *upgradeRow) string { return r.Title }),
		words("decision", "Decision", func(r *upgradeRow) string { return r.Decision }),
		words("why", "Why", func(r *upgradeRow) string { return r.Why }),
	})
	return l
}
