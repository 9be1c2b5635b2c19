package floors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/evidence"
)

// words are those of the section Words of doc/architecture.md that code declares, in all
// their forms, with the rooms in which they have the meaning that stands there.
var words = map[string][]string{
	"settle settles settled settling": {"measure", "assure", "cli", "web"},
	"entry entries":                   {"ledger", "custody", "cli"},
	"page pages":                      {"web", "library", "api", "attack/prose"},
	"turn turns":                      {"hold", "app"},
	"kept":                            {"archive", "web"},
	// Fields of tables that are read, as in those of files and of the engine, and printed.
	"cell cells": {"alert/tabular", "alert/parquet", "decode/workbook", "mapping", "store/duckdb", "triage", "matrix", "roster", "excerpt", "web"},
}

// TestAWordHasOneMeaning looks where types, functions and methods are called by a word that
// means one thing.
func TestAWordHasOneMeaning(t *testing.T) {
	found := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		room := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), ".."+string(filepath.Separator)))
		for _, name := range declared(file) {
			for forms, rooms := range words {
				if !slices.Contains(strings.Fields(forms), strings.ToLower(name)) {
					continue
				}
				found[forms] = true
				if !slices.Contains(rooms, room) {
					t.Errorf("%s declares %s, which means something else: see Words in doc/architecture.md", path, name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for forms := range words {
		if !found[forms] {
			t.Errorf("nothing is called any of %q", forms)
		}
	}
}

// declared lists what a file declares at its top.
func declared(f *ast.File) (names []string) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name.Name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}

// TestKindsOfEvidenceStandInOneList looks for code that tells kinds of evidence apart by
// their names as text, which is a list of its own.
func TestKindsOfEvidenceStandInOneList(t *testing.T) {
	fset, files := source(t)
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			var of ast.Expr
			var texts []ast.Expr
			switch n := n.(type) {
			case *ast.BinaryExpr:
				of, texts = n.X, []ast.Expr{n.Y}
			case *ast.KeyValueExpr:
				of, texts = n.Key, []ast.Expr{n.Value}
			case *ast.SwitchStmt:
				of = n.Tag
				for _, c := range n.Body.List {
					texts = append(texts, c.(*ast.CaseClause).List...)
				}
			}
			for _, text := range texts {
				if kind := spelled(of, text); kind != "" {
					t.Errorf("%s: a kind of evidence is spelled out: use evidence.KindOf or the constant for %q", fset.Position(n.Pos()), kind)
				}
			}
			return true
		})
	}
}

// spelled returns the kind of evidence that a text names to which a kind is held; empty for
// anything else.
func spelled(of, text ast.Expr) string {
	var name string
	switch x := of.(type) {
	case *ast.SelectorExpr:
		name = x.Sel.Name
	case *ast.Ident:
		name = x.Name
	}
	lit, ok := text.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING || !strings.EqualFold(name, "kind") {
		return ""
	}
	return evidence.KindOf(strings.Trim(lit.Value, "\"")).Name
}
