package onnx

import (
	"math"
	"slices"
	"strconv"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/onnx/internal/pb"
)

// rule is what this package knows of an operator.
type rule struct {
	since       int64 // the first opset that has it; 0 where that is older than minOpset
	inputs      int   // that it must have
	optional    int   // that it may have beside
	moreOutputs bool  // outputs beside the first are of no use in inference
	labels      bool  // it may be applied to a label, and makes a label of it
	anyShape    bool  // it may be applied to what has no longer the shape of rows
	anyType     bool  // it may be applied to integers
	partials    bool  // it may be applied to what is on the way to a Where
	anyOrder    bool  // operands other than the first may depend on the graph's input, and the first may be a constant

	apply func(g *graph, n *node) (*value, error)  // to what depends on the graph's input
	fold  func(g *graph, n *node) (*tensor, error) // to constants alone
}

// operators are the ones that are understood.
var operators = map[operator]*rule{
	{"", "Gemm"}:               {inputs: 2, optional: 1, apply: applyGemm},
	{"", "MatMul"}:             {inputs: 2, apply: applyMatMul},
	{"", "BatchNormalization"}: {inputs: 5, apply: applyBatchNormalization},
	{"", "Dropout"}:            {inputs: 1, optional: 2, moreOutputs: true, apply: applyDropout},
	{"", "Softmax"}:            {inputs: 1, apply: applySoftmax("softmax")},
	{"", "LogSoftmax"}:         {inputs: 1, apply: applySoftmax("log_softmax")},
	{domainML, "Imputer"}:      {inputs: 1, apply: applyImputer},
	{domainML, "Normalizer"}:   {inputs: 1, apply: applyNormalizer},
	{domainML, "Scaler"}:       {anyType: true, inputs: 1, apply: applyScaler},

	{"", "Elu"}:       {inputs: 1, apply: applyElu},
	{"", "Selu"}:      {inputs: 1, apply: applySelu},
	{"", "Celu"}:      {inputs: 1, apply: applyCelu, since: 12},
	{"", "PRelu"}:     {inputs: 2, apply: applyPRelu},
	{"", "Gelu"}:      {inputs: 1, apply: applyGelu, since: 20},
	{"", "Swish"}:     {inputs: 1, apply: applySwish, since: 24},
	{"", "HardSwish"}: {inputs: 1, apply: applyActivation("hard_silu"), since: 14},
	{"", "Mish"}:      {inputs: 1, apply: applyActivation("mish"), since: 18},
	{"", "Softsign"}:  {inputs: 1, apply: applyActivation("softsign")},

	{"", "Add"}:         elementwiseRule(2, 0, elementwiseAdd),
	{"", "Sub"}:         elementwiseRule(2, 0, elementwiseSub),
	{"", "Mul"}:         elementwiseRule(2, 0, elementwiseMul),
	{"", "Div"}:         elementwiseRule(2, 0, elementwiseDiv),
	{"", "Pow"}:         elementwiseRule(2, 0, elementwisePow),
	{"", "Max"}:         elementwiseRule(2, 0, elementwiseMax),
	{"", "Min"}:         elementwiseRule(2, 0, elementwiseMin),
	{"", "Clip"}:        elementwiseRule(1, 2, elementwiseClip),
	{"", "Relu"}:        elementwiseRule(1, 0, elementwiseRelu),
	{"", "LeakyRelu"}:   elementwiseRule(1, 0, elementwiseLeakyRelu),
	{"", "HardSigmoid"}: elementwiseRule(1, 0, elementwiseHardSigmoid),
	{"", "Neg"}:         elementwiseRule(1, 0, elementwiseNeg),
	{"", "Sqrt"}:        elementwiseRule(1, 0, elementwiseSqrt),
	{"", "Reciprocal"}:  elementwiseRule(1, 0, elementwiseReciprocal),
	{"", "Abs"}:         elementwiseRule(1, 0, elementwiseFunction(fAbs)),
	{"", "Erf"}:         elementwiseRule(1, 0, elementwiseFunction(fErf)),
	{"", "Exp"}:         elementwiseRule(1, 0, elementwiseFunction(fExp)),
	{"", "Log"}:         elementwiseRule(1, 0, elementwiseFunction(fLog)),
	{"", "Sigmoid"}:     elementwiseRule(1, 0, elementwiseFunction(fSigmoid)),
	{"", "Softplus"}:    elementwiseRule(1, 0, elementwiseFunction(fSoftplus)),
	{"", "Tanh"}:        elementwiseRule(1, 0, elementwiseFunction(fTanh)),

	{"", "Constant"}:  {fold: foldConstant},
	{"", "Identity"}:  {anyType: true, inputs: 1, labels: true, anyShape: true, apply: applyIdentity, fold: foldIdentity},
	{"", "Cast"}:      {anyType: true, partials: true, inputs: 1, labels: true, anyShape: true, apply: applyCast, fold: foldCast},
	{"", "Flatten"}:   {anyType: true, inputs: 1, labels: true, apply: applyFlatten},
	{"", "Reshape"}:   {anyType: true, inputs: 2, labels: true, anyShape: true, apply: applyReshape, fold: foldReshape},
	{"", "Squeeze"}:   {anyType: true, inputs: 1, optional: 1, labels: true, apply: applySqueeze, fold: foldSqueeze},
	{"", "Unsqueeze"}: {anyType: true, inputs: 1, optional: 1, labels: true, apply: applyUnsqueeze, fold: foldUnsqueeze},
	{"", "Transpose"}: {anyType: true, inputs: 1, apply: applyTranspose, fold: foldTranspose},
	{"", "Shape"}:     {anyType: true, inputs: 1, apply: applyShape},
	{"", "Gather"}:    {inputs: 2, apply: applyGather, fold: foldGather},
	{"", "IsNaN"}:     {inputs: 1, since: 9, apply: applyIsNaN},
	{"", "Equal"}:     {inputs: 2, partials: true, apply: applyEqual},
	{"", "Where"}:     {inputs: 3, since: 9, partials: true, anyOrder: true, apply: applyWhere},
	{"", "Slice"}:     {inputs: 3, optional: 2, fold: foldSlice},
	{"", "Concat"}:    {inputs: 1, optional: maxNodes, anyOrder: true, apply: applyConcat, fold: foldConcat},

	{"", "ArgMax"}:                      {inputs: 1, apply: applyArgMax},
	{domainML, "ArrayFeatureExtractor"}: {inputs: 2, labels: true, anyOrder: true, apply: applyArrayFeatureExtractor},
	{domainML, "Binarizer"}:             {inputs: 1, apply: applyBinarizer},
	{domainML, "ZipMap"}:                {inputs: 1, apply: applyZipMap},
}

// like returns what the node makes of x if neither the type nor the shape changes.
func like(x *value) *value { return &value{dtype: x.dtype, shape: x.shape} }

// rows returns the node's first operand, which must be floats of two dimensions, rows and features.
func (n *node) rows() (*value, error) {
	x := n.inputs[0]
	if len(x.shape) != 2 {
		return nil, n.unsupported("an operand of shape %v, want rows and features", x.shape)
	}
	return x, nil
}

// product returns the value x·c, for weights c [features, units], or [units, features] if transposed.
func (n *node) product(x *value, c *tensor, transposed bool, alpha float64) (*value, error) {
	if c.dtype != x.dtype {
		return nil, n.errorf("weights of type %v, want %v as the other operand has", c.dtype, x.dtype)
	}
	if len(c.shape) != 2 {
		return nil, n.errorf("weights of shape %v, want two dimensions", c.shape)
	}
	inputs, units := c.shape[0], c.shape[1]
	if transposed {
		inputs, units = units, inputs
	}
	if have := x.units(); have != unknown && have != inputs {
		return nil, n.errorf("weights for %d features, but the rows have %d", inputs, have)
	}
	n.steps = []step{{kind: stepProduct, node: n, c: c, transposed: transposed, factor: alpha}}
	return &value{dtype: x.dtype, shape: []int{x.shape[0], units}}, nil
}

func applyMatMul(g *graph, n *node) (*value, error) {
	x, err := n.rows()
	if err != nil {
		return nil, err
	}
	c, err := n.constant(1, "second operand")
	if err != nil {
		return nil, err
	}
	return n.product(x, c, false, 1)
}

// applyGemm reads alpha·x·w + beta·c.
func applyGemm(g *graph, n *node) (*value, error) {
	x, err := n.rows()
	if err != nil {
		return nil, err
	}
	c, err := n.constant(1, "weights B")
	if err != nil {
		return nil, err
	}
	alpha, err := n.float("alpha", 1)
	if err != nil {
		return nil, err
	}
	beta, err := n.float("beta", 1)
	if err != nil {
		return nil, err
	}
	transA, err := n.int("transA", 0)
	if err != nil {
		return nil, err
	}
	transB, err := n.int("transB", 0)
	if err != nil {
		return nil, err
	}
	if transA != 0 {
		return nil, n.unsupported("transA=%d, which transposes the rows", transA)
	}
	y, err := n.product(x, c, transB != 0, alpha)
	if err != nil {
		return nil, err
	}
	if n.operand(2) == nil {
		if g.opset < 11 {
			return nil, n.errorf("the operand C is missing, which is optional from opset 11 on")
		}
		return y, nil
	}
	bias, err := n.constant(2, "bias C")
	if err != nil {
		return nil, err
	}
	if err := n.checkBroadcast(bias, y); err != nil {
		return nil, err
	}
	n.steps = append(n.steps, step{kind: stepAdd, node: n, c: bias, shape: y.shape[1:], factor: beta})
	return y, nil
}

// checkBroadcast returns an error unless the constant can be combined with each row of x and leaves x's shape as it is.
// Sizes of x that are unknown become known.
func (n *node) checkBroadcast(c *tensor, x *value) error {
	if c.dtype != x.dtype {
		return n.errorf("a constant of type %v, want %v as the other operand has", c.dtype, x.dtype)
	}
	skip := len(x.shape) - len(c.shape)
	fits := skip >= 0
	for i, s := range c.shape {
		if !fits || s == 1 {
			continue
		}
		if fits = skip+i > 0; fits && x.shape[skip+i] == unknown {
			x.shape = slices.Clone(x.shape)
			x.shape[skip+i] = s
		}
		fits = fits && x.shape[skip+i] == s
	}
	if !fits {
		return n.errorf("a constant of shape %v for rows of shape %v", c.shape, x.shape[1:])
	}
	return nil
}

func applyBatchNormalization(g *graph, n *node) (*value, error) {
	x := n.inputs[0]
	if len(x.shape) < 2 {
		return nil, n.unsupported("an operand of shape %v", x.shape)
	}
	epsilon, err := n.float("epsilon", 1e-5)
	if err != nil {
		return nil, err
	}
	momentum, err := n.float("momentum", 0.9)
	if err != nil {
		return nil, err
	}
	training, err := n.int("training_mode", 0)
	if err != nil {
		return nil, err
	}
	spatial, err := n.int("spatial", 1)
	if err != nil {
		return nil, err
	}
	if training != 0 || spatial != 1 {
		return nil, n.unsupported("training_mode=%d, spatial=%d, want 0 and 1: the model was exported for training",
			training, spatial)
	}
	norm := normalisation{epsilon: epsilon, momentum: momentum}
	y := like(x)
	for i, name := range []string{"scale", "bias B", "mean", "variance"} {
		c, err := n.constant(1+i, name)
		if err != nil {
			return nil, err
		}
		if y.shape[1] == unknown && len(c.shape) == 1 {
			y.shape = slices.Clone(x.shape)
			y.shape[1] = c.shape[0]
		}
		if c.floats == nil || len(c.shape) != 1 || c.shape[0] != y.shape[1] {
			return nil, n.errorf("the %s is %v of shape %v for rows of shape %v, want one number a feature",
				name, c.dtype, c.shape, y.shape[1:])
		}
		norm.constants[i] = c
	}
	n.steps = []step{{kind: stepNormalise, node: n, norm: &norm, shape: y.shape[1:]}}
	return y, nil
}

// applyDropout reads the identity that dropout is in inference.
func applyDropout(g *graph, n *node) (*value, error) {
	if g.opset < 12 {
		if _, err := n.float("ratio", 0.5); err != nil {
			return nil, err
		}
	} else if _, err := n.int("seed", 0); err != nil {
		return nil, err
	}
	if n.operand(2) != nil {
		training, err := n.constant(2, "training_mode")
		if err != nil {
			return nil, err
		}
		if !slices.Equal(training.ints, []int64{0}) {
			return nil, n.unsupported("training_mode is not false: the model was exported for training")
		}
	}
	return applyIdentity(g, n)
}

// applySoftmax returns the reader of a softmax-like operator along the features.
func applySoftmax(name string) func(g *graph, n *node) (*value, error) {
	return func(g *graph, n *node) (*value, error) {
		x, err := n.rows()
		if err != nil {
			return nil, err
		}
		otherwise := int64(-1)
		if g.opset < 13 {
			otherwise = 1
		}
		axis, err := n.int("axis", otherwise)
		if err != nil {
			return nil, err
		}
		if axis != 1 && axis != -1 {
			return nil, n.unsupported("axis=%d, want 1, the features", axis)
		}
		return n.activate(x, name)
	}
}

// activate notes that the node is an activation of the library.
func (n *node) activate(x *value, name string) (*value, error) {
	a, err := n.activation(name)
	if err != nil {
		return nil, err
	}
	n.steps = []step{{kind: stepActivate, node: n, activation: a}}
	return like(x), nil
}

// activation returns the library's activation of that name.
func (n *node) activation(name string) (mlp.Activation, error) {
	a, err := mlp.ParseActivation(name)
	if err != nil {
		return a, n.unsupported("the library has no activation %q", name)
	}
	return a, nil
}

func applyActivation(name string) func(g *graph, n *node) (*value, error) {
	return func(g *graph, n *node) (*value, error) { return n.activate(n.inputs[0], name) }
}

// elu returns the step of an ELU, whose alpha must not be negative.
func (n *node) elu(alpha float64) (step, error) {
	if !(alpha >= 0 && alpha <= math.MaxFloat32) {
		return step{}, n.unsupported("alpha=%v, want at least 0", alpha)
	}
	return step{kind: stepActivate, node: n, activation: mlp.ELU(alpha)}, nil
}

func applyElu(g *graph, n *node) (*value, error) {
	alpha, err := n.float("alpha", 1)
	if err != nil {
		return nil, err
	}
	elu, err := n.elu(alpha)
	n.steps = []step{elu}
	return like(n.inputs[0]), err
}

// The attributes of Selu that are the library's SELU.
const (
	seluAlpha = 1.67326319217681884765625
	seluGamma = 1.05070102214813232421875
)

// applySelu reads gamma·elu(x).
func applySelu(g *graph, n *node) (*value, error) {
	alpha, err := n.float("alpha", seluAlpha)
	if err != nil {
		return nil, err
	}
	gamma, err := n.float("gamma", seluGamma)
	if err != nil {
		return nil, err
	}
	// The float32 of the paper's 1.0507009873554805 is the neighbour of the format's default.
	if near(alpha, seluAlpha) && near(gamma, seluGamma) {
		return n.activate(n.inputs[0], "selu")
	}
	elu, err := n.elu(alpha)
	n.steps = []step{elu, n.multiply(gamma)}
	return like(n.inputs[0]), err
}

// applyCelu reads alpha·elu(x/alpha), where elu's own alpha is 1.
func applyCelu(g *graph, n *node) (*value, error) {
	alpha, err := n.float("alpha", 1)
	if err != nil {
		return nil, err
	}
	if !(alpha > 0 && alpha <= math.MaxFloat32) {
		return nil, n.unsupported("alpha=%v, want more than 0", alpha)
	}
	n.steps = []step{n.multiply(1 / alpha), {kind: stepActivate, node: n, activation: mlp.ELU(1)}, n.multiply(alpha)}
	return like(n.inputs[0]), nil
}

// applySwish reads x·sigmoid(alpha·x).
func applySwish(g *graph, n *node) (*value, error) {
	alpha, err := n.float("alpha", 1)
	if err != nil {
		return nil, err
	}
	if alpha == 0 {
		return nil, n.unsupported("alpha=0")
	}
	n.steps = []step{n.multiply(alpha), {kind: stepActivate, node: n, activation: mlp.SiLU}, n.multiply(1 / alpha)}
	return like(n.inputs[0]), nil
}

func applyPRelu(g *graph, n *node) (*value, error) {
	x := n.inputs[0]
	slope, err := n.constant(1, "slope")
	if err != nil {
		return nil, err
	}
	if err := n.checkBroadcast(slope, x); err != nil {
		return nil, err
	}
	alpha, ok := slope.uniform()
	if !ok {
		return nil, n.unsupported("a slope for each feature, want one for all")
	}
	leaky, err := n.leakyReLU(alpha)
	n.steps = []step{leaky}
	return like(x), err
}

// leakyReLU returns the step of a leaky ReLU, whose slope must not be negative.
func (n *node) leakyReLU(slope float64) (step, error) {
	if !(slope >= 0 && slope <= math.MaxFloat32) {
		return step{}, n.unsupported("slope %v of a leaky ReLU, want at least 0", slope)
	}
	return step{kind: stepActivate, node: n, activation: mlp.LeakyReLU(slope)}, nil
}

func applyGelu(g *graph, n *node) (*value, error) {
	approximate, err := n.string("approximate", "none")
	if err != nil {
		return nil, err
	}
	switch approximate {
	case "none":
		return n.activate(n.inputs[0], "gelu")
	case "tanh":
		return n.activate(n.inputs[0], "gelu_tanh")
	}
	return nil, n.errorf("approximate=%.80q, want none or tanh", approximate)
}

// applyScaler reads (x - offset)·scale.
func applyScaler(g *graph, n *node) (*value, error) {
	x := n.inputs[0]
	if len(x.shape) != 2 {
		return nil, n.unsupported("an operand of shape %v, want rows and features", x.shape)
	}
	y := &value{dtype: float32Type, shape: x.shape}
	for _, s := range []step{{kind: stepAdd, factor: -1}, {kind: stepMultiply, factor: 1}} {
		name := map[stepKind]string{stepAdd: "offset", stepMultiply: "scale"}[s.kind]
		c, err := n.floats(name)
		if err != nil {
			return nil, err
		}
		if c == nil {
			continue
		}
		if len(c.floats) == 0 {
			return nil, n.errorf("the attribute %q is empty", name)
		}
		if err := n.checkBroadcast(c, y); err != nil {
			return nil, err
		}
		s.node, s.c, s.shape = n, c, y.shape[1:]
		n.steps = append(n.steps, s)
	}
	return y, nil
}

// label returns what a label head makes of the node's operand. Labels are not read any further.
func (n *node) label() *value {
	clear(n.attributes)
	return &value{label: true}
}

func applyArgMax(g *graph, n *node) (*value, error) {
	if _, err := n.rows(); err != nil {
		return nil, err
	}
	axis, err := n.int("axis", 0)
	if err != nil {
		return nil, err
	}
	if axis != 1 && axis != -1 {
		return nil, n.unsupported("axis=%d, want 1, the features", axis)
	}
	return n.label(), nil
}

func applyBinarizer(g *graph, n *node) (*value, error) { return n.label(), nil }

// applyArrayFeatureExtractor reads the class names that a label is chosen from.
func applyArrayFeatureExtractor(g *graph, n *node) (*value, error) {
	names, err := n.constant(0, "list of classes")
	if err != nil {
		return nil, err
	}
	if v := n.operand(1); v == nil || !v.label {
		return nil, n.unsupported("the second operand is not a label")
	}
	if err := g.setClasses(n, names.ints, names.strings); err != nil {
		return nil, err
	}
	return n.label(), nil
}

// applyZipMap reads the class names of probabilities that are put into maps.
func applyZipMap(g *graph, n *node) (*value, error) {
	ints, err := n.ints("classlabels_int64s")
	if err != nil {
		return nil, err
	}
	var names []string
	if a, err := n.attribute("classlabels_strings", pb.AttributeProto_STRINGS); err != nil {
		return nil, err
	} else if a != nil {
		for _, s := range a.Strings {
			names = append(names, string(s))
		}
	}
	if err := g.setClasses(n, ints, names); err != nil {
		return nil, err
	}
	return n.label(), nil
}

// setClasses takes the names of the classes, which are numbers or strings.
func (g *graph) setClasses(n *node, ints []int64, names []string) error {
	if names == nil {
		for _, i := range ints {
			names = append(names, strconv.FormatInt(i, 10))
		}
	}
	if len(names) == 0 {
		return n.errorf("no names of classes, want integers or strings")
	}
	if g.classes != nil && !slices.Equal(g.classes, names) {
		return n.unsupported("other names of classes than another node has")
	}
	g.classes = names
	return nil
}

// applyConcat reads the two probabilities of a binary classifier, each a column.
func applyConcat(g *graph, n *node) (*value, error) {
	axis, err := n.int("axis", 1)
	if err != nil {
		return nil, err
	}
	if axis != 1 && axis != -1 || len(n.inputs) != 2 || len(n.data()) != 2 {
		return nil, n.unsupported("only the columns 1-p and p of a binary classifier may be joined")
	}
	for _, x := range n.inputs {
		if len(x.shape) != 2 || x.shape[1] != 1 || x.dtype != n.inputs[0].dtype {
			return nil, n.unsupported("%v of shape %v, want one column of two of the same type", x.dtype, x.shape)
		}
	}
	return &value{dtype: n.inputs[0].dtype, shape: []int{n.inputs[0].shape[0], 2}}, nil
}
