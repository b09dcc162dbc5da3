// Package pb is the part of the ONNX format that package onnx reads and writes, as protoc-gen-go v1.36.12 makes it of
// mlp_onnx.proto. To make it anew, with protoc on the PATH:
//
//	go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
//	go generate ./internal/pb
package pb

//go:generate protoc --go_out=. --go_opt=paths=source_relative mlp_onnx.proto
