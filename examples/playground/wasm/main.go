//go:build !(js && wasm)

package main

import "log"

func main() {
	log.Fatal("this part of the playground runs in a browser: go run ./examples/playground")
}
