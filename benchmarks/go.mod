module github.com/seed975aa5d7/mlp/benchmarks

go 1.26

require (
	github.com/seed975aa5d7/mlp v0.0.0
	gonum.org/v1/gonum v0.17.0
)

require golang.org/x/sys v0.30.0 // indirect

replace github.com/seed975aa5d7/mlp => ../
