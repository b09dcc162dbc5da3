package kernels

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// structs returns a package that declares the named struct types of the library, found in its files. Layouts are read from
// the source, so that a changed struct makes the assembly stale; the rest of the library need not compile.
func structs(paths []string, names ...string) (*types.Package, error) {
	fset := token.NewFileSet()
	pkg := &ast.File{Name: ast.NewIdent("mlp")}
	for _, path := range paths {
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.TYPE {
				continue
			}
			for _, name := range names {
				if gen.Specs[0].(*ast.TypeSpec).Name.Name == name {
					pkg.Decls = append(pkg.Decls, gen)
				}
			}
		}
	}
	return new(types.Config).Check("mlp", fset, []*ast.File{pkg}, nil)
}

// field returns the memory of a field, named as in "dense.x", of the struct that base points to; of a slice it is the
// pointer.
func (p *program) field(base reg.GPPhysical, name string) operand.Mem {
	return operand.Mem{Base: base, Disp: offsetOf(p.structs, "amd64", name)}
}

// offsetOf returns the offset of a field in its struct.
func offsetOf(structs *types.Package, arch, name string) int {
	structName, fieldName, _ := strings.Cut(name, ".")
	if object := structs.Scope().Lookup(structName); object != nil {
		s := object.Type().Underlying().(*types.Struct)
		fields := make([]*types.Var, s.NumFields())
		for i := range fields {
			fields[i] = s.Field(i)
		}
		for i, offset := range types.SizesFor("gc", arch).Offsetsof(fields) {
			if fields[i].Name() == fieldName {
				return int(offset)
			}
		}
	}
	panic(fmt.Sprintf("kernels: the library has no %s", name))
}
