package mlp

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sort"
)

// RandomState is NumPy's random generator of the same name: MT19937 and the methods that NumPy keeps frozen, so that a
// seed gives the very numbers that Python gets. Whatever takes scikit-learn's random_state draws from one.
//
// It is for reproducing NumPy's streams, not for cryptography. A RandomState belongs to one goroutine.
// (Matsumoto and Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998, doi:10.1145/272991.272995;
// https://numpy.org/doc/stable/reference/random/legacy.html.)
type RandomState struct {
	key [624]uint32
	pos int // the next word of key; 624 where key is used up

	gauss    float64 // the second normal of a pair
	hasGauss bool
}

// NewRandomState returns the generator that numpy.random.RandomState(seed) is.
func NewRandomState(seed uint32) *RandomState {
	r := new(RandomState)
	r.pos = len(r.key)
	r.key[0] = seed
	for i := 1; i < len(r.key); i++ {
		r.key[i] = 1812433253*(r.key[i-1]^r.key[i-1]>>30) + uint32(i)
	}
	return r
}

// NewRandomStateFromKey returns the generator that numpy.random.RandomState is for a list of integers. A list of one
// integer gives other numbers than the integer itself; an empty list is an error.
func NewRandomStateFromKey(key []uint32) (*RandomState, error) {
	if len(key) == 0 {
		return nil, errors.New("mlp: NewRandomStateFromKey: the key is empty, want at least one integer")
	}
	r := NewRandomState(19650218)
	last := len(r.key) - 1
	i := 1
	next := func() {
		if i++; i > last {
			r.key[0], i = r.key[last], 1
		}
	}
	for k := range max(len(r.key), len(key)) {
		j := k % len(key)
		r.key[i] = (r.key[i] ^ (r.key[i-1]^r.key[i-1]>>30)*1664525) + key[j] + uint32(j)
		next()
	}
	for range last {
		r.key[i] = (r.key[i] ^ (r.key[i-1]^r.key[i-1]>>30)*1566083941) - uint32(i)
		next()
	}
	r.key[0] = 1 << 31
	return r, nil
}

// word returns the next 32 random bits.
func (r *RandomState) word() uint32 {
	if r.pos == len(r.key) {
		r.twist()
	}
	y := r.key[r.pos]
	r.pos++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// twist makes the next 624 words.
func (r *RandomState) twist() {
	const n, m = len(r.key), 397
	for i := range r.key {
		y := r.key[i]&(1<<31) | r.key[(i+1)%n]&(1<<31-1)
		r.key[i] = r.key[(i+m)%n] ^ y>>1 ^ -(y&1)&0x9908b0df
	}
	r.pos = 0
}

// interval returns an integer of [0, last], all equally likely, by NumPy's masked rejection. It uses no word where
// last is 0, and two words a try, the high half first, where last needs more than 32 bits.
func (r *RandomState) interval(last uint64) uint64 {
	if last == 0 {
		return 0
	}
	mask := uint64(1)<<bits.Len64(last) - 1
	for {
		v := uint64(r.word())
		if last > math.MaxUint32 {
			v = v<<32 | uint64(r.word())
		}
		if v &= mask; v <= last {
			return v
		}
	}
}

// RandomSample returns a number of [0, 1) with 53 random bits.
func (r *RandomState) RandomSample() float64 {
	a, b := r.word()>>5, r.word()>>6
	return float64(uint64(a)<<26|uint64(b)) / (1 << 53)
}

// Uniform returns a number of [low, high).
func (r *RandomState) Uniform(low, high float64) float64 {
	return low + float64((high-low)*r.RandomSample())
}

// RandInt returns an integer of [low, high), as NumPy's randint does; low >= high is an error.
func (r *RandomState) RandInt(low, high int64) (int64, error) {
	if low >= high {
		return 0, fmt.Errorf("mlp: RandInt: low is %d and high is %d, want low < high", low, high)
	}
	return low + int64(r.interval(uint64(high)-uint64(low)-1)), nil
}

// Shuffle puts n elements into a random order by calling swap for pairs of them, as math/rand's Shuffle does.
func (r *RandomState) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, int(r.interval(uint64(i))))
	}
}

// Permutation returns 0 … n-1 in a random order.
func (r *RandomState) Permutation(n int) []int {
	p := make([]int, max(n, 0))
	for i := range p {
		p[i] = i
	}
	r.Shuffle(n, func(i, j int) { p[i], p[j] = p[j], p[i] })
	return p
}

// StandardNormal returns a normal number of mean 0 and standard deviation 1, by Marsaglia's polar method. The numbers
// come in pairs; the second is kept for the next call, whatever is drawn in between.
func (r *RandomState) StandardNormal() float64 {
	if r.hasGauss {
		g := r.gauss
		r.gauss, r.hasGauss = 0, false
		return g
	}
	for {
		x1 := float64(2*r.RandomSample()) - 1
		x2 := float64(2*r.RandomSample()) - 1
		r2 := float64(x1*x1) + float64(x2*x2)
		if r2 >= 1 || r2 == 0 {
			continue
		}
		f := math.Sqrt(-2 * log64(r2) / r2)
		r.gauss, r.hasGauss = f*x1, true
		return f * x2
	}
}

// Normal returns a normal number of mean loc and standard deviation scale.
func (r *RandomState) Normal(loc, scale float64) float64 {
	return loc + float64(scale*r.StandardNormal())
}

// Choice draws size of the integers 0 … n-1, with replacement or without. Integer i comes up with probability p[i];
// where p is nil, all are equally likely. It is an error if there are too few to draw from, or if p is not n
// probabilities that sum to 1.
func (r *RandomState) Choice(n, size int, replace bool, p []float64) ([]int, error) {
	switch {
	case n < 0 || size < 0:
		return nil, fmt.Errorf("mlp: Choice: %d of %d integers, want neither negative", size, n)
	case n == 0 && size > 0, !replace && size > n:
		return nil, fmt.Errorf("mlp: Choice: there are %d integers to draw from, want %d", n, size)
	case p != nil:
		if err := checkProbabilities(n, size, replace, p); err != nil {
			return nil, err
		}
		if replace {
			return r.search(size, p), nil
		}
		return r.searchDistinct(size, p), nil
	case !replace:
		return r.Permutation(n)[:size], nil
	}
	drawn := make([]int, size)
	for i := range drawn {
		drawn[i] = int(r.interval(uint64(n) - 1))
	}
	return drawn, nil
}

func checkProbabilities(n, size int, replace bool, p []float64) error {
	if len(p) != n {
		return fmt.Errorf("mlp: Choice: %d probabilities, want one for each of %d integers", len(p), n)
	}
	sum, positive := 0.0, 0
	for i, v := range p {
		if !(v >= 0) {
			return fmt.Errorf("mlp: Choice: p[%d] is %v, want a probability", i, v)
		}
		if v > 0 {
			positive++
		}
		sum += v
	}
	if tolerance := 0x1p-26; !(math.Abs(sum-1) <= tolerance) { // NumPy's: the square root of 2⁻⁵²
		return fmt.Errorf("mlp: Choice: p sums to %v, want 1", sum)
	}
	if !replace && positive < size {
		return fmt.Errorf("mlp: Choice: only %d probabilities are not 0, want %d distinct integers", positive, size)
	}
	return nil
}

// search draws n integers by probability: each is the first whose cumulative probability is above a uniform number.
func (r *RandomState) search(n int, p []float64) []int {
	cumulative := make([]float64, len(p))
	sum := 0.0
	for i, v := range p {
		sum += v
		cumulative[i] = sum
	}
	for i := range cumulative {
		cumulative[i] /= sum
	}
	drawn := make([]int, n)
	for k := range drawn {
		u := r.RandomSample()
		drawn[k] = sort.Search(len(cumulative), func(i int) bool { return cumulative[i] > u })
	}
	return drawn
}

// searchDistinct draws size distinct integers by probability: as many as are missing, of which it keeps the new ones
// in the order of their first appearance, until there are enough.
func (r *RandomState) searchDistinct(size int, p []float64) []int {
	p = slices.Clone(p)
	var distinct []int
	for len(distinct) < size {
		for _, i := range r.search(size-len(distinct), p) {
			if p[i] != 0 {
				distinct = append(distinct, i)
				p[i] = 0
			}
		}
	}
	return distinct
}
