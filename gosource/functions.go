package gosource

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
)

// library holds functions of package mlp, so that generated code computes as it does. TestLibrary writes the file.
//
//go:embed library.go.txt
var library string

// helpers holds what generated code needs besides.
//
//go:embed helpers.go.txt
var helpers string

// functions are top-level functions and constants, in their order.
type functions struct {
	list   []function
	byName map[string]int // index in list
}

// function is one of them.
type function struct {
	text  string
	needs []string // names that it mentions, of functions or not
}

// parseFunctions takes the functions and constants from Go files, each constant in a declaration of its own.
func parseFunctions(sources ...string) (*functions, error) {
	f := &functions{byName: map[string]int{}}
	for _, source := range sources {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "", source, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			name, from := "", d.Pos()
			switch d := d.(type) {
			case *ast.FuncDecl:
				name = d.Name.Name
				if d.Doc != nil {
					from = d.Doc.Pos()
				}
			case *ast.GenDecl:
				if d.Tok != token.CONST {
					continue
				}
				name = d.Specs[0].(*ast.ValueSpec).Names[0].Name
			}
			g := function{text: source[fset.Position(from).Offset:fset.Position(d.End()).Offset]}
			ast.Inspect(d, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					g.needs = append(g.needs, id.Name)
				}
				return true
			})
			f.byName[name] = len(f.list)
			f.list = append(f.list, g)
		}
	}
	return f, nil
}

// write writes the functions of those names, and what they need, to out.
func (f *functions) write(out *bytes.Buffer, names []string) error {
	wanted := make([]bool, len(f.list))
	var want func(name string)
	want = func(name string) {
		if i, ok := f.byName[name]; ok && !wanted[i] {
			wanted[i] = true
			for _, n := range f.list[i].needs {
				want(n)
			}
		}
	}
	for _, name := range names {
		if _, ok := f.byName[name]; !ok {
			return fmt.Errorf("there is no function %q", name)
		}
		want(name)
	}
	for i, g := range f.list {
		if wanted[i] {
			fmt.Fprintf(out, "\n%s\n", g.text)
		}
	}
	return nil
}
