package gosource

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

// activationFunctions are the functions of the library's activations, by the names that Activation.String gives.
var activationFunctions = map[string]string{
	"relu": "relu", "leaky_relu": "leakyReLU", "elu": "elu", "selu": "selu", "gelu": "gelu", "gelu_tanh": "geluTanh",
	"silu": "silu", "mish": "mish", "softplus": "softplus", "softsign": "softsign", "sigmoid": "sigmoid",
	"hard_sigmoid": "hardSigmoid", "hard_silu": "hardSiLU", "tanh": "tanh",
	"softmax": "softmaxRow", "log_softmax": "logSoftmaxRow",
}

// planLayer adds a layer's operations and returns the number of its outputs.
func (g *generator) planLayer(i int, l mlp.Layer, inputs int) (int, error) {
	arrays := map[string][]float32{}
	for _, t := range g.net.Weights(i) {
		arrays[t.Name] = t.Values
	}
	switch l := l.(type) {
	case mlp.Dense:
		bias := arrays["bias"]
		if bias == nil {
			bias = make([]float32, l.Units)
		}
		weights := g.table32(fmt.Sprintf("layer%dWeights", i), bits32(arrays["weights"]))
		biases := g.table32(fmt.Sprintf("layer%dBias", i), bits32(bias))
		g.calls = append(g.calls, "dense")
		g.operations = append(g.operations, operation{l.Units, true, func(dst, src string) string {
			return fmt.Sprintf("dense(%s, %s, %s, %s)", dst, src, weights, biases)
		}})
		g.size.MultiplyAdds += inputs * l.Units
		return l.Units, g.planActivation(l.Activation, l.Units)
	case mlp.ActivationLayer:
		return inputs, g.planActivation(l.Activation, inputs)
	case mlp.BatchNorm:
		scale, shift := foldBatchNorm(l, inputs, arrays)
		g.size.MultiplyAdds += inputs
		g.call(inputs, "normalize", g.table32(fmt.Sprintf("layer%dScale", i), bits32(scale)),
			g.table32(fmt.Sprintf("layer%dShift", i), bits32(shift)))
		return inputs, nil
	case mlp.Dropout, mlp.GaussianNoise:
		return inputs, nil
	}
	return 0, fmt.Errorf("there is no Go source for it")
}

func (g *generator) planActivation(a mlp.Activation, units int) error {
	if a == mlp.Linear {
		return nil
	}
	name, parameter, parametric := strings.Cut(a.String(), "(")
	function, ok := activationFunctions[name]
	if !ok {
		return fmt.Errorf("there is no Go source for the activation %s", a)
	}
	if !parametric {
		g.call(units, function)
		return nil
	}
	alpha, err := strconv.ParseFloat(strings.TrimSuffix(parameter, ")"), 32)
	if err != nil {
		return err
	}
	g.call(units, function, fmt.Sprintf("math.Float32frombits(%#08x)", math.Float32bits(float32(alpha))))
	return nil
}

// lastActivation returns the activation that gives the network's outputs.
func lastActivation(net *mlp.Network) mlp.Activation {
	layers := net.Layers()
	switch l := layers[len(layers)-1].(type) {
	case mlp.Dense:
		return l.Activation
	case mlp.ActivationLayer:
		return l.Activation
	}
	return mlp.Linear
}

// foldBatchNorm returns a BatchNorm's scale and shift as inference computes them: gamma/√(variance + epsilon), and the
// fused beta - mean·scale.
func foldBatchNorm(l mlp.BatchNorm, units int, arrays map[string][]float32) (scale, shift []float32) {
	epsilon := float32(l.Epsilon)
	if l.Epsilon == 0 {
		epsilon = 1e-3
	}
	scale, shift = make([]float32, units), make([]float32, units)
	for j := range scale {
		gamma, beta := float32(1), float32(0)
		if v := arrays["gamma"]; v != nil {
			gamma = v[j]
		}
		if v := arrays["beta"]; v != nil {
			beta = v[j]
		}
		scale[j] = gamma / float32(math.Sqrt(float64(arrays["moving_variance"][j]+epsilon)))
		shift[j] = fma(-arrays["moving_mean"][j], scale[j], beta)
	}
	return scale, shift
}

// fma returns x·y + z rounded once.
func fma(x, y, z float32) float32 {
	sum := float64(x)*float64(y) + float64(z)
	if math.IsInf(sum, 0) || math.IsNaN(sum) {
		return float32(sum)
	}
	exact := func(v float32) *big.Float { return new(big.Float).SetPrec(1000).SetFloat64(float64(v)) }
	product := exact(x)
	product.Mul(product, exact(y))
	rounded, _ := product.Add(product, exact(z)).Float32()
	return rounded
}

func bits32(values []float32) []uint32 {
	bits := make([]uint32, len(values))
	for i, v := range values {
		bits[i] = math.Float32bits(v)
	}
	return bits
}

// describe returns a layer as a line of text.
func describe(l mlp.Layer) string {
	switch l := l.(type) {
	case mlp.Dense:
		return fmt.Sprintf("Dense, %s, %s", count(l.Units, "unit"), l.Activation)
	case mlp.ActivationLayer:
		return fmt.Sprintf("Activation, %s", l.Activation)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", l), "mlp.")
}
