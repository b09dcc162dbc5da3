package mlp

import "unsafe"

const (
	cacheLine = 64   // bytes
	pageSize  = 4096 // bytes; addresses that differ by a multiple compete for cache sets and stall loads behind stores
)

// alignedFloats returns n zeros that begin at a cache line.
func alignedFloats(n int) []float32 {
	return floatsAt(n, cacheLine, 0)
}

// besideFloats returns as many zeros as w holds, for the i-th array that loops walk side by side with w: their starts have
// different distances from a 4 KB boundary.
func besideFloats(w []float32, i int) []float32 {
	const skew = 17 * cacheLine
	return floatsAt(len(w), pageSize, address(w)+uintptr(i)*skew)
}

// floatsAt returns n zeros whose address is congruent to the given one modulo a power of two.
func floatsAt(n int, modulus, congruent uintptr) []float32 {
	if n == 0 {
		return nil
	}
	s := make([]float32, n+int(modulus/4))
	skip := (congruent - address(s)) % modulus
	return s[skip/4:][:n:n]
}

func address(s []float32) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(s))) }

// Memory returns the bytes that the network's weights and the trainer's arrays take. All of them exist when NewTrainer returns,
// and Step allocates nothing more but for its workers, once: of each, a stack and 128 bytes for each unit of the widest layer.
// Fit adds a batch's rows, the order of all rows, and what its callbacks keep.
func (t *Trainer) Memory() int {
	n := t.net
	plain := [][]float32{n.statistics, t.sums, t.average, t.xGather, t.yGather, t.wGather, t.scale, t.losses, t.outputs}
	aligned := [][]float32{n.params, t.dx}
	for i := range t.stages {
		s, b := &n.stages[i], &t.stages[i]
		plain = append(plain, s.ones, s.zeros, b.mean, b.inverse, b.sums)
		aligned = append(aligned, b.out, b.z, b.dz, b.xhat, b.dense.t)
	}
	bytes := 0
	seen := map[*float32]bool{nil: true} // stages share buffers
	for _, group := range []struct {
		arrays [][]float32
		slack  int // bytes
	}{{plain, 0}, {aligned, cacheLine}, {append(t.moments.arrays[:], t.grads), pageSize}} {
		for _, s := range group.arrays {
			if first := unsafe.SliceData(s); !seen[first] {
				seen[first] = true
				bytes += 4*len(s) + group.slack
			}
		}
	}
	return bytes
}
