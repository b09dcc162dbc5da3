package mlp

import "fmt"

// Predictor computes a network's outputs in buffers of its own. It belongs to one goroutine, and sees every change of the
// network's weights.
type Predictor struct {
	net     *Network
	maxRows int
	dense   []dense      // of the Dense stages, in their order
	a       [2][]float32 // outputs of the stages, in turn
	scale   []float32    // of a BatchNorm
	shift   []float32
}

// NewPredictor returns a Predictor for up to maxRows rows a call, at least one.
func (n *Network) NewPredictor(maxRows int) *Predictor {
	maxRows = max(maxRows, 1)
	p := &Predictor{net: n, maxRows: maxRows}
	ld, norm := 0, 0
	for _, s := range n.stages {
		ld = max(ld, stride(s.units))
		if s.op == opBatchNorm {
			norm = max(norm, s.units)
		}
	}
	p.a = [2][]float32{alignedFloats(maxRows * ld), alignedFloats(maxRows * ld)}
	p.scale, p.shift = make([]float32, norm), make([]float32, norm)
	from, ldx := 0, n.features // the buffer that holds a stage's inputs, and its row stride
	for i := range n.stages {
		s := &n.stages[i]
		if s.op == opDense {
			p.dense = append(p.dense, n.denseOperands(s, ldx))
			d := &p.dense[len(p.dense)-1]
			d.y, d.relu = p.a[1-from], s.act.kind == relu
			d.check(maxRows)
		}
		if !s.trainingOnly() {
			from = 1 - from
			ldx = stride(s.units)
		}
	}
	return p
}

// denseOperands returns the operands of a Dense stage's products that depend on the network alone.
func (n *Network) denseOperands(s *stage, ldx int) dense {
	at := s.tensors[1].spans[0].from // the first panel's bias
	return dense{
		ldx: ldx, ldy: stride(s.units), inputs: s.inputs, units: s.units, panel: lanes * (1 + s.inputs),
		w: n.params[at:][:packedLen(s.inputs, s.units)],
	}
}

// Predict writes the network's outputs for a batch to dst.
//
//	dst [rows, outputs]   probabilities if the last activation is Softmax or Sigmoid
//	x   [rows, features]  row-major, scaled as the training data was
//
// rows is len(x)/features, at most what NewPredictor was given. A *ShapeError tells which length does not fit. A row's
// outputs do not depend on the other rows. Predict does not allocate.
func (p *Predictor) Predict(dst, x []float32) error {
	n := p.net
	rows, err := rowsOf("x", len(x), n.features)
	if err != nil {
		return err
	}
	if rows > p.maxRows {
		return &ShapeError{"x", len(x), fmt.Sprintf("at most %d rows of %d", p.maxRows, n.features)}
	}
	outputs := n.Outputs()
	if len(dst) != rows*outputs {
		return &ShapeError{"dst", len(dst), fmt.Sprintf("%d rows of %d", rows, outputs)}
	}
	y, ld := p.forward(x, rows)
	for r := range rows {
		copy(dst[r*outputs:][:outputs], y[r*ld:])
	}
	return nil
}

// forward computes the outputs of rows rows, in inference, and returns them with their row stride.
func (p *Predictor) forward(x []float32, rows int) (y []float32, ld int) {
	n, k := p.net, p.net.kernel.isa
	in, ldIn, from, nextDense := x, n.features, 0, 0
	for i := range n.stages {
		s := &n.stages[i]
		if s.trainingOnly() {
			continue
		}
		out, ldOut := p.a[1-from], stride(s.units)
		switch s.op {
		case opDense:
			d := &p.dense[nextDense]
			nextDense++
			d.x, d.rows = in, rows
			d.forward(k)
			activateRows(k, s, out, out, rows)
		case opActivation:
			copyRows(out, ldOut, in, ldIn, s.units, rows)
			activateRows(k, s, out, out, rows)
		case opBatchNorm:
			n.normalise(s, p.scale, p.shift, out, ldOut, in, ldIn, rows)
		}
		in, ldIn, from = out, ldOut, 1-from
	}
	return in, ldIn
}

// activateRows applies the stage's activation to rows of its stride, unless the forward kernel has done so. dst may be src.
func activateRows(k isa, s *stage, dst, src []float32, rows int) {
	n := rows * stride(s.units)
	switch {
	case s.op == opDense && s.act.fused():
	case s.act.rowwise():
		if n > 0 && &dst[0] != &src[0] {
			copy(dst[:n], src[:n])
		}
		if s.act.kind == logSoftmax {
			for r := range rows {
				logSoftmaxRow(dst[r*stride(s.units):][:s.units])
			}
			return
		}
		k.softmax(&softmax{z: dst, ld: stride(s.units), rows: rows, units: s.units})
	default:
		k.activate(s.act, dst[:n], src[:n])
	}
}

// copyRows copies columns columns of rows rows.
func copyRows(dst []float32, ldDst int, src []float32, ldSrc, columns, rows int) {
	for r := range rows {
		copyRow(dst[r*ldDst:][:columns], src[r*ldSrc:])
	}
}

// copyRow is copy for rows that may be short: a call costs more than a few elements.
func copyRow(dst, src []float32) {
	if len(dst) > 8 {
		copy(dst, src)
		return
	}
	src = src[:len(dst)]
	for len(dst) >= 4 {
		*(*[4]float32)(dst) = *(*[4]float32)(src)
		dst, src = dst[4:], src[4:]
	}
	for i := range dst {
		dst[i] = src[i]
	}
}

// normalise computes a BatchNorm's outputs by its moving averages: x·scale + shift with scale = gamma/√(variance + epsilon)
// and shift = beta - mean·scale.
func (n *Network) normalise(s *stage, scale, shift, dst []float32, ldDst int, src []float32, ldSrc, rows int) {
	mean, variance := n.moving(s)
	gamma, beta := n.affine(s)
	scale, shift = scale[:s.units], shift[:s.units]
	for j := range scale {
		scale[j] = gamma[j] / sqrt32(variance[j]+float32(s.epsilon))
		shift[j] = fma32(-mean[j], scale[j], beta[j])
	}
	for r := range rows {
		x, y := src[r*ldSrc:][:s.units], dst[r*ldDst:][:s.units]
		for j := range y {
			y[j] = fma32(x[j], scale[j], shift[j])
		}
	}
}

// predictRows is the number of rows that Network.Predict computes at a time.
const predictRows = 64

// Predict returns the network's outputs, [rows, outputs] row-major, for x [rows, features]; rows is len(x)/features. It
// is safe to call from many goroutines. Call a Predictor's method where allocation matters.
func (n *Network) Predict(x []float32) ([]float32, error) {
	rows, err := rowsOf("x", len(x), n.features)
	if err != nil {
		return nil, err
	}
	dst := make([]float32, rows*n.Outputs())
	p, _ := n.predictors.Get().(*Predictor)
	if p == nil || p.maxRows < min(rows, predictRows) {
		p = n.NewPredictor(min(rows, predictRows))
	}
	defer n.predictors.Put(p)
	for at := 0; at < rows; at += predictRows {
		to := min(at+predictRows, rows)
		if err := p.Predict(dst[at*n.Outputs():to*n.Outputs()], x[at*n.features:to*n.features]); err != nil {
			return nil, err
		}
	}
	return dst, nil
}
