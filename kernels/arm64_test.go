package kernels

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestWords fails where a word of the arm64 assembly is not the instruction that its comment says, as binutils disassembles
// it. It is skipped without binutils for aarch64, unless MLP_TEST_REQUIRE names objdump.
func TestWords(t *testing.T) {
	const objdump = "aarch64-linux-gnu-objdump"
	if _, err := exec.LookPath(objdump); err != nil {
		if slices.Contains(strings.Split(os.Getenv("MLP_TEST_REQUIRE"), ","), "objdump") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	word := regexp.MustCompile(`(?m)^\tWORD \$0x([0-9a-f]{8}) // (.*)$`)
	instruction := regexp.MustCompile(`(?m)^ *[0-9a-f]+:\t[0-9a-f]{8} \t(.*)$`)
	for _, path := range armFiles {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var code []byte
		words := word.FindAllStringSubmatch(string(text), -1)
		for _, w := range words {
			bits, err := strconv.ParseUint(w[1], 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			code = binary.LittleEndian.AppendUint32(code, uint32(bits))
		}
		if n := strings.Count(string(text), "WORD"); n != len(words) || n == 0 {
			t.Errorf("%s has %d words, %d of them with a comment", path, n, len(words))
		}
		file := filepath.Join(t.TempDir(), "words")
		if err := os.WriteFile(file, code, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(objdump, "-D", "-z", "-b", "binary", "-m", "aarch64", file).Output()
		if err != nil {
			t.Fatal(err)
		}
		got := instruction.FindAllStringSubmatch(string(out), -1)
		if len(got) != len(words) {
			t.Fatalf("%s has %d words, of which %d are disassembled", path, len(words), len(got))
		}
		for i, w := range words {
			if text := strings.ReplaceAll(got[i][1], "\t", " "); text != w[2] {
				t.Errorf("%s: word %s is %q, but its comment says %q", path, w[1], text, w[2])
			}
		}
	}
}
