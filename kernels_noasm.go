//go:build (!amd64 && !arm64) || purego || noasm

package mlp

// kernels lists the kernels of this build.
func kernels() []kernel { return []kernel{{generic, "generic", true}} }

func (isa) forward(d *dense)                          { forwardGeneric(d) }
func (isa) gradWeights(d *dense)                      { gradWeightsGeneric(d) }
func (isa) gradInput(d *dense)                        { gradInputGeneric(d) }
func (isa) softmax(s *softmax)                        { softmaxGeneric(s) }
func (isa) softmaxCrossentropy(s *softmax)            { softmaxCrossentropyGeneric(s) }
func (isa) activate(a Activation, dst, src []float32) { activateGeneric(a, dst, src) }
func (isa) gradActivation(a Activation, dz, src []float32) {
	gradActivationGeneric(a, dz, src)
}
func (isa) adam(w, m, v, g []float32, s *adamStep) { adamGeneric(w, m, v, g, s) }
func (isa) sgd(w, m, g []float32, s *sgdStep)      { sgdGeneric(w, m, g, s) }
func (isa) sumSquares(x []float32) float64         { return sumSquaresGeneric(x) }
func (isa) sweep(op sweepOp, s *sweep)             { sweepGeneric(op, s) }
func (isa) sumAbs(x []float32) float64             { return sumAbsGeneric(x) }
func (isa) sum(x []float32) float64                { return sumGeneric(x) }
func (isa) interpolate(s *interpolation)           { interpolateGeneric(s) }
func (isa) frame(s *framing)                       { frameGeneric(s) }
