// Command online answers from many goroutines while it learns from rows that come in, a few at a time.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/seed975aa5d7/mlp"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background(), os.Stdout, 20000); err != nil {
		log.Fatal(err)
	}
}

// service answers by the network that was published last. Many goroutines may call predict.
type service struct {
	served  atomic.Pointer[mlp.Network]
	answers atomic.Int64
}

// predict returns the class of a row [features], unscaled.
func (s *service) predict(x []float32) (class int, err error) {
	net := s.served.Load()
	row := &mlp.Dataset{X: append([]float32(nil), x...), Features: len(x)}
	if err := net.Scaler.Transform(row); err != nil {
		return 0, err
	}
	p, err := net.Predict(row.X)
	if err != nil {
		return 0, err
	}
	for i, v := range p {
		if v > p[class] {
			class = i
		}
	}
	s.answers.Add(1)
	return class, nil
}

const (
	warmUp       = 100 // rows that only the scaler sees
	publishEvery = 100 // steps
	batchSize    = 7   // rows that come in at once, at most
)

// learner trains on what comes in. It belongs to one goroutine.
type learner struct {
	service   *service
	trainer   *mlp.Trainer
	scaler    mlp.StandardScaler
	rows      int // seen
	steps     int
	published int
}

func newLearner(s *service) (*learner, error) {
	net, err := mlp.New(2, mlp.Dense{Units: 16, Activation: mlp.ReLU}, mlp.Dense{Units: 2, Activation: mlp.Softmax})
	if err != nil {
		return nil, err
	}
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
		Loss: mlp.SparseCategoricalCrossentropy{}, Optimizer: mlp.Adam{LearningRate: 0.003}, BatchSize: batchSize})
	return &learner{service: s, trainer: trainer}, err
}

// learn takes a batch into the scaler and, after the warm-up, does a step with it.
func (l *learner) learn(batch *mlp.Dataset) error {
	if err := l.scaler.Update(batch); err != nil {
		return err
	}
	l.rows += batch.Rows()
	if l.rows < warmUp {
		return nil
	}
	if err := l.scaler.Transform(batch); err != nil {
		return err
	}
	if _, err := l.trainer.Step(batch.X, batch.Y); err != nil {
		return err
	}
	if l.steps%publishEvery == 0 {
		l.publish()
	}
	l.steps++
	return nil
}

// publish hands a copy of the network to the service, with the scaler as it is now.
func (l *learner) publish() {
	net, scaler := l.trainer.Network().Clone(), l.scaler // Update replaces the scaler's slices, so the copy stays as it is
	net.Scaler = &scaler
	l.service.served.Store(net)
	l.published++
}

// weather returns days whose class is whether warmth and high pressure go together.
func weather(random *mlp.RandomState, rows int) *mlp.Dataset {
	d := &mlp.Dataset{Features: 2, Targets: 1}
	for range rows {
		celsius, pascal := random.Normal(15, 8), random.Normal(101300, 900)
		d.X = append(d.X, float32(celsius), float32(pascal))
		class := float32(0)
		if (celsius > 15) == (pascal > 101300) {
			class = 1
		}
		d.Y = append(d.Y, class)
	}
	return d
}

// accuracy returns the share of a test set that the service gets right.
func (s *service) accuracy() (float64, error) {
	d := weather(mlp.NewRandomState(1), 1000)
	right := 0.0
	for r := range d.Rows() {
		class, err := s.predict(d.X[2*r:][:2])
		if err != nil {
			return 0, err
		}
		if class == int(d.Y[r]) {
			right++
		}
	}
	return right / float64(d.Rows()), nil
}

// run learns from that many rows while four clients ask.
func run(ctx context.Context, w io.Writer, rows int) error {
	var s service
	l, err := newLearner(&s)
	if err != nil {
		return err
	}
	random := mlp.NewRandomState(0)
	next := func() *mlp.Dataset { return weather(random, 1+int(random.RandomSample()*batchSize)) }
	for l.published == 0 {
		if err := l.learn(next()); err != nil {
			return err
		}
	}
	before, err := s.accuracy()
	if err != nil {
		return err
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var clients sync.WaitGroup
	failures := make(chan error, 4)
	for client := range uint32(cap(failures)) {
		clients.Add(1)
		go func() {
			defer clients.Done()
			random := mlp.NewRandomState(100 + client)
			for {
				if _, err := s.predict(weather(random, 1).X); err != nil {
					failures <- err
					return
				}
				if ctx.Err() != nil {
					return
				}
				runtime.Gosched() // as a client waits for its answer
			}
		}()
	}
	for l.rows < rows && ctx.Err() == nil && err == nil {
		err = l.learn(next())
	}
	cancel()
	clients.Wait()
	select {
	case err = <-failures:
	default:
	}
	if err != nil {
		return err
	}
	l.publish()
	after, err := s.accuracy()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d steps on %d rows, %d networks published\n", l.steps, l.rows, l.published)
	fmt.Fprintf(w, "test accuracy %.3f before, %.3f after\n", before, after)
	fmt.Fprintf(w, "%d answers in the meantime\n", s.answers.Load()-2000)
	return nil
}
