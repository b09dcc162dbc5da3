module github.com/seed975aa5d7/mlp/onnx

go 1.24

require (
	github.com/seed975aa5d7/mlp v0.0.0
	google.golang.org/protobuf v1.36.12
)

require (
	github.com/klauspost/cpuid/v2 v2.3.0 // indirect
	golang.org/x/sys v0.30.0 // indirect
)
