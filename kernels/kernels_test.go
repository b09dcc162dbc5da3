package kernels

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"
)

var generate = flag.Bool("generate", false, "write the assembly instead of comparing it")

// TestAssembly fails where the library's assembly is not what this generator emits; with -generate it writes it.
func TestAssembly(t *testing.T) {
	for _, target := range []struct {
		path string
		emit func() ([]byte, error)
	}{
		{"../kernels_amd64.s", amd64},
		{"../kernels_elementwise_amd64.s", elementwise},
		{"../kernels_augment_amd64.s", augment},
		{"../kernels_arm64.s", arm64},
		{"../kernels_elementwise_arm64.s", arm64Elementwise},
	} {
		want, err := target.emit()
		if err != nil {
			t.Fatal(err)
		}
		if *generate {
			if err := os.WriteFile(target.path, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(target.path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale from %s on; run: go test . -generate", target.path, firstDifference(got, want))
		}
	}
}

// firstDifference names the first line in which a and b differ.
func firstDifference(a, b []byte) string {
	as, bs := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i, line := range bs {
		if i >= len(as) || !bytes.Equal(as[i], line) {
			return fmt.Sprintf("line %d (%q)", i+1, line)
		}
	}
	return fmt.Sprintf("line %d", len(bs)+1)
}
