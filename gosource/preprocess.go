package gosource

import (
	"fmt"
	"math"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

// steps returns the preprocessors that a Scaler consists of.
func steps(scaler mlp.Preprocessor) []mlp.Preprocessor {
	switch s := scaler.(type) {
	case nil:
		return nil
	case mlp.Pipeline:
		return s
	case *mlp.Pipeline:
		return *s
	}
	return []mlp.Preprocessor{scaler}
}

// planScaler adds the Scaler's operations, sets features, and returns the number of values that the network gets.
func (g *generator) planScaler() (int, error) {
	if g.net.Scaler == nil {
		g.features = g.net.Features()
		return g.features, nil
	}
	width := 0
	for i, p := range steps(g.net.Scaler) {
		inputs, outputs, err := g.planStep(i, p)
		if err != nil {
			return 0, fmt.Errorf("step %d of the Scaler (%T): %w", i, p, err)
		}
		if i == 0 {
			g.features = inputs
		}
		width = outputs
	}
	return width, nil
}

// planStep adds a preprocessor's operations, and returns the numbers of values that it takes and gives.
func (g *generator) planStep(i int, p mlp.Preprocessor) (inputs, outputs int, err error) {
	table := func(name string, values []float64) string {
		bits := make([]uint64, len(values))
		for j, v := range values {
			bits[j] = math.Float64bits(v)
		}
		return g.table64(fmt.Sprintf("step%d%s", i, name), bits)
	}
	switch p := p.(type) {
	case *mlp.StandardScaler:
		inputs = len(p.Scale)
		if p.NoMean {
			g.call(inputs, "divide", table("Scale", p.Scale))
		} else {
			g.call(inputs, "centerAndScale", table("Mean", p.Mean), table("Scale", p.Scale))
		}
	case *mlp.RobustScaler:
		inputs = len(p.Scale)
		if p.NoCenter {
			g.call(inputs, "divide", table("Scale", p.Scale))
		} else {
			g.call(inputs, "centerAndScale", table("Center", p.Center), table("Scale", p.Scale))
		}
	case *mlp.MaxAbsScaler:
		inputs = len(p.Scale)
		g.call(inputs, "divide", table("Scale", p.Scale))
	case *mlp.MinMaxScaler:
		inputs = len(p.Scale)
		scale, offset := table("Scale", p.Scale), table("Offset", p.Offset)
		if !p.Clip {
			g.call(inputs, "scaleAndMove", scale, offset)
			break
		}
		low, high := p.Low, p.High
		if low == 0 && high == 0 {
			high = 1
		}
		bound := func(v float64) string { return fmt.Sprintf("math.Float64frombits(%#016x)", math.Float64bits(v)) }
		g.call(inputs, "scaleWithin", scale, offset, bound(low), bound(high))
	case *mlp.SimpleImputer:
		inputs = len(p.Statistics)
		g.call(inputs, "impute", table("Statistics", p.Statistics))
	case *mlp.Normalizer:
		inputs = p.Features
		functions := map[mlp.Norm]string{mlp.L1Norm: "divideByL1", mlp.L2Norm: "divideByL2", mlp.MaxNorm: "divideByMax"}
		g.call(inputs, functions[p.Norm])
	case *mlp.OneHotEncoder:
		inputs, outputs = g.planEncoder(i, p)
		return inputs, outputs, nil
	default:
		return 0, 0, fmt.Errorf("there is no Go source for it")
	}
	return inputs, inputs, nil
}

// planEncoder adds the operation of a OneHotEncoder.
func (g *generator) planEncoder(i int, e *mlp.OneHotEncoder) (inputs, outputs int) {
	type column struct {
		at, width, dropped int
		table              string // "" for a feature that is not encoded
	}
	var columns []column
	for j, categories := range e.Categories {
		c := column{at: outputs, width: 1}
		if categories != nil {
			bits := make([]uint64, len(categories))
			for k, v := range categories {
				bits[k] = math.Float64bits(v)
			}
			c.table = g.table64(fmt.Sprintf("step%dCategories%d", i, j), bits)
			if e.Drop == mlp.DropFirst || e.Drop == mlp.DropIfBinary && len(categories) == 2 {
				c.dropped = 1
			}
			c.width = len(categories) - c.dropped
			g.calls = append(g.calls, "oneHot")
			if !e.IgnoreUnknown {
				g.calls = append(g.calls, "unknown")
			}
		}
		outputs += c.width
		columns = append(columns, c)
	}
	g.operations = append(g.operations, operation{outputs, true, func(dst, src string) string {
		buffer, _, _ := strings.Cut(dst, "[")
		row, _, _ := strings.Cut(src, "[")
		code := fmt.Sprintf("clear(%s)\n", dst)
		for j, c := range columns {
			if c.table == "" {
				code += fmt.Sprintf("%s[%d] = %s[%d]\n", buffer, c.at, row, j)
				continue
			}
			call := fmt.Sprintf("oneHot(%s[%d:%d], %s[%d], %s, %d)", buffer, c.at, c.at+c.width, row, j, c.table,
				c.dropped)
			if e.IgnoreUnknown {
				code += call + "\n"
			} else {
				code += fmt.Sprintf("if !%s {\nunknown(dst[:])\nreturn\n}\n", call)
			}
		}
		return code
	}})
	return len(e.Categories), outputs
}
