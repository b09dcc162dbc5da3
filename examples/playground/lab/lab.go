package lab

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

// Lab is a network in training. It belongs to one goroutine.
type Lab struct {
	Config      Config
	Train, Test *mlp.Dataset // either may have no rows
	Classes     int          // 0 for regression
	Network     *mlp.Network
	Curves      Curves

	segments []segment
	trainer  *mlp.Trainer
	monitor  *mlp.Monitor
	step     int
	ended    error // why there is no next step

	next func() (struct{}, bool)
	stop func()
}

// New returns the lab that c, which Parse returned, describes. It has done no step yet.
func New(c Config) (*Lab, error) {
	l := &Lab{Config: c, monitor: &mlp.Monitor{}}
	var err error
	if l.Train, l.Test, l.Classes, err = c.data(); err != nil {
		return nil, err
	}
	if l.segments, err = c.segments(l.Classes); err != nil {
		return nil, err
	}
	if l.Network, err = c.network(l.segments); err != nil {
		return nil, err
	}
	loss, score := loss(l.Classes)
	l.trainer, err = mlp.NewTrainer(l.Network, mlp.TrainerConfig{
		Loss: loss, Optimizer: c.optimizer(), BatchSize: c.Batch, Seed: uint64(c.Seed)})
	if err != nil {
		return nil, err
	}
	if err := l.Curves.start(l, loss, score); err != nil {
		return nil, err
	}
	l.next, l.stop = iter.Pull(l.steps)
	return l, nil
}

// errClosed ends a Fit that nobody waits for.
var errClosed = errors.New("the lab is closed")

// steps is a Fit that stands still after each step.
func (l *Lab) steps(yield func(struct{}) bool) {
	if l.Train.Rows() == 0 {
		l.ended = errors.New("there are no points to train on: draw some")
		return
	}
	stand := func() error {
		l.step++
		if !yield(struct{}{}) {
			return errClosed
		}
		return nil
	}
	cfg := mlp.FitConfig{Epochs: maxEpochs, Callbacks: []mlp.Callback{l.monitor, mlp.Hooks{
		BatchEnd: func(t *mlp.Training) error {
			if t.Step == t.Steps-1 {
				return nil // stands at the epoch's end
			}
			return stand()
		},
		EpochEnd: func(*mlp.Training) error {
			if err := l.Curves.add(l.step + 1); err != nil {
				return err
			}
			return stand()
		},
	}}}
	if l.Test.Rows() > 0 {
		cfg.ValidationData = l.Test
	}
	if _, l.ended = l.trainer.Fit(context.Background(), l.Train, cfg); l.ended == nil {
		l.ended = fmt.Errorf("%d epochs are enough for this page", maxEpochs)
	}
	var diverged *mlp.DivergedError
	if errors.As(l.ended, &diverged) {
		l.ended = fmt.Errorf("the training broke off in step %d: its loss is %v", l.step+1, diverged.Loss)
	}
}

// Advance does a step, and reports whether there was one to do; Ended tells why not.
func (l *Lab) Advance() bool {
	if l.step == MaxStep {
		l.ended = fmt.Errorf("%d steps are enough for this page", MaxStep)
		return false
	}
	_, ok := l.next()
	return ok
}

// Ended returns why Advance did no step, or nil.
func (l *Lab) Ended() error { return l.ended }

// Close ends the lab.
func (l *Lab) Close() { l.stop() }

// Step returns the number of steps done.
func (l *Lab) Step() int { return l.step }

// StepsPerEpoch returns the number of steps that an epoch has, at least 1.
func (l *Lab) StepsPerEpoch() int {
	return max(1, (l.Train.Rows()+l.Config.Batch-1)/l.Config.Batch)
}

// LearningRate returns the rate of the next step.
func (l *Lab) LearningRate() float64 { return l.trainer.LearningRate() }

// Fragment returns the fragment that leads to the present weights.
func (l *Lab) Fragment() string {
	c := l.Config
	c.Step = l.step
	return c.Fragment()
}

// Diagnosis returns what the library's Monitor saw: the L2 norm of the gradient of each Dense in the last epoch, before
// clipping (nil before the first epoch's end), and a text for each trouble, by the layers of the page, Dense ones from 1.
func (l *Lab) Diagnosis() (gradients []float32, findings []string) {
	report := l.monitor.Report()
	if n := len(report.Epochs); n > 0 && len(report.Epochs[n-1].Layers) > 0 {
		for _, s := range l.segments {
			gradients = append(gradients, float32(report.Epochs[n-1].Layers[s.first].GradientNorm))
		}
	}
	return gradients, l.describe(report.Findings)
}

// describe puts findings that name the same trouble together.
func (l *Lab) describe(findings []mlp.Finding) []string {
	var list []string
	for len(findings) > 0 {
		first := findings[0]
		var layers []string
		for len(findings) > 0 && findings[0].Trouble == first.Trouble {
			if name := l.layerName(findings[0].Layer); name != "" && !slices.Contains(layers, name) {
				layers = append(layers, name)
			}
			findings = findings[1:]
		}
		where := ""
		if len(layers) > 0 {
			where = " in " + strings.Join(layers, ", ")
		}
		list = append(list, fmt.Sprintf("%v%s since epoch %d. What helps: %s.",
			first.Trouble, where, first.Epoch, strings.Join(first.Remedies[:2], "; ")))
	}
	return list
}

// layerName returns the page's name for a layer of the network, "" for none.
func (l *Lab) layerName(layer int) string {
	for k, s := range slices.Backward(l.segments) {
		if layer >= s.first {
			if k == len(l.segments)-1 {
				return "the output"
			}
			return fmt.Sprintf("layer %d", k+1)
		}
	}
	return ""
}

// Hash returns 16 hexadecimal digits of the SHA-256 of all weights, layer by layer.
func (l *Lab) Hash() string {
	h := sha256.New()
	var b []byte
	for i := range l.Network.Layers() {
		for _, t := range l.Network.Weights(i) {
			b = b[:0]
			for _, v := range t.Values {
				if v != v { // a NaN's sign and payload differ among machines
					v = float32(math.NaN())
				}
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
			}
			h.Write(b)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
