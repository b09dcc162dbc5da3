package mlp

import "math"

// fillLowRank makes x the product U·S·Vᵀ of orthonormal columns U and V, drawn at random, and singular values S that fall
// off behind the first rank of them, as scikit-learn's make_low_rank_matrix does.
func (s *synthetic) fillLowRank(r *RandomState, rank int, tail float64) {
	rows := len(s.x) / s.features
	n := min(rows, s.features)
	u, v := orthonormal(r, rows, n), orthonormal(r, s.features, n)
	for k := range n {
		place := float64(k) / float64(rank)
		value := float64((1-tail)*exp64(-float64(place*place))) + float64(tail*exp64(-0.1*float64(k)/float64(rank)))
		for i := k; i < len(u); i += n {
			u[i] *= value
		}
	}
	for i := range rows {
		row := s.row(i)
		for j := range row {
			sum := 0.0
			for k, a := range u[i*n:][:n] {
				sum = math.FMA(a, v[j*n+k], sum)
			}
			row[j] = sum
		}
	}
}

// orthonormal draws a matrix [rows, n] of normal numbers, at most as wide as high, and returns the Q of its QR
// decomposition: by Householder's reflections, with the signs of LAPACK's.
func orthonormal(r *RandomState, rows, n int) []float64 {
	a := make([]float64, rows*n)
	for i := range a {
		a[i] = r.StandardNormal()
	}
	reflections := make([]reflection, n)
	sums := make([]float64, n)
	for k := range reflections {
		h := newReflection(a, n, k)
		h.apply(a, sums)
		reflections[k] = h
	}
	clear(a)
	for k := range n {
		a[k*n+k] = 1
	}
	for k := n - 1; k >= 0; k-- {
		reflections[k].apply(a, sums)
	}
	return a
}

// reflection is the matrix I - factor·v·vᵀ, where v begins at row first.
type reflection struct {
	first  int
	v      []float64
	factor float64
}

// newReflection returns the reflection that takes column k of a [rows, n] to 0 below the diagonal.
func newReflection(a []float64, n, k int) reflection {
	h := reflection{first: k}
	below := 0.0
	for i := k*n + k; i < len(a); i += n {
		h.v = append(h.v, a[i])
		if i > k*n+k {
			below = math.FMA(a[i], a[i], below)
		}
	}
	if below == 0 { // as LAPACK's, that of a single number leaves its sign
		return h
	}
	diagonal := h.v[0]
	h.v[0] += math.Copysign(math.Sqrt(math.FMA(diagonal, diagonal, below)), diagonal)
	h.factor = 2 / math.FMA(h.v[0], h.v[0], below)
	return h
}

// apply multiplies a [rows, n] by the reflection; sums [n] is scratch.
func (h reflection) apply(a, sums []float64) {
	if h.factor == 0 {
		return
	}
	n := len(sums)
	clear(sums)
	for i, v := range h.v {
		for j, value := range a[(h.first+i)*n:][:n] {
			sums[j] = math.FMA(v, value, sums[j])
		}
	}
	for i, v := range h.v {
		row := a[(h.first+i)*n:][:n]
		for j, sum := range sums {
			row[j] -= float64(h.factor * v * sum)
		}
	}
}
