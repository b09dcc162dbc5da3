package mlp

import "testing"

// TestXXH64 compares with xxhash 3 for Python: xxh64((arange(n)*0.5-3).astype("<f4").tobytes()).
func TestXXH64(t *testing.T) {
	for _, c := range []struct {
		n    int
		want uint64
	}{
		{0, 0xef46db3751d8e999}, {1, 0x477a7e4f0e7690dd}, {2, 0x909ae08e5f809693}, {3, 0x926982c891362c8c},
		{7, 0x5c7443f8463ac947}, {8, 0xc91c2a4007dc13d0}, {9, 0x1e54ca1d41e5e76a}, {10, 0xc93505c58d160147},
		{15, 0xcddd39095643c159}, {16, 0x289cb677b502f180}, {17, 0x975732ab73dcea70}, {31, 0xbe1b20085d030233},
		{1000, 0xeedf4b05308ac55f},
	} {
		x := make([]float32, c.n)
		for i := range x {
			x[i] = float32(i)*0.5 - 3
		}
		for cut := range min(c.n+1, 20) { // in two writes, and in many
			h := newXXH64()
			h.write(x[:cut])
			h.write(x[cut:])
			if got := h.sum(); got != c.want {
				t.Errorf("%d numbers, cut at %d: %#x, want %#x", c.n, cut, got, c.want)
			}
		}
		h := newXXH64()
		for i := range x {
			h.write(x[i : i+1])
		}
		if got := h.sum(); got != c.want {
			t.Errorf("%d numbers, one by one: %#x, want %#x", c.n, got, c.want)
		}
	}
}

func BenchmarkXXH64(b *testing.B) {
	x := make([]float32, 1<<18)
	b.SetBytes(4 << 18)
	for b.Loop() {
		newXXH64().write(x)
	}
}
