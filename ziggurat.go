package mlp

import "math"

const (
	zigguratLayers = 128
	zigguratEnd    = 3.442619855899      // where the tail begins
	zigguratArea   = 9.91256303526217e-3 // of each layer
)

// ziggurat draws standard normal numbers. Layers of one area cover the density; nearly all of each is a rectangle that
// lies below the curve, from which a number costs a product and a comparison.
// (G. Marsaglia, W. W. Tsang, "The Ziggurat Method for Generating Random Variables", Journal of Statistical Software
// 5(8), 2000, doi:10.18637/jss.v005.i08.)
type ziggurat struct {
	// Layer i reaches from 0 to edge[i], and from density[i] up to density[i+1]; layer 0, at the bottom, holds the
	// tail, and its edge is that of a rectangle of its area.
	edge, density [zigguratLayers + 1]float64

	width  [zigguratLayers]float32 // edge[i] over 2³¹
	inside [zigguratLayers]uint32  // edge[i+1] in units of width: what is less lies below the curve
}

func newZiggurat() *ziggurat {
	z := new(ziggurat)
	z.edge[1], z.density[1] = zigguratEnd, exp64(-0.5*zigguratEnd*zigguratEnd)
	z.edge[0] = zigguratArea / z.density[1]
	for i := 1; i < zigguratLayers-1; i++ {
		z.density[i+1] = z.density[i] + zigguratArea/z.edge[i]
		z.edge[i+1] = math.Sqrt(-2 * log64(z.density[i+1]))
	}
	z.density[zigguratLayers] = 1 // at edge 0
	for i := range zigguratLayers {
		z.width[i] = float32(z.edge[i] * 0x1p-31)
		z.inside[i] = uint32(z.edge[i+1] / z.edge[i] * 0x1p31)
	}
	return z
}

// draw returns a standard normal number.
func (z *ziggurat) draw(r *draws) float32 {
	v := r.next()
	i, j := v%zigguratLayers, int32(v>>32)
	x := float32(j) * z.width[i]
	if uint32(j^j>>31) < z.inside[i] {
		return x
	}
	return z.drawOutside(r, int(i), float64(x))
}

// drawOutside decides on a number of layer i that does not lie in the rectangle below the curve.
func (z *ziggurat) drawOutside(r *draws, i int, x float64) float32 {
	if i == 0 {
		for {
			beyond, height := -log64(r.unit())/zigguratEnd, -log64(r.unit())
			if 2*height > beyond*beyond {
				return float32(math.Copysign(zigguratEnd+beyond, x))
			}
		}
	}
	if z.density[i]+float64(r.unit()*(z.density[i+1]-z.density[i])) < exp64(-0.5*x*x) {
		return float32(x)
	}
	return z.draw(r)
}
