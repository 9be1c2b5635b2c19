package cli

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"candor/internal/fault"
	"candor/internal/scratch"
	"candor/internal/store"
)

// exported is a batch file that was handed over.
type exported struct {
	Batch string `json:"batch"`
	// File is what was written; empty for the standard output.
	File  string `json:"file,omitempty"`
	Bytes int64  `json:"bytes"`
	// SHA256 is of the bytes, as the batch's entry in the ledger has it, and RowsSHA256 of
	// the rows in canonical form.
	SHA256     string `json:"sha256"`
	RowsSHA256 string `json:"rows_sha256"`
	// Merged is the merged file that the rows were taken out of, so that the bytes are not
	// those of the batch's entry, but the hash over the rows is; empty otherwise. Expired is
	// how many rows of the batch are not in it because they were removed for retention.
	Merged  string `json:"merged,omitempty"`
	Expired int64  `json:"expired,omitempty"`
	// Withdrawn says that the batch does not count.
	Withdrawn bool `json:"withdrawn"`
}

func (p *program) evidenceExportCommand() *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "export BATCH",
		Short: "Hand over the file of a batch of alerts",
		Long: `Export writes the file in which a batch of alerts is kept, byte for byte, to the
standard output or to a new file. It is Parquet, which DuckDB, pandas, Spark and others
read; doc/batches.md describes its columns. Its SHA-256 is the one in the batch's entry
of the ledger, so that whoever has the file and a noted root can prove where it is from
(candor ledger proof).

A batch that was merged into a larger file is taken out of it: the file that is written
has its rows alone, and rows_sha256 of its entry is what proves them. A merged file is
handed over by its name (candor evidence show BATCH says it). Rows that were removed for
retention are in neither.

Batches of other kinds are records in the evidence store, and no files.`,
		Example: "  candor evidence export alerts-52e779eab00d --to alerts.parquet\n  candor evidence export alerts-52e779eab00d | sha256sum",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if to == "" && (p.json || p.OutTerm) {
				return fault.New(fault.Usage, "the file is Parquet, which a terminal and --json cannot take").Next("name a new file with --to, or pipe the output on")
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				if m, err := findMerge(ctx, d, args[0]); err != nil {
					return err
				} else if m != nil {
					path, _, err := d.BatchFile(ctx, m.File)
					return cmp.Or(err, p.handOver(exported{Batch: m.File, File: to}, path, m.SHA256))
				}
				b, err := findBatch(ctx, d, args[0])
				if err != nil {
					return err
				}
				return p.export(ctx, d, b, to)
			})
		},
	}
	c.Flags().StringVar(&to, "to", "", "the file to write, which must not be there yet")
	return c
}

func (p *program) export(ctx context.Context, d *Desk, b store.Batch, to string) (err error) {
	path, alone, err := d.BatchFile(ctx, b.ID)
	if fault.KindOf(err) == fault.NotFound {
		return fault.New(fault.Usage, "batch %s is of kind %s, and only batches of alerts are files", b.ID, b.Kind).
			Next("candor evidence show %s says what it brought", b.ID)
	}
	if err != nil {
		return err
	}
	want, e := b.Content, exported{Batch: b.ID, File: to, RowsSHA256: b.RowsHash, Withdrawn: b.Withdrawn != nil, Merged: b.Merged, Expired: b.Expired}
	if !alone {
		temp, err := scratch.Make(os.TempDir(), "candor-export-")
		if err != nil {
			return fault.New(fault.Unavailable, "the batch cannot be taken out of its merged file").Because(err).Next("check that there is room in %s; TMPDIR names another folder", os.TempDir())
		}
		defer temp.Remove()
		path = filepath.Join(temp.Path(), "batch.parquet")
		if want, err = d.Extract(ctx, b.ID, path); err != nil {
			return err
		}
	} else if b.Expired > 0 {
		want = ""
	}
	return p.handOver(e, path, want)
}

// handOver writes a file, whose SHA-256 is to be want unless that is empty, to where e says.
func (p *program) handOver(e exported, path, want string) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return fault.New(fault.Unavailable, "the batch file cannot be read").At("%s", path).Because(err).Next("check that you may read it; candor ledger verify says whether it is there")
	}
	defer in.Close()
	out := p.bare.Out
	if e.File != "" {
		file, err := create(p.path(e.File))
		if err != nil {
			return err
		}
		out = file
		defer func() {
			if err = errors.Join(err, file.Close()); err != nil {
				_ = os.Remove(file.Name())
			}
		}()
	}
	h := sha256.New()
	if e.Bytes, err = io.Copy(io.MultiWriter(out, h), in); err != nil {
		return fault.New(fault.Unavailable, "the batch file cannot be written").At("%s", e.File).Because(err).Next("check the space left on the disk")
	}
	if e.SHA256 = hex.EncodeToString(h.Sum(nil)); want != "" && e.SHA256 != want {
		return fault.New(fault.Conflict, "the file of batch %s is not the one that was written: its SHA-256 is %s, and was %s", e.Batch, e.SHA256, want).
			At("%s", path).Next("candor ledger verify names every file that is not as it was; do not use what was handed over")
	}
	if e.File == "" {
		return nil
	}
	return p.emit(e, func(g *sheet) { showExported(g, &e) })
}

// create makes a file that is not there yet.
func create(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, fault.New(fault.Conflict, "the file is there already").At("%s", path).Next("name a new file; none is overwritten")
	case err != nil:
		return nil, fault.New(fault.Unavailable, "the file cannot be made").At("%s", path).Because(err).Next("check the folder and the space left on the disk")
	}
	return file, nil
}

func showExported(g *sheet, e *exported) {
	g.line("wrote %s, %s", g.bold(e.File), count(e.Bytes, "byte", "bytes"))
	switch {
	case e.Merged != "":
		g.line("  sha256 %s, of this file: it was taken out of %s", e.SHA256, e.Merged)
	default:
		g.line("  sha256 %s, as in the ledger", e.SHA256)
	}
	switch {
	case e.Expired > 0:
		g.line("  without %s that expired", count(e.Expired, "row", "rows"))
	case e.RowsSHA256 != "":
		g.line("  rows   %s, as in the ledger", e.RowsSHA256)
	}
	if e.Withdrawn {
		g.line("  the batch is withdrawn: it does not count")
	}
}
