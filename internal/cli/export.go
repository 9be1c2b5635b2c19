package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"candor/internal/fault"
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

Batches of other kinds are records in the evidence store, and no files.`,
		Example: "  candor evidence export alerts-52e779eab00d --to alerts.parquet\n  candor evidence export alerts-52e779eab00d | sha256sum",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if to == "" && (p.json || p.OutTerm) {
				return fault.New(fault.Usage, "the file is Parquet, which a terminal and --json cannot take").Next("name a new file with --to, or pipe the output on")
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
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
	path, err := d.BatchFile(ctx, b.ID)
	if fault.KindOf(err) == fault.NotFound {
		return fault.New(fault.Usage, "batch %s is of kind %s, and only batches of alerts are files", b.ID, b.Kind).
			Next("candor evidence show %s says what it brought", b.ID)
	}
	if err != nil {
		return err
	}
	in, err := os.Open(path)
	if err != nil {
		return fault.New(fault.Unavailable, "the batch file cannot be read").At("%s", path).Because(err).Next("check that you may read it; candor ledger verify says whether it is there")
	}
	defer in.Close()
	out := p.bare.Out
	if to != "" {
		file, err := create(p.path(to))
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
	e := exported{Batch: b.ID, File: to, RowsSHA256: b.RowsHash, Withdrawn: b.Withdrawn != nil}
	h := sha256.New()
	if e.Bytes, err = io.Copy(io.MultiWriter(out, h), in); err != nil {
		return fault.New(fault.Unavailable, "the batch file cannot be written").At("%s", to).Because(err).Next("check the space left on the disk")
	}
	if e.SHA256 = hex.EncodeToString(h.Sum(nil)); e.SHA256 != b.Content {
		return fault.New(fault.Conflict, "the file of batch %s is not the one that was written: its SHA-256 is %s, and was %s", b.ID, e.SHA256, b.Content).
			At("%s", path).Next("candor ledger verify names every file that is not as it was; do not use what was handed over")
	}
	if to == "" {
		return nil
	}
	return p.emit(e, func(g *page) { showExported(g, &e) })
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

func showExported(g *page, e *exported) {
	g.line("wrote %s, %s", g.bold(e.File), count(e.Bytes, "byte", "bytes"))
	g.line("  sha256 %s, as in the ledger", e.SHA256)
	g.line("  rows   %s", e.RowsSHA256)
	if e.Withdrawn {
		g.line("  the batch is withdrawn: it does not count")
	}
}
