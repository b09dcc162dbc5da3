//go:build linux

package mlp

import (
	"math/rand/v2"
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// guarded allocates floats between two inaccessible pages, right behind the first or right before the second.
type guarded struct {
	t     *testing.T
	atEnd bool
	free  [][]byte // arenas for use again
	used  int
}

// arenaLen is the length in bytes of an arena, without its guards.
const arenaLen = 16 * pageSize

func (g *guarded) alloc(n int) []float32 {
	if g.used == len(g.free) {
		page := os.Getpagesize()
		m, err := unix.Mmap(-1, 0, arenaLen+2*page, unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE)
		if err != nil {
			g.t.Fatal(err)
		}
		g.t.Cleanup(func() {
			if err := unix.Munmap(m); err != nil {
				g.t.Error(err)
			}
		})
		arena := m[page:][:arenaLen]
		if err := unix.Mprotect(arena, unix.PROT_READ|unix.PROT_WRITE); err != nil {
			g.t.Fatal(err)
		}
		g.free = append(g.free, arena)
	}
	arena := g.free[g.used]
	g.used++
	floats := unsafe.Slice((*float32)(unsafe.Pointer(&arena[0])), arenaLen/4)
	if g.atEnd {
		return fill(floats[len(floats)-n:], canary)
	}
	return fill(floats[:n:n], canary)
}

// TestProductBounds faults if a kernel reads or writes outside its operands.
func TestProductBounds(t *testing.T) {
	eachKernel(t, func(t *testing.T, k kernel) {
		rng := rand.New(rand.NewPCG(5, 0))
		for _, atEnd := range []bool{false, true} {
			g := &guarded{t: t, atEnd: atEnd}
			for n := 1; n <= 40; n++ {
				for range 20 {
					size := [3]int{1 + rng.IntN(40), 1 + rng.IntN(40), 1 + rng.IntN(40)}
					size[rng.IntN(3)] = n
					g.used = 0
					d := newDense(rng, g.alloc, size[0], size[1], size[2], uniform)
					for op := range productOps {
						compare(t, d, op, k)
					}
				}
			}
		}
	})
}
