module github.com/seed975aa5d7/mlp

go 1.24
