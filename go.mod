module github.com/seed975aa5d7/mlp

go 1.24

require github.com/klauspost/cpuid/v2 v2.3.0

require golang.org/x/sys v0.30.0
