package mlp

import "math"

const (
	pairRadii  = 1 << 12
	pairAngles = 1 << 11
)

// normalPairs draws normal numbers by two, from tables of what Box and Muller's method computes: the radius of a point
// and the sine and cosine of its angle. Each is normal but for the tails: none lies beyond 4.4 deviations.
// (G. E. P. Box, M. E. Muller, "A Note on the Generation of Random Normal Deviates", Annals of Mathematical Statistics
// 29(2), 1958, doi:10.1214/aoms/1177706645.)
type normalPairs struct {
	radii  [pairRadii]float32     // all equally likely, times the deviation
	angles [pairAngles][2]float32 // sine and cosine
}

func newNormalPairs(deviation float64) *normalPairs {
	n := new(normalPairs)
	// The square of a radius is -2·log(u). Its mean from u to v is 2 - 2·(v·log(v) - u·log(u))/(v-u).
	below := 0.0
	for i := range n.radii {
		v := float64(i+1) / pairRadii
		above := float64(v * log64(v))
		n.radii[i] = float32(deviation * math.Sqrt(2-float64(2*pairRadii*(above-below))))
		below = above
	}
	for i := range n.angles {
		angle := (float64(i) + 0.5) * (2 * math.Pi / pairAngles)
		n.angles[i] = [2]float32{float32(sin64(angle)), float32(cos64(angle))}
	}
	return n
}

// add adds a number to each value of x. One draw of 64 bits serves four of them.
func (n *normalPairs) add(x []float32, r *draws) {
	for i := 0; i < len(x)-3; i += 4 {
		four := x[i : i+4 : i+4]
		v := r.next()
		radius, angle := n.radii[v%pairRadii], &n.angles[v>>12%pairAngles]
		four[0] += float32(radius * angle[0])
		four[1] += float32(radius * angle[1])
		radius, angle = n.radii[v>>32%pairRadii], &n.angles[v>>44%pairAngles]
		four[2] += float32(radius * angle[0])
		four[3] += float32(radius * angle[1])
	}
	for i := len(x) &^ 3; i < len(x); i++ {
		v := r.next()
		x[i] += float32(n.radii[v%pairRadii] * n.angles[v>>12%pairAngles][0])
	}
}
