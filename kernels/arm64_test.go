package kernels

import (
	"encoding/binary"
	"maps"
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

// TestLoops counts the instructions of the loops over the reduction. docs/KERNELS.md has their shares by multiply-add.
func TestLoops(t *testing.T) {
	want := map[string][2]int{ // multiply-adds, instructions
		"peakNEON round": {24, 26}, "tile1x64NEON k1_1": {16, 27},
		"tile6x16NEON k4_6": {96, 120}, "tile6x16NEON k4_4": {64, 78}, "tile6x16NEON k4_2": {32, 44}, "tile6x16NEON k4_1": {16, 27},
		"tile6x16NEON k1_6": {24, 36}, "tile6x16NEON k1_4": {16, 24}, "tile6x16NEON k1_2": {8, 14}, "tile6x16NEON k1_1": {4, 9},
		"tile8x8NEON k4_8": {64, 78}, "tile8x8NEON k4_4": {32, 42}, "tile8x8NEON k4_1": {8, 15},
		"tile8x8NEON k1_8": {16, 27}, "tile8x8NEON k1_4": {8, 15}, "tile8x8NEON k1_1": {2, 6},
		"across6x16NEON k6": {24, 32}, "across6x16NEON k4": {16, 23}, "across6x16NEON k2": {8, 15}, "across6x16NEON k1": {4, 11},
		"across8x8NEON k8": {16, 23}, "across8x8NEON k4": {8, 14}, "across8x8NEON k2": {4, 10}, "across8x8NEON k1": {2, 8},
	}
	text, err := arm64()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][2]int{}
	var routine, loop string
	var count [2]int
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		name, isInstruction := strings.CutPrefix(line, "\t")
		switch {
		case strings.HasPrefix(line, "TEXT ·"):
			routine, _, _ = strings.Cut(line[len("TEXT ·"):], "(SB)")
			routine = strings.TrimSuffix(routine, "<>")
		case strings.HasSuffix(line, ":"):
			loop, count = strings.TrimSuffix(line, ":"), [2]int{}
		case isInstruction && !strings.HasPrefix(name, "//"):
			count[1]++
			if strings.Contains(name, "fmla") {
				count[0]++
			}
			if name == "BNE "+loop && count[0] > 0 {
				got[routine+" "+loop] = count
			}
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("loops have %v multiply-adds and instructions, want %v", got, want)
	}
}
