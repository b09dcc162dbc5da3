package mlp

import (
	"math"
	"math/rand/v2"
	"testing"
)

// FuzzGeneric compares the generic products with their definition: one scalar chain of fused multiply-adds for every
// element, on weights that are addressed one by one.
func FuzzGeneric(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint8(4), uint8(17))
	f.Add(uint64(2), uint8(0), uint8(0), uint8(0))
	f.Add(uint64(3), uint8(5), uint8(33), uint8(9))
	f.Add(uint64(4), uint8(1), uint8(2), uint8(47))
	f.Fuzz(func(t *testing.T, seed uint64, r, i, u uint8) {
		rng := rand.New(rand.NewPCG(seed, 0))
		rows, inputs, units := 1+int(r)%20, 1+int(i)%70, 1+int(u)%70
		d := newDense(rng, scattered(rng), rows, inputs, units, special)
		at := func(i, u int) int { return u/lanes*d.panel + i*panelWidth(units, u/lanes*lanes) + u%lanes }
		check := func(what string, row, column int, got, want float32) {
			t.Helper()
			if math.Float32bits(got) != math.Float32bits(want) && (got == got || want == want) {
				t.Fatalf("%d×%d→%d: %s[%d, %d] is %v, want %v", rows, inputs, units, what, row, column, got, want)
			}
		}
		forwardGeneric(d)
		gradWeightsGeneric(d)
		gradInputGeneric(d)
		for b := range rows {
			for u := range units {
				z := d.w[at(0, u)]
				for i := range inputs {
					z = fma32(d.x[b*d.ldx+i], d.w[at(1+i, u)], z)
				}
				if d.relu && z <= 0 {
					z = 0
				}
				check("y", b, u, d.y[b*d.ldy+u], z)
			}
			for i := range inputs {
				dx := float32(0)
				for u := range units {
					dx = fma32(d.dz[b*d.ldy+u], d.w[at(1+i, u)], dx)
				}
				if d.masked && !(d.x[b*d.ldx+i] > 0) {
					dx = 0
				}
				check("dx", b, i, d.dx[b*d.lddx+i], dx)
			}
		}
		for u := range units {
			db := float32(0)
			for b := range rows {
				db += d.dz[b*d.ldy+u]
			}
			if d.bias {
				check("db", 0, u, d.g[at(0, u)], db)
			}
			for i := range inputs {
				dw := float32(0)
				for b := range rows {
					dw = fma32(d.x[b*d.ldx+i], d.dz[b*d.ldy+u], dw)
				}
				check("dw", i, u, d.g[at(1+i, u)], dw)
			}
		}
	})
}
