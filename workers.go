package mlp

import (
	"math"
	"runtime"
	"sync/atomic"
	"time"
)

// The workers of a Trainer share the large products of a step among them. They split outputs, never sums, so that the bits
// do not depend on their number, and take a job's parts as they come, so that a worker that the system does not run
// delays nobody.

// jobOp names what the parts of a job do.
type jobOp uint8

const (
	jobForward jobOp = iota
	jobGradWeights
	jobGradInput
	jobUpdate
)

// job is work in parts that may be done in any order, at the same time.
type job struct {
	op    jobOp
	isa   isa
	dense *dense
	step  *updateStep
	block int // forward: rows of a block; gradWeights: inputs; update: weights
	parts int
}

// do does one part; scratch is the worker's.
func (j *job) do(part int, scratch []float32) {
	switch j.op {
	case jobForward:
		j.dense.forwardPart(j.isa, j.block, part)
	case jobGradWeights:
		j.dense.gradWeightsPart(j.isa, j.block, part)
	case jobGradInput:
		j.dense.gradInputPart(j.isa, part, scratch)
	case jobUpdate:
		p := j.step.part(part*j.block, j.block)
		p.apply(j.isa)
	}
}

// The costs of working together, in nanoseconds, as measured with two processors: to hand a job to a worker that waits for it
// takes less than 1 µs, but to wake a sleeping one may take 60 µs.
const (
	worthSharing = 25_000 // a job that takes as long alone is offered
	worthWaking  = 80_000 // jobs that take as long wake the sleepers
	patience     = 50_000 // a worker without a job sleeps after this time
)

// speed returns how many multiply-adds a nanosecond the kernel does, at least.
func (k isa) speed() float64 {
	switch k {
	case avx512:
		return 80
	case avx2:
		return 40
	case neon:
		return 10
	}
	return 0.5
}

// team is the workers beside the trainer's own goroutine. It must not refer to the Trainer, whose collection ends it.
type team struct {
	workers int
	worth   int // multiply-adds from which a job is offered
	scratch int // length of a worker's scratch, for gradInput
	started bool
	offered float64 // multiply-adds of the jobs since the sleepers were woken

	job    job
	next   atomic.Int64  // the next part that nobody has taken
	state  atomic.Uint64 // generation of the job, jobOpen while it has parts, and how many workers are in it
	asleep atomic.Int64
	wake   chan struct{} // closed at the end
}

const (
	jobOpen    = 1 << 31
	generation = 1 << 32
)

// newTeam returns a team for as many goroutines as workers says, or as GOMAXPROCS if that is 0; scratch is the length of a
// worker's scratch. The goroutines start with the first job that is worth it.
func newTeam(k isa, workers, scratch int) *team {
	if n := runtime.GOMAXPROCS(0); workers == 0 || workers > n {
		workers = n
	}
	t := &team{workers: workers - 1, worth: math.MaxInt, scratch: scratch, wake: make(chan struct{}, workers)}
	if t.workers > 0 {
		t.worth = int(worthSharing * k.speed())
	}
	return t
}

// close ends the workers; no job is shared any more.
func (t *team) close() {
	close(t.wake)
	t.workers, t.worth = 0, math.MaxInt
}

// share returns how many multiply-adds a part of a job should have: some four parts for each goroutine.
func (t *team) share(multiplyAdds int) int { return min(maxWork, multiplyAdds/(4*(t.workers+1))) }

// run does the job together with the workers; scratch is the caller's.
func (t *team) run(j job, multiplyAdds int, scratch []float32) {
	t.job = j
	t.next.Store(0)
	t.state.Store((t.state.Load()/generation+1)*generation | jobOpen)
	if t.offered += float64(multiplyAdds); t.offered >= worthWaking*j.isa.speed() {
		t.offered = 0
		t.wakeSleepers()
	}
	t.takeParts(scratch)
	t.state.And(^uint64(jobOpen))
	for spins := 0; t.state.Load()%jobOpen != 0; spins++ {
		if spins > 1000 {
			runtime.Gosched()
		}
	}
}

func (t *team) wakeSleepers() {
	if !t.started {
		t.started = true
		for range t.workers {
			go t.work(alignedFloats(t.scratch))
		}
	}
	for range t.asleep.Load() {
		select {
		case t.wake <- struct{}{}:
		default:
			return
		}
	}
}

// takeParts does the parts that nobody has taken.
func (t *team) takeParts(scratch []float32) {
	for {
		part := int(t.next.Add(1)) - 1
		if part >= t.job.parts {
			return
		}
		t.job.do(part, scratch)
	}
}

// work is a worker: it enters each job that is open, waits a little for another one, and then sleeps.
func (t *team) work(scratch []float32) {
	idle := time.Now()
	for done, spins := uint64(0), 1; ; spins++ {
		state := t.state.Load()
		if state&jobOpen != 0 && state/generation != done {
			if t.state.CompareAndSwap(state, state+1) {
				t.takeParts(scratch)
				t.state.Add(^uint64(0))
				done, idle = state/generation, time.Now()
			}
			continue
		}
		if spins%256 == 0 && time.Since(idle) > patience {
			t.asleep.Add(1)
			_, awake := <-t.wake
			t.asleep.Add(-1)
			if !awake {
				return
			}
			idle = time.Now()
		}
	}
}

// forward computes a layer's outputs.
func (t *team) forward(k isa, d *dense) {
	work := d.work()
	if work < t.worth {
		d.forward(k)
		return
	}
	block := d.forwardBlock(t.share(work))
	t.run(job{op: jobForward, isa: k, dense: d, block: block, parts: d.forwardParts(block)}, work, nil)
}

// gradWeights computes the gradients of a layer's weights and bias.
func (t *team) gradWeights(k isa, d *dense) {
	work := d.work()
	if work < t.worth {
		d.gradWeights(k)
		return
	}
	block := d.gradWeightsBlock(t.share(work))
	t.run(job{op: jobGradWeights, isa: k, dense: d, block: block, parts: d.gradWeightsParts(block)}, work, nil)
}

// gradInput computes the gradient of a layer's inputs.
func (t *team) gradInput(k isa, d *dense) {
	work := d.work()
	if work < t.worth {
		d.gradInput(k)
		return
	}
	t.run(job{op: jobGradInput, isa: k, dense: d, parts: d.gradInputParts()}, work, d.t)
	d.clearPads()
}

// update applies an optimizer's step to all weights.
func (t *team) update(k isa, s *updateStep) {
	const perWeight = 4 // an update's time in multiply-adds
	work := perWeight * s.len()
	if work < t.worth {
		s.apply(k)
		return
	}
	block := max(t.share(work)/perWeight, 1) + pageSize/4
	block -= block % (pageSize / 4)
	t.run(job{op: jobUpdate, isa: k, step: s, block: block, parts: blocksOf(s.len(), block)}, work, nil)
}
