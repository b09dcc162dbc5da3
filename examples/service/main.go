// Command service tells the classes of rows over HTTP, by a model file that may be replaced while it runs.
//
//	go run ./examples/service -model iris.safetensors     # trains it first if there is no such file
//	curl localhost:8080/classify -d '[[5.1, 3.5, 1.4, 0.2]]'
//	curl localhost:8080/model
//
// A new file, written by Network.SaveFile or moved there, is noticed within a second. It is served once it is loaded, which
// includes its self-test, and takes and gives what the old one does. Else the old one goes on.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync/atomic"
	"time"

	"github.com/seed975aa5d7/mlp"
)

func main() {
	path := flag.String("model", "iris.safetensors", "the model `file`")
	address := flag.String("address", "localhost:8080", "where to listen, `host:port`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *path, *address); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, path, address string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		log.Printf("training %s", path)
		net, err := trainIris(ctx, 50)
		if err != nil {
			return err
		}
		if err := net.SaveFile(path); err != nil {
			return err
		}
	}
	s, err := newService(path)
	if err != nil {
		return err
	}
	go s.watch(ctx, time.Second)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s.handler(), ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(ctx) // once what is under way has ended
	})
	log.Printf("serving %s on http://%s", path, listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// service answers by the network that was loaded last.
type service struct {
	path   string
	served atomic.Pointer[mlp.Network] // each request takes it once
	seen   fileState                   // of the last attempt to load; the watching goroutine's
}

// fileState tells a file from the one that had its name before.
type fileState struct {
	size     int64
	modified time.Time
}

func newService(path string) (*service, error) {
	s := &service{path: path}
	return s, s.reload()
}

// reload serves the network in the file, if the file has changed. After an error the old network is served on, and the
// same file is not tried again.
func (s *service) reload() error {
	info, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	state := fileState{info.Size(), info.ModTime()}
	if state == s.seen {
		return nil
	}
	s.seen = state
	net, err := mlp.LoadFile(s.path) // and the self-test
	if err != nil {
		return err
	}
	classes := net.Classes()
	if classes == nil {
		return fmt.Errorf("%s: the network is no classifier", s.path)
	}
	if old := s.served.Load(); old != nil && (!slices.Equal(classes, old.Classes()) || !slices.Equal(net.FeatureNames, old.FeatureNames)) {
		return fmt.Errorf("%s: features %q and classes %q, want %q and %q as before", s.path,
			net.FeatureNames, classes, old.FeatureNames, old.Classes())
	}
	s.served.Store(net)
	return nil
}

// watch looks for a new file, again and again, until ctx is done.
func (s *service) watch(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	problem := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		before, last := s.served.Load(), problem
		problem = ""
		if err := s.reload(); err != nil {
			if problem = err.Error(); problem != last { // a file that is gone is told of once
				log.Printf("the old model goes on: %v", err)
			}
		} else if s.served.Load() != before {
			log.Printf("serving the new %s", s.path)
		}
	}
}

func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /classify", s.classify)
	mux.HandleFunc("GET /model", s.model)
	return mux
}

// classify answers a list of rows with a list of their classes.
func (s *service) classify(w http.ResponseWriter, r *http.Request) {
	const most = 1 << 20 // bytes of a request
	var rows [][]float32
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, most)).Decode(&rows); err != nil {
		fail(w, fmt.Errorf("want a list of rows, as in [[5.1, 3.5, 1.4, 0.2]]: %w", err))
		return
	}
	net := s.served.Load()
	answer := []mlp.Classification{}
	for i, row := range rows {
		class, err := net.Classify(row)
		if err == nil && len(class) != 1 {
			err = fmt.Errorf("%d values, want %d", len(row), len(row)/len(class))
		}
		if err != nil {
			fail(w, fmt.Errorf("row %d: %w", i, err))
			return
		}
		answer = append(answer, class[0])
	}
	reply(w, http.StatusOK, answer)
}

// model tells what is served.
func (s *service) model(w http.ResponseWriter, _ *http.Request) {
	net := s.served.Load()
	reply(w, http.StatusOK, struct {
		Features []string           `json:"features"`
		Classes  []string           `json:"classes"`
		Training *mlp.TrainingFacts `json:"training"`
	}{net.FeatureNames, net.Classes(), net.Training})
}

func fail(w http.ResponseWriter, err error) {
	reply(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
}

func reply(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Printf("a client has left: %v", err)
	}
}

// trainIris returns a network with all that classify needs: its classes, and the scaler of raw rows.
func trainIris(ctx context.Context, epochs int) (*mlp.Network, error) {
	iris := mlp.Iris()
	var scaler mlp.StandardScaler
	if err := errors.Join(scaler.Fit(iris), scaler.Transform(iris)); err != nil {
		return nil, err
	}
	net, err := mlp.New(iris.Features, mlp.Dense{Units: 16, Activation: mlp.ReLU}, mlp.Dense{Units: 3, Activation: mlp.Softmax})
	if err != nil {
		return nil, err
	}
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
		Loss: mlp.SparseCategoricalCrossentropy{}, Optimizer: mlp.Adam{LearningRate: 0.01}, Metrics: []mlp.Metric{mlp.Accuracy{}}})
	if err != nil {
		return nil, err
	}
	if _, err := trainer.Fit(ctx, iris, mlp.FitConfig{Epochs: epochs}); err != nil {
		return nil, err
	}
	net.FeatureNames, net.ClassNames, net.Scaler = iris.FeatureNames, iris.ClassNames, &scaler
	return net, nil
}
