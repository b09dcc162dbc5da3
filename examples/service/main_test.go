package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed975aa5d7/mlp"
)

const (
	setosa    = "[5.1, 3.5, 1.4, 0.2]"
	virginica = "[6.7, 3.0, 5.2, 2.3]"
)

func iris(t *testing.T, epochs int) *mlp.Network {
	t.Helper()
	net, err := trainIris(context.Background(), epochs)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// post returns the answer to a request, or the error that it tells.
func post(t *testing.T, url, rows string) ([]mlp.Classification, string) {
	t.Helper()
	r, err := http.Post(url+"/classify", "application/json", strings.NewReader(rows))
	if err != nil {
		t.Error(err)
		return nil, err.Error()
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	if r.StatusCode != http.StatusOK {
		return nil, fmt.Sprintf("%d %s", r.StatusCode, body)
	}
	var list []mlp.Classification
	if err := json.Unmarshal(body, &list); err != nil {
		t.Errorf("%v in %s", err, body)
	}
	return list, ""
}

func TestClassify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "iris.safetensors")
	if err := iris(t, 50).SaveFile(path); err != nil {
		t.Fatal(err)
	}
	s, err := newService(path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.handler())
	defer server.Close()
	got, problem := post(t, server.URL, "["+setosa+","+virginica+"]")
	if problem != "" || len(got) != 2 || got[0].Name != "setosa" || got[1].Name != "virginica" || got[1].Class != 2 ||
		len(got[0].Probabilities) != 3 || got[0].Probabilities[0] < 0.9 {
		t.Errorf("classes %+v %s", got, problem)
	}
	if got, problem := post(t, server.URL, "[]"); problem != "" || got == nil || len(got) != 0 {
		t.Errorf("no rows: %v %s", got, problem)
	}
	for _, c := range []struct{ body, want string }{
		{"5.1", "want a list of rows"},
		{`[["5.1"]]`, "want a list of rows"},
		{"[[1,2,3]]", "row 0: "},
		{"[" + setosa + ",[1,2,3,4,5,6,7,8]]", "row 1: 8 values, want 4"},
		{"[[]]", "row 0: "},
		{"[" + strings.Repeat(" ", 2<<20) + "]", "request body too large"},
	} {
		if _, problem := post(t, server.URL, c.body); !strings.Contains(problem, c.want) || !strings.HasPrefix(problem, `400 {"error":`) {
			t.Errorf("%.40s: %q, want %q", c.body, problem, c.want)
		}
	}
	r, err := http.Get(server.URL + "/model")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(body), `"classes":["setosa","versicolor","virginica"]`) ||
		!strings.Contains(string(body), `"epochs":50`) {
		t.Errorf("the model is %s, error %v", body, err)
	}
}

// TestSwap replaces the file by good and bad ones while clients ask: each answer is that of one of the good models.
func TestSwap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "iris.safetensors")
	old, better := iris(t, 1), iris(t, 50)
	if err := old.SaveFile(path); err != nil {
		t.Fatal(err)
	}
	s, err := newService(path)
	if err != nil {
		t.Fatal(err)
	}
	var logged lockedBuffer
	log.SetOutput(&logged)
	defer log.SetOutput(os.Stderr)
	server := httptest.NewServer(s.handler())
	defer server.Close()
	ctx, cancel := context.WithCancel(context.Background())
	var clients sync.WaitGroup
	defer clients.Wait()
	defer cancel()
	clients.Add(1)
	go func() {
		defer clients.Done()
		s.watch(ctx, time.Millisecond)
	}()

	row := []float32{6.7, 3.0, 5.2, 2.3}
	answer := func(n *mlp.Network) float32 {
		rows, err := n.Classify(row)
		if err != nil {
			t.Fatal(err)
		}
		return rows[0].Probabilities[2]
	}
	before, after := answer(old), answer(better)
	ask := func() float32 {
		rows, problem := post(t, server.URL, "["+virginica+"]")
		if problem != "" {
			t.Error(problem)
			return -1
		}
		return rows[0].Probabilities[2]
	}
	if got := ask(); got != before {
		t.Fatalf("at first %v, want %v", got, before)
	}
	for range 4 {
		clients.Add(1)
		go func() {
			defer clients.Done()
			for ctx.Err() == nil {
				if got := ask(); got != before && got != after {
					t.Errorf("%v, want %v or %v", got, before, after)
					return
				}
			}
		}()
	}
	// waitFor waits until the service has said something new.
	waitFor := func(text string) {
		t.Helper()
		for range 2000 {
			if strings.Contains(logged.take(text), text) {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Fatalf("no %q in the log", text)
	}
	// replace gives the name another file.
	times := time.Now()
	replace := func(data []byte) {
		t.Helper()
		times = times.Add(time.Second) // however coarse the file system's clock is
		beside := path + ".new"
		if err := os.WriteFile(beside, data, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(beside, times, times); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(beside, path); err != nil {
			t.Fatal(err)
		}
	}
	file := func(n *mlp.Network) []byte {
		var b bytes.Buffer
		if err := n.Save(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	good := file(better)
	corrupt := bytes.Clone(good)
	corrupt[len(corrupt)-200] ^= 1 // of a weight or of the self-test
	replace(corrupt)
	waitFor("the file was changed")
	replace(good[:len(good)/2])
	waitFor("the file ends in")
	other := better.Clone()
	other.ClassNames = []string{"a", "b", "c"}
	replace(file(other))
	waitFor(`classes ["a" "b" "c"], want`)
	if got := ask(); got != before {
		t.Errorf("after bad files %v, want %v", got, before)
	}
	replace(good)
	waitFor("serving the new")
	if got := ask(); got != after {
		t.Errorf("after a good one %v, want %v", got, after)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	waitFor("the old model goes on: ")
	if got := ask(); got != after {
		t.Errorf("without a file %v, want %v", got, after)
	}
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// take returns what was written, and forgets it if it has that text.
func (b *lockedBuffer) take(text string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.text.String()
	if strings.Contains(s, text) {
		b.text.Reset()
	}
	return s
}

// TestRun starts the command without a model and stops it.
func TestRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "iris.safetensors")
	log.SetOutput(io.Discard)
	defer log.SetOutput(os.Stderr)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- run(ctx, path, "localhost:0") }()
	for range 2000 {
		if _, err := os.Stat(path); err == nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := run(context.Background(), filepath.Join(t.TempDir(), "none", "x"), "localhost:0"); err == nil {
		t.Error("a model in no folder was written")
	}
	if _, err := newService("main.go"); err == nil {
		t.Error("Go code was served")
	}
}
