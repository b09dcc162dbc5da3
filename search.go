package mlp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// SearchConfig says how Search goes about it.
type SearchConfig struct {
	Trials int // candidates, drawn at random; 0 means the grid, every combination of the Space

	Metric string // of Estimator.Trainer, or "loss", to rank by; "" means the first metric, or the loss without any
	Mode   Mode   // direction of improvement

	Halving *Halving // gives up hopeless trials early; nil trains all to the end

	RandomState uint32 // seed of the candidates, and of the rows of Halving
	Seed        uint64 // trial n trains with Seed+n, in the place of Estimator.Trainer.Seed

	Workers int // trainings at a time, each on one goroutine; 0 means GOMAXPROCS. Nothing but the time depends on it
	NoRefit bool

	// Log is a file that gets a line of JSON as each trial ends. A search that finds it there takes its trials over and
	// goes on; trials of another space, estimator, data or seed in it are an error (functions, and what hides behind nested pointers, are not compared). "" is off.
	Log string

	Progress ProgressLog // draws a line of progress; zero is silent
}

// SearchResult is what a Search has found.
type SearchResult struct {
	// Trials are ranked, the best first: those that came further in Halving, then by the mean score, NaN last, then by
	// their number.
	Trials []Trial
	Rungs  []Rung

	Metric string // that they are ranked by
	Mode   Mode   // Min or Max

	// Network is the best trial's, trained on all rows, with its Scaler; History is of this training. Both are nil with
	// NoRefit.
	Network *Network
	History *History
}

// Trial is a candidate and how well it did.
type Trial struct {
	Number int // from 0, in the order of the grid or the draws
	Params Params
	Seed   uint64 // of its trainings

	Rung, Resource int          // the last that it took part in, from 0; with how many epochs or rows
	Scores         *CrossScores // there
}

// Search cross-validates candidates from a Space, ranks them, and trains the best on all rows of d: scikit-learn's
// GridSearchCV, RandomizedSearchCV and, with Halving, HalvingGridSearchCV and HalvingRandomSearchCV. build turns a
// candidate into an Estimator.
//
// Results depend on the configuration alone, not on Workers, nor on interruptions. A trial that diverges has the worst
// score, and CrossScores.Diverged tells of it; every other error ends the search. When ctx is done, Search returns its
// error beside what is finished, without a Network.
func Search(
	ctx context.Context, d *Dataset, folds []Fold, space Space, build func(Params) (Estimator, error), cfg SearchConfig,
) (*SearchResult, error) {
	if err := checkFolds("Search", d, folds, cfg.Workers); err != nil {
		return nil, err
	}
	s := &search{d: d, folds: folds, build: build, cfg: cfg}
	candidates, err := space.candidates(cfg.Trials, cfg.RandomState)
	if err == nil {
		err = s.prepare(candidates)
	}
	if err != nil {
		return nil, fmt.Errorf("mlp: Search: %w", err)
	}
	if s.log, err = openSearchLog(cfg.Log); err != nil {
		return nil, fmt.Errorf("mlp: Search: the log %s: %w", cfg.Log, err)
	}
	err = s.run(ctx)
	if s.log != nil {
		err = errors.Join(err, s.log.close())
	}
	result := s.result()
	if err == nil && !cfg.NoRefit {
		err = s.refit(ctx, result)
	}
	return result, err
}

// search is a Search at work.
type search struct {
	d     *Dataset
	folds []Fold
	build func(Params) (Estimator, error)
	cfg   SearchConfig

	trials []*Trial // all, by number
	keys   []string // what each trial trains, hashed
	rungs  []Rung
	sign   float64 // 1 if small scores are good, else -1
	log    *searchLog

	mutex    sync.Mutex // of what follows
	progress progressLine
	done     int // trials, in all rungs
	taken    int // of them, from the log
	best     *Trial
}

// prepare builds each candidate once, so that mistakes are found before the first training.
func (s *search) prepare(candidates []Params) error {
	asked := &asked{names: map[string]bool{}}
	epochs := 0
	for i, p := range candidates {
		watched := p
		watched.asked = asked
		e, err := s.build(watched)
		if err = errors.Join(asked.err, err); err == nil {
			err = s.checkEstimator(&e, i, &epochs)
		}
		var key string
		if err == nil {
			key, err = e.digest()
		}
		if err != nil {
			return fmt.Errorf("trial %d (%v): %w", i, p, err)
		}
		s.keys = append(s.keys, key)
		s.trials = append(s.trials, &Trial{Number: i, Params: p, Seed: s.cfg.Seed + uint64(i)})
	}
	for _, name := range candidates[0].names {
		if !asked.names[name] {
			return fmt.Errorf("the Space has %q, but build never asks for it", name)
		}
	}
	s.rungs = []Rung{{Candidates: len(candidates)}}
	if h := s.cfg.Halving; h != nil {
		least, most := 1, epochs
		if h.Resource == Rows {
			least, most = leastRows(s.d, len(s.folds)), s.d.Rows()
			if h.Max > most {
				return fmt.Errorf("Halving.Max is %d, and there are %d rows", h.Max, most)
			}
		}
		var err error
		if s.rungs, err = h.plan(len(candidates), least, most); err != nil {
			return err
		}
	}
	return nil
}

// checkEstimator finds mistakes that need no data. epochs are those of the trials before.
func (s *search) checkEstimator(e *Estimator, trial int, epochs *int) error {
	if err := e.check(); err != nil {
		return err
	}
	names := []string{"loss"}
	for _, m := range slices.Concat(e.Trainer.Metrics, e.Trainer.WeightedMetrics) {
		if m != nil {
			names = append(names, m.Name())
		}
	}
	if trial == 0 {
		if s.cfg.Metric == "" {
			s.cfg.Metric = names[min(1, len(names)-1)]
		}
		s.sign = 1
		if s.cfg.Mode == Max || s.cfg.Mode == Auto && slices.Contains(rising, s.cfg.Metric) {
			s.sign = -1
		}
	}
	if !slices.Contains(names, s.cfg.Metric) {
		return fmt.Errorf("Metric is %q, but its Estimator has %q", s.cfg.Metric, names)
	}
	n := max(e.Fit.Epochs, 1)
	if h := s.cfg.Halving; h != nil && h.Resource == Epochs && h.Max == 0 && trial > 0 && n != *epochs {
		return fmt.Errorf("it has %d Epochs, those before have %d, and Halving wants all to agree, or Max", n, *epochs)
	}
	*epochs = n
	return nil
}

// estimator returns a trial's Estimator, for a rung.
func (s *search) estimator(t *Trial, rung Rung) (Estimator, error) {
	e, err := s.build(t.Params)
	e.Trainer.Seed = t.Seed
	if s.cfg.Halving != nil && s.cfg.Halving.Resource == Epochs {
		e.Fit.Epochs = rung.Resource
	}
	return e, err
}

// run goes through the rungs. A rung's trials are chosen when all of the one before have ended, so that the choice does
// not depend on which ends first.
func (s *search) run(ctx context.Context) error {
	s.progress = progressLine{ProgressLog: s.cfg.Progress, begun: time.Now()}
	remaining := s.trials
	for i, rung := range s.rungs {
		if i > 0 {
			remaining = keep(remaining, rung.Candidates, rank(s.cfg.Metric, s.sign))
		}
		if err := s.runRung(ctx, i, remaining); err != nil {
			return errors.Join(err, s.progress.abandon(nil))
		}
		if err := s.endLine(); err != nil {
			return err
		}
	}
	return nil
}

// rungRun is a trial in a rung.
type rungRun struct {
	trial *Trial
	runs  []*foldRun
	left  atomic.Int32 // folds
}

func (s *search) runRung(ctx context.Context, number int, trials []*Trial) error {
	rung := s.rungs[number]
	folds := slices.Clone(s.folds)
	if h := s.cfg.Halving; h != nil && h.Resource == Rows {
		for i, f := range folds {
			folds[i] = f.part(rung.Resource, s.d.Rows(), s.cfg.RandomState)
		}
		what := fmt.Sprintf("Search: rung %d of %d rows", number, rung.Resource)
		if err := checkFolds(what, s.d, folds, 0); err != nil {
			return err
		}
	}
	s.best = nil
	if err := s.log.begin(s, number, folds); err != nil {
		return fmt.Errorf("mlp: Search: the log %s: %w", s.cfg.Log, err)
	}
	var list []*rungRun
	for _, t := range trials {
		scores, err := s.log.take(s, t, number)
		if err != nil {
			return fmt.Errorf("mlp: Search: the log %s: %w", s.cfg.Log, err)
		}
		if scores != nil {
			s.taken++
			s.finish(t, number, scores)
			continue
		}
		r := &rungRun{trial: t, runs: make([]*foldRun, len(folds))}
		r.left.Store(int32(len(folds)))
		list = append(list, r)
	}
	if err := s.log.complete(number); err != nil {
		return fmt.Errorf("mlp: Search: the log %s: %w", s.cfg.Log, err)
	}
	return parallel(len(list)*len(folds), s.cfg.Workers, func(i int) error {
		r, fold := list[i/len(folds)], i%len(folds)
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("mlp: Search stopped: %w", err)
		}
		e, err := s.estimator(r.trial, rung)
		if err == nil {
			r.runs[fold], err = e.runFold(ctx, s.d, folds[fold], false)
		}
		if err != nil {
			return fmt.Errorf("%w (fold %d of trial %d: %v)", err, fold, r.trial.Number, r.trial.Params)
		}
		if r.left.Add(-1) > 0 {
			return nil
		}
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.finish(r.trial, number, newCrossScores(r.runs))
		if err := s.log.append(s, r.trial); err != nil {
			return fmt.Errorf("mlp: Search: the log %s: %w", s.cfg.Log, err)
		}
		return s.drawProgress()
	})
}

// finish takes a trial's scores of a rung.
func (s *search) finish(t *Trial, rung int, scores *CrossScores) {
	t.Rung, t.Resource, t.Scores = rung, s.rungs[rung].Resource, scores
	s.done++
	if s.best == nil || rank(s.cfg.Metric, s.sign)(t, s.best) < 0 {
		s.best = t
	}
}

// result ranks the trials that have scores.
func (s *search) result() *SearchResult {
	r := &SearchResult{Rungs: s.rungs, Metric: s.cfg.Metric, Mode: Min}
	if s.sign < 0 {
		r.Mode = Max
	}
	ended := slices.DeleteFunc(slices.Clone(s.trials), func(t *Trial) bool { return t.Scores == nil })
	slices.SortFunc(ended, rank(s.cfg.Metric, s.sign))
	for _, t := range ended {
		r.Trials = append(r.Trials, *t)
	}
	return r
}

// refit trains the best candidate on all rows.
func (s *search) refit(ctx context.Context, r *SearchResult) error {
	best := &r.Trials[0]
	if math.IsNaN(best.Scores.Test[r.Metric].Mean()) {
		err := best.Scores.Diverged
		if err == nil {
			err = fmt.Errorf("mlp: Search: %s is NaN", r.Metric)
		}
		return fmt.Errorf("%w (of the best of %d trials: %v)", err, len(r.Trials), best.Params)
	}
	e, err := s.estimator(best, s.rungs[best.Rung])
	var t *trained
	if err == nil {
		t, err = e.train(ctx, s.d, rowOrder(nil, s.d.Rows(), false))
	}
	if err != nil {
		return fmt.Errorf("%w (the best trial on all rows: %v)", err, best.Params)
	}
	r.Network, r.History = t.net, t.history
	return nil
}
