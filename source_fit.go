package mlp

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
)

// FitSource trains as Fit does, on the rows of a Source: in each epoch, one pass over them. It holds cfg.Window rows in
// memory: each next row is drawn from these, and the Source's next one takes its place, as tf.data's shuffle does
// (https://www.tensorflow.org/api_docs/python/tf/data/Dataset#shuffle). A Window of all rows or more gives the very
// training that Fit gives on their Dataset.
//
// Batches are filled across chunks, and the last one of a pass may be smaller. The number of steps is found in the first
// epoch. Validation takes a Dataset. A training that is resumed from a Checkpoint reads the rows before its place again;
// that the Source is the same, it tells from the first row.
func (t *Trainer) FitSource(ctx context.Context, src Source, cfg FitConfig) (*History, error) {
	f, err := t.newSourceFit(ctx, src, cfg)
	if err != nil {
		return newHistory(), err
	}
	defer f.stream.close()
	return f.fit(ctx)
}

// newSourceFit checks the configuration, and the first row.
func (t *Trainer) newSourceFit(ctx context.Context, src Source, cfg FitConfig) (*fit, error) {
	switch {
	case src == nil:
		return nil, errors.New("mlp: FitSource: the Source is nil")
	case cfg.Window < 0:
		return nil, fmt.Errorf("mlp: Window is %d, want Window >= 0", cfg.Window)
	case cfg.ValidationSplit != 0:
		return nil, errors.New("mlp: ValidationSplit needs all rows in memory; FitSource validates on ValidationData")
	}
	if cfg.Window == 0 {
		cfg.Window = 10_000
	}
	if cfg.NoShuffle {
		cfg.Window = 1
	}
	var first *Dataset
	for d, err := range src.Chunks(ctx) {
		if err == nil {
			err = t.checkData("source", d)
		}
		if err != nil {
			return nil, err
		}
		first = d.Head(1).Clone()
		break
	}
	f, err := t.newFitOf(first, "source", cfg)
	if err != nil {
		return nil, err
	}
	f.stream = &stream{
		fit: f, source: src, weighted: cfg.ClassWeights != nil || first.SampleWeights != nil, places: make([]int, t.cfg.BatchSize),
	}
	return f, f.newValidator()
}

// stream draws the rows of a Source from a window of them, pass after pass.
type stream struct {
	fit      *fit
	source   Source
	weighted bool
	rows     int   // of a pass; 0 until one is over
	places   []int // the numbers of the batch's rows in the Source

	// The pass.
	next    func() (*Dataset, error, bool) // nil if none has begun
	stop    func()
	rng     *rand.PCG
	batches int      // drawn so far
	chunk   *Dataset // the one last read
	row     int      // of it, the next to take
	read    int      // rows of the chunks so far

	// The window.
	x, y, weights []float32
	numbers       []int // of its rows in the Source
	order         []int // its rows, shuffled once the Source is at its end: then they are drawn in this order
	ended         bool
	drawn         int // of order
}

// begin begins the trainer's current pass.
func (s *stream) begin(ctx context.Context) {
	f := s.fit
	s.rng = rand.NewPCG(f.trainer.cfg.Seed, mix64(uint64(f.passStart))^streamShuffle)
	s.next, s.stop = iter.Pull2(s.source.Chunks(ctx))
	s.batches, s.chunk, s.row, s.read = 0, nil, 0, 0
	s.x, s.y, s.weights, s.numbers, s.order = s.x[:0], s.y[:0], s.weights[:0], s.numbers[:0], s.order[:0]
	s.ended, s.drawn = false, 0
}

// close ends the pass, if there is one; the next one begins at the place that the trainer has come to.
func (s *stream) close() {
	if s.next != nil {
		s.stop()
		s.next = nil
	}
}

// nextStreamed is nextBatch for a Source.
func (f *fit) nextStreamed(ctx context.Context) (y, weights []float32, rows int, err error) {
	s, t := f.stream, f.trainer
	for rows == 0 {
		if s.next == nil {
			s.begin(ctx)
		}
		for s.batches <= t.batches-f.passStart { // more than one in a training that is resumed
			if rows, err = s.draw(); err != nil {
				return nil, nil, 0, err
			}
			if rows == 0 {
				s.close()
				f.passStart = t.batches
				break
			}
			s.batches++
		}
		if rows == 0 && f.cfg.StepsPerEpoch == 0 {
			return nil, nil, 0, nil
		}
	}
	y = t.yGather[:rows*f.data.Targets]
	if s.weighted {
		weights = t.wGather[:rows]
	}
	if f.augmenter != nil {
		f.augmenter.apply(t.x, t.ldx, y, s.places[:rows], augmentKey(t.cfg.Seed, f.passStart))
	}
	return y, weights, rows, nil
}

// draw puts the next rows into the trainer's batch, and returns their number, 0 at the end of the pass.
func (s *stream) draw() (rows int, err error) {
	s.fit.trainer.useGathered()
	for rows < s.fit.trainer.cfg.BatchSize {
		if more, err := s.drawRow(rows); err != nil || !more {
			return rows, err
		}
		rows++
	}
	return rows, nil
}

// drawRow puts the next row into row to of the batch, and returns false if there is none.
func (s *stream) drawRow(to int) (bool, error) {
	for !s.ended {
		more, err := s.readChunk()
		if err != nil {
			return false, err
		}
		if !more {
			s.ended, s.rows = true, s.read
			shuffle(s.order, s.rng)
			break
		}
		if len(s.order) < s.fit.cfg.Window {
			s.append()
			continue
		}
		place := int(uintN(s.rng, uint64(len(s.order))))
		s.take(place, to)
		s.replace(place)
		return true, nil
	}
	if s.drawn == len(s.order) {
		return false, nil
	}
	s.take(s.order[s.drawn], to)
	s.drawn++
	return true, nil
}

// readChunk reads the next chunk if there is no row left of the last, and returns false at the end of the Source.
func (s *stream) readChunk() (bool, error) {
	if s.chunk != nil && s.row < s.chunk.Rows() {
		return true, nil
	}
	d, err, more := s.next()
	if err != nil {
		return false, err
	}
	if !more {
		if s.read == 0 {
			return false, errSourceEmpty
		}
		if s.rows > 0 && s.read < s.rows {
			return false, fmt.Errorf("mlp: the Source has %d rows in this pass, it had %d in the one before", s.read, s.rows)
		}
		return false, nil
	}
	if err := s.check(d); err != nil {
		return false, err
	}
	s.chunk, s.row, s.read = d, 0, s.read+d.Rows()
	if s.rows > 0 && s.read > s.rows {
		return false, fmt.Errorf("mlp: the Source has more than the %d rows in this pass that it had in the one before", s.rows)
	}
	return true, nil
}

// check returns an error unless a chunk fits the network and the first one.
func (s *stream) check(d *Dataset) error {
	t := s.fit.trainer
	if err := t.checkData("source", d); err != nil {
		if s.read > 0 {
			err = t.checkData(fmt.Sprintf("source, with rows counted from its row %d", s.read), d)
		}
		return err
	}
	if (d.SampleWeights == nil) != (s.fit.data.SampleWeights == nil) {
		return errors.New("mlp: source: some chunks have SampleWeights, and some have not")
	}
	return nil
}

// append adds the chunk's next row to the window.
func (s *stream) append() {
	d, n := s.chunk, s.fit.trainer.net.features
	s.order = append(s.order, len(s.order))
	s.numbers = append(s.numbers, s.number())
	s.x = append(s.x, d.X[s.row*n:][:n]...)
	s.y = append(s.y, d.Y[s.row*d.Targets:][:d.Targets]...)
	if s.weighted {
		s.weights = append(s.weights, d.rowWeight(s.row, s.fit.cfg.ClassWeights))
	}
	s.row++
}

// replace puts the chunk's next row into the window, at a place.
func (s *stream) replace(place int) {
	d, n := s.chunk, s.fit.trainer.net.features
	s.numbers[place] = s.number()
	copy(s.x[place*n:][:n], d.X[s.row*n:])
	copy(s.y[place*d.Targets:][:d.Targets], d.Y[s.row*d.Targets:])
	if s.weighted {
		s.weights[place] = d.rowWeight(s.row, s.fit.cfg.ClassWeights)
	}
	s.row++
}

// number returns the place in the Source of the chunk's next row.
func (s *stream) number() int { return s.read - s.chunk.Rows() + s.row }

// take copies the row at a place of the window into row to of the batch.
func (s *stream) take(place, to int) {
	t, targets := s.fit.trainer, s.fit.data.Targets
	n := t.net.features
	copy(t.x[to*t.ldx:][:n], s.x[place*n:])
	copy(t.yGather[to*targets:][:targets], s.y[place*targets:])
	if s.weighted {
		t.wGather[to] = s.weights[place]
	}
	s.places[to] = s.numbers[place]
}
