// This file keeps the golden data out of the module's zip.
module github.com/seed975aa5d7/mlp/testdata

go 1.24
