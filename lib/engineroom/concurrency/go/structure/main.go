// Structure says what a Go file is made of, without running it: what it imports, which functions it
// declares, and which shared variables its goroutines write without holding a lock.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"sort"
	"strconv"
)

type finding struct {
	Imports   []string `json:"imports"`
	Functions []string `json:"functions"`
	Unguarded []write  `json:"unguarded"`
	LateAdds  []int    `json:"late_adds"` // lines where a goroutine adds itself to who is waited for
}

type write struct {
	Line int    `json:"line"`
	Name string `json:"name"`
}

func main() {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, os.Args[1], nil, parser.SkipObjectResolution)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	found := finding{Imports: []string{}, Functions: []string{}, Unguarded: []write{}, LateAdds: []int{}}
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		found.Imports = append(found.Imports, path)
	}
	for _, declaration := range file.Decls {
		if function, is := declaration.(*ast.FuncDecl); is && function.Body != nil {
			found.Functions = append(found.Functions, function.Name.Name)
			groups := waitedFor(function.Body)
			ast.Inspect(function.Body, func(node ast.Node) bool {
				if literal := startedLiteral(node); literal != nil {
					found.LateAdds = append(found.LateAdds, lateAdds(files, literal, groups)...)
					found.Unguarded = append(found.Unguarded, unguarded(files, literal)...)
				}
				return true
			})
		}
	}
	sort.Slice(found.Unguarded, func(i, j int) bool { return found.Unguarded[i].Line < found.Unguarded[j].Line })
	_ = json.NewEncoder(os.Stdout).Encode(found)
}

// startedLiteral returns the function literal that a node starts as a goroutine: by a go statement
// or by a method called Go.
func startedLiteral(node ast.Node) *ast.FuncLit {
	switch node := node.(type) {
	case *ast.GoStmt:
		literal, _ := node.Call.Fun.(*ast.FuncLit)
		return literal
	case *ast.CallExpr:
		if method, is := node.Fun.(*ast.SelectorExpr); is && method.Sel.Name == "Go" && len(node.Args) == 1 {
			literal, _ := node.Args[0].(*ast.FuncLit)
			return literal
		}
	}
	return nil
}

// method returns the variable and the name of the method that a node calls on it, or empty texts.
func method(node ast.Node) (variable, name string) {
	call, _ := node.(*ast.CallExpr)
	if call == nil {
		return "", ""
	}
	if selector, is := call.Fun.(*ast.SelectorExpr); is {
		if of, is := selector.X.(*ast.Ident); is {
			return of.Name, selector.Sel.Name
		}
	}
	return "", ""
}

// waitedFor returns the variables on which a function calls Wait.
func waitedFor(body *ast.BlockStmt) map[string]bool {
	groups := map[string]bool{}
	ast.Inspect(body, func(node ast.Node) bool {
		if variable, name := method(node); name == "Wait" {
			groups[variable] = true
		}
		return true
	})
	return groups
}

// lateAdds returns the lines of a literal that call Add on one of the groups.
func lateAdds(files *token.FileSet, literal *ast.FuncLit, groups map[string]bool) (lines []int) {
	ast.Inspect(literal.Body, func(node ast.Node) bool {
		if variable, name := method(node); name == "Add" && groups[variable] {
			lines = append(lines, files.Position(node.Pos()).Line)
		}
		return true
	})
	return lines
}

// unguarded returns the writes in a literal to variables from outside it that no lock held at that
// place protects. An element of a slice is taken to be the goroutine's own, an element of a map is not:
// which of the two an index expression means is told by its index being a name or a number, or a text.
func unguarded(files *token.FileSet, literal *ast.FuncLit) []write {
	own := declared(literal)
	var writes []write
	locks := 0
	ast.Inspect(literal.Body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.DeferStmt:
			return false // a deferred Unlock holds until the end
		case *ast.CallExpr:
			if method, is := node.Fun.(*ast.SelectorExpr); is {
				locks += map[string]int{"Lock": 1, "Unlock": -1}[method.Sel.Name]
			}
		case *ast.AssignStmt:
			if node.Tok != token.DEFINE {
				for _, target := range node.Lhs {
					writes = append(writes, shared(files, target, own, locks)...)
				}
			}
		case *ast.IncDecStmt:
			writes = append(writes, shared(files, node.X, own, locks)...)
		}
		return true
	})
	return writes
}

func shared(files *token.FileSet, target ast.Expr, own map[string]bool, locks int) []write {
	name := ""
	switch target := target.(type) {
	case *ast.Ident:
		name = target.Name
	case *ast.IndexExpr:
		if variable, is := target.X.(*ast.Ident); is && !indexLike(target.Index) {
			name = variable.Name
		}
	}
	if name == "" || name == "_" || own[name] || locks > 0 {
		return nil
	}
	return []write{{files.Position(target.Pos()).Line, name}}
}

// indexLike tells slices' indices from maps' keys by their usual names.
func indexLike(index ast.Expr) bool {
	switch index := index.(type) {
	case *ast.BasicLit:
		return index.Kind == token.INT
	case *ast.Ident:
		return len(index.Name) == 1
	}
	return false
}

// declared returns the names of a literal's parameters and of the variables that it declares.
func declared(literal *ast.FuncLit) map[string]bool {
	own := map[string]bool{}
	for _, field := range literal.Type.Params.List {
		for _, name := range field.Names {
			own[name.Name] = true
		}
	}
	add := func(expressions ...ast.Expr) {
		for _, expression := range expressions {
			if name, is := expression.(*ast.Ident); is {
				own[name.Name] = true
			}
		}
	}
	ast.Inspect(literal.Body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.AssignStmt:
			if node.Tok == token.DEFINE {
				add(node.Lhs...)
			}
		case *ast.RangeStmt:
			if node.Tok == token.DEFINE {
				add(node.Key, node.Value)
			}
		case *ast.ValueSpec:
			for _, name := range node.Names {
				own[name.Name] = true
			}
		}
		return true
	})
	return own
}
