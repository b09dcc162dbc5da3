package mlp

import (
	"fmt"
	"strings"
)

// Summary returns a table of the layers in the manner of Keras's: each one's output shape and number of parameters, the totals,
// and what the network costs: multiply-adds a row, and the bytes that the weights with a Predictor for one row, or with a Trainer for
// batches of 32 rows and Adam's two moments, take.
func (n *Network) Summary() string {
	var b strings.Builder
	const width = 65
	line := func(name, shape, params string) { fmt.Fprintf(&b, "%-31s%-22s%12s\n", name, shape, params) }
	rule := func(c string) { b.WriteString(strings.Repeat(c, width) + "\n") }
	line("Layer", "Output shape", "Param #")
	rule("=")
	trainable, fixed, madds := 0, 0, 0
	for i := range n.stages {
		s := &n.stages[i]
		params := 0
		for j := range s.tensors {
			if t := &s.tensors[j]; !t.absent {
				params += t.size()
			}
		}
		trainable += params
		switch s.op {
		case opDense:
			madds += s.inputs * s.units
		case opBatchNorm:
			params += 2 * s.units
			fixed += 2 * s.units
			madds += s.units
		}
		line(n.stageName(i), fmt.Sprintf("(None, %d)", s.units), thousands(params))
	}
	rule("=")
	fmt.Fprintf(&b, "Total params: %s (%s)\n", thousands(trainable+fixed), bytesText(4*(trainable+fixed)))
	fmt.Fprintf(&b, "Trainable params: %s (%s)\n", thousands(trainable), bytesText(4*trainable))
	fmt.Fprintf(&b, "Non-trainable params: %s (%s)\n", thousands(fixed), bytesText(4*fixed))
	inference, training := n.memory(summaryBatch)
	fmt.Fprintf(&b, "Inference: %s multiply-adds a row, %s\n", thousands(madds), bytesText(inference))
	fmt.Fprintf(&b, "Training: %s multiply-adds a row, %s in batches of %d\n", thousands(3*madds-n.stages[0].inputs*n.firstUnits()), bytesText(training), summaryBatch)
	return b.String()
}

// summaryBatch is the batch size for which Summary tells the memory of training, Keras's default.
const summaryBatch = 32

// firstUnits returns the units of the first layer if it is a Dense, whose input gradient training does not compute, else 0.
func (n *Network) firstUnits() int {
	if n.stages[0].op != opDense {
		return 0
	}
	return n.stages[0].units
}

// memory returns the bytes of weights and buffers for inference of one row and for training with Adam.
func (n *Network) memory(batchSize int) (inference, training int) {
	weights := 4 * (len(n.params) + len(n.statistics))
	widest, buffers := stride(n.features), stride(n.features)
	for i := range n.stages {
		s := &n.stages[i]
		widest = max(widest, stride(s.units))
		buffers += stride(s.units)
		if s.op == opBatchNorm || s.act.needsInput() {
			buffers += stride(s.units)
		}
	}
	return weights + 4*2*widest, weights + 4*3*len(n.params) + 4*batchSize*(buffers+2*widest)
}

// stageName returns "0 Dense (relu)".
func (n *Network) stageName(i int) string {
	s := &n.stages[i]
	switch s.op {
	case opDense:
		if s.act == Linear {
			return fmt.Sprintf("%d Dense", i)
		}
		return fmt.Sprintf("%d Dense (%v)", i, s.act)
	case opBatchNorm:
		return fmt.Sprintf("%d BatchNorm", i)
	case opActivation:
		return fmt.Sprintf("%d Activation (%v)", i, s.act)
	case opNoise:
		return fmt.Sprintf("%d GaussianNoise (%v)", i, s.rate)
	}
	return fmt.Sprintf("%d Dropout (%v)", i, s.rate)
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// bytesText writes a number of bytes with a unit.
func bytesText(n int) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.2f KB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.2f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.2f GB", float64(n)/(1<<30))
}
