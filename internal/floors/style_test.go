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
)

// source is every non-test file of the module, parsed.
func source(t *testing.T) (*token.FileSet, []*ast.File) {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		files = append(files, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fset, files
}

func TestFunctionsAreShort(t *testing.T) {
	fset, files := source(t)
	var lengths []int
	for _, f := range files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			n := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1
			lengths = append(lengths, n)
			if n > 90 {
				t.Errorf("%s: %s is %d lines, more than 90", fset.Position(fn.Pos()), fn.Name.Name, n)
			}
		}
	}
	slices.Sort(lengths)
	median, p95 := lengths[len(lengths)/2], lengths[len(lengths)*95/100]
	if median > 12 || p95 > 50 {
		t.Errorf("%d functions: median %d lines (at most 12), 95th percentile %d (at most 50)", len(lengths), median, p95)
	}
}

func TestPackagesAndExportedNamesAreDocumented(t *testing.T) {
	fset, files := source(t)
	documented := map[string]bool{}
	for _, f := range files {
		dir := filepath.Dir(fset.Position(f.Pos()).Filename)
		documented[dir] = documented[dir] || f.Doc != nil
		for _, d := range f.Decls {
			if missing := undocumented(d); missing != "" {
				t.Errorf("%s: %s is exported and has no comment", fset.Position(d.Pos()), missing)
			}
		}
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package %s has no comment that says what it holds and what it refuses", dir)
		}
	}
}

func undocumented(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			return d.Name.Name
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil {
				return ts.Name.Name
			}
		}
	}
	return ""
}

func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	id, ok := t.(*ast.Ident)
	return !ok || id.IsExported()
}

func TestNoInitFunctions(t *testing.T) {
	fset, files := source(t)
	for _, f := range files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: registration in init is not done here", fset.Position(fn.Pos()))
			}
		}
	}
}

// TestRoutesAreRegisteredAtTheDoor keeps handlers behind package door, which asks who
// may before it calls one.
func TestRoutesAreRegisteredAtTheDoor(t *testing.T) {
	fset, files := source(t)
	muxes := []string{"NewServeMux", "ServeMux", "DefaultServeMux", "Handle", "HandleFunc"}
	for _, f := range files {
		if f.Name.Name == "door" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok || !slices.Contains(muxes, s.Sel.Name) {
				return true
			}
			if p, ok := s.X.(*ast.Ident); ok && p.Name == "http" {
				t.Errorf("%s: http.%s: a route is registered with a door.Router, which asks who may", fset.Position(s.Pos()), s.Sel.Name)
			}
			return true
		})
	}
}

// TestGoroutinesAreStartedByACrew keeps goroutines where a panic of theirs does not
// end the process: package crew. What tests are made with may do otherwise.
func TestGoroutinesAreStartedByACrew(t *testing.T) {
	fset, files := source(t)
	for _, f := range files {
		if slices.Contains([]string{"crew", "storetest", "tear"}, f.Name.Name) || strings.Contains(fset.Position(f.Pos()).Filename, "/bench/") {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: a goroutine that nobody recovers: start it with package crew", fset.Position(n.Pos()))
			case *ast.SelectorExpr:
				if p, ok := n.X.(*ast.Ident); ok && (p.Name == "errgroup" || p.Name == "sync" && n.Sel.Name == "WaitGroup") {
					t.Errorf("%s: %s.%s: take a Group or the Workers of package crew", fset.Position(n.Pos()), p.Name, n.Sel.Name)
				}
			}
			return true
		})
	}
}
