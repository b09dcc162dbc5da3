//go:build !purego && !noasm

package mlp

import (
	"testing"

	"github.com/klauspost/cpuid/v2"
)

// TestKernelsOfCPU compares the kernels that the library finds with what another package knows of the CPU. That one is not
// the library's because it would add 150 kB to every program.
func TestKernelsOfCPU(t *testing.T) {
	for _, k := range kernels() {
		want := true
		switch k.isa {
		case avx512:
			want = cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512DQ, cpuid.AVX512VL, cpuid.AVX2, cpuid.FMA3)
		case avx2:
			want = cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3)
		}
		if k.available != want {
			t.Errorf("%s: available is %v, want %v", k.name, k.available, want)
		}
	}
}
