package mlp

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
)

// Initializer says how a layer's weights are drawn. The zero value means the field's default. The variances are Keras's
// (https://keras.io/api/layers/initializers); the normal ones are truncated at two standard deviations, as Keras's.
type Initializer struct {
	kind  initializerKind
	value float32 // of initConstant
}

type initializerKind uint8

const (
	initDefault initializerKind = iota
	initGlorotUniform
	initGlorotNormal
	initHeUniform
	initHeNormal
	initLeCunUniform
	initLeCunNormal
	initConstant
)

// The initializers. Glorot's (Xavier's) variance is 2/(inputs + units): Glorot and Bengio, 2010; He's (Kaiming's) 2/inputs, for
// ReLU: arXiv:1502.01852; LeCun's 1/inputs, for SELU.
var (
	GlorotUniform = Initializer{kind: initGlorotUniform}
	GlorotNormal  = Initializer{kind: initGlorotNormal}
	HeUniform     = Initializer{kind: initHeUniform}
	HeNormal      = Initializer{kind: initHeNormal}
	LeCunUniform  = Initializer{kind: initLeCunUniform}
	LeCunNormal   = Initializer{kind: initLeCunNormal}
	Zeros         = Constant(0)
	Ones          = Constant(1)
)

// Constant returns the initializer that sets every weight to value.
func Constant(value float64) Initializer { return Initializer{initConstant, float32(value)} }

var initializerNames = [...]string{
	initDefault: "default", initGlorotUniform: "glorot_uniform", initGlorotNormal: "glorot_normal", initHeUniform: "he_uniform",
	initHeNormal: "he_normal", initLeCunUniform: "lecun_uniform", initLeCunNormal: "lecun_normal", initConstant: "constant",
}

// String returns Keras's name of the initializer.
func (i Initializer) String() string {
	if i.kind == initConstant {
		return fmt.Sprintf("constant(%v)", i.value)
	}
	return initializerNames[i.kind]
}

func (i Initializer) validate(field string) error {
	return checkRange(field, float64(i.value), true, "value")
}

// or returns i, or the default where i is the zero value.
func (i Initializer) or(def Initializer) Initializer {
	if i.kind == initDefault {
		return def
	}
	return i
}

// fill draws the values of a tensor with that many inputs and units, in row-major order.
func (i Initializer) fill(dst []float32, inputs, units int, rng *rand.PCG) {
	var variance float64
	normal := false
	switch i.kind {
	case initConstant:
		for j := range dst {
			dst[j] = i.value
		}
		return
	case initGlorotUniform, initGlorotNormal:
		variance, normal = 2/float64(inputs+units), i.kind == initGlorotNormal
	case initHeUniform, initHeNormal:
		variance, normal = 2/float64(inputs), i.kind == initHeNormal
	case initLeCunUniform, initLeCunNormal:
		variance, normal = 1/float64(inputs), i.kind == initLeCunNormal
	}
	if normal {
		const truncated = 0.87962566103423978 // standard deviation of a normal cut at ±2
		deviation := math.Sqrt(variance) / truncated
		for j := range dst {
			dst[j] = float32(deviation * truncatedNormal(rng))
		}
		return
	}
	limit := math.Sqrt(3 * variance)
	for j := range dst {
		dst[j] = float32(limit * (2*uniform64(rng) - 1))
	}
}

// uniform64 returns a number of [0, 1) with 53 random bits.
func uniform64(rng *rand.PCG) float64 { return float64(rng.Uint64()>>11) * 0x1p-53 }

// truncatedNormal returns a standard normal number within ±2, by Marsaglia's polar method. math/rand's normals go through
// math.Log and math.Exp, which differ between platforms.
func truncatedNormal(rng *rand.PCG) float64 {
	for {
		x, y := 2*uniform64(rng)-1, 2*uniform64(rng)-1
		r := float64(x*x) + float64(y*y)
		if r >= 1 || r == 0 {
			continue
		}
		if z := x * math.Sqrt(-2*log64(r)/r); z > -2 && z < 2 {
			return z
		}
	}
}

// shuffle permutes indices by Fisher and Yates' method. As many draws as fit share one random number: the low half of each
// product is the next one's randomness (Brackett-Rozinsky and Lemire, arXiv:2408.06213).
func shuffle(indices []int, rng *rand.PCG) {
	for n := uint64(len(indices)); n > 1; {
		draws := min(n-1, drawsPerNumber(n))
		product := n
		for k := uint64(1); k < draws; k++ {
			product *= n - k
		}
		for limit := uint64(0); ; {
			var js [maxDraws]uint64
			low := rng.Uint64()
			for k := range draws {
				js[k], low = bits.Mul64(low, n-k)
			}
			if low < product {
				if limit == 0 {
					limit = -product % product // 2⁶⁴ mod product
				}
				if low < limit {
					continue
				}
			}
			for k := range draws {
				i, j := n-1-k, js[k]
				indices[i], indices[j] = indices[j], indices[i]
			}
			break
		}
		n -= draws
	}
}

const maxDraws = 6

// drawsPerNumber returns for how many numbers below n 60 bits suffice, at most maxDraws.
func drawsPerNumber(n uint64) uint64 {
	switch {
	case n <= 1<<10:
		return maxDraws
	case n <= 1<<15:
		return 4
	case n <= 1<<20:
		return 3
	case n <= 1<<30:
		return 2
	}
	return 1
}

// uintN returns a number of 0 … n-1, all equally likely, by Lemire's method (doi:10.1145/3230636): a division only where a
// draw may have to be rejected.
func uintN(rng *rand.PCG, n uint64) uint64 {
	high, low := bits.Mul64(rng.Uint64(), n)
	if low < n {
		for limit := -n % n; low < limit; { // 2⁶⁴ mod n
			high, low = bits.Mul64(rng.Uint64(), n)
		}
	}
	return high
}
