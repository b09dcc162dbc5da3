package mlp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The bytes are those of TensorBoard 2.21's RecordWriter around Python protocol buffers of the same events.
func TestEventBytes(t *testing.T) {
	now := time.Unix(1700000000, 5e8)
	folder := t.TempDir()
	var f eventFile
	if err := f.open(folder, func() time.Time { return now }); err != nil {
		t.Fatal(err)
	}
	defer f.file.Close()
	if got, want := hex.EncodeToString(f.buffer), "1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b353110"; got != want {
		t.Errorf("the first event is\n%s, want\n%s", got, want)
	}
	f.buffer = nil
	f.add(now, 300, appendScalar(nil, "epoch_loss", 0.25))
	if got, want := hex.EncodeToString(f.buffer),
		"2100000000000000017becf60900002040fc54d94110ac022a130a110a0a65706f63685f6c6f7373150000803e1ac7d63c"; got != want {
		t.Errorf("a scalar is\n%s, want\n%s", got, want)
	}
	f.buffer = nil
	f.add(now, 300, appendHistogram(nil, "w/histogram", []float32{-1, 13.5, 29, 29}))
	if got, want := fmt.Sprintf("%d %x", len(f.buffer), sha256.Sum256(f.buffer)),
		"581 fb8b65ed5b766ed78cf1c112772e0fcaf1aeb5c06143c1cef936f4fca09f0672"; got != want {
		t.Errorf("a histogram is %s, want %s", got, want)
	}
	var second eventFile
	if err := second.open(folder, func() time.Time { return now }); err != nil {
		t.Fatal(err)
	}
	defer second.file.Close()
	if second.file.Name() <= f.file.Name() {
		t.Errorf("the second file is %s, the first %s", second.file.Name(), f.file.Name())
	}
	nan := float32(math.NaN())
	if appendHistogram(nil, "w", []float32{nan}) != nil || appendHistogram(nil, "w", []float32{1, 1, nan}) == nil {
		t.Error("a histogram wants finite values, and takes equal ones")
	}
}

// readEvents returns the tags of a file's events with their steps and, of scalars, their values.
func readEvents(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for len(b) > 0 {
		n := binary.LittleEndian.Uint64(b)
		event := b[12:][:n]
		step, value := uint64(0), []byte(nil)
		for len(event) > 0 {
			tag, size := binary.Uvarint(event)
			event = event[size:]
			switch tag {
			case 1<<3 | wire64:
				event = event[8:]
			case 2<<3 | wireVarint:
				step, size = binary.Uvarint(event)
				event = event[size:]
			case 3<<3 | wireBytes, 5<<3 | wireBytes:
				n, size := binary.Uvarint(event)
				value, event = event[size:][:n], event[size+int(n):]
			default:
				t.Fatalf("field %d", tag)
			}
		}
		switch i := bytes.IndexByte(value, 1<<3|wireBytes); { // 0x0a length 0x0a length tag 0x15 value
		case string(value) == "brain.Event:2":
		case i != 0:
			t.Fatalf("event %q", value)
		default:
			_, size := binary.Uvarint(value[1:])
			value = value[1+size:]
			tag := string(value[2:][:value[1]])
			if value = value[2+len(tag):]; value[0] == valueScalar<<3|wire32 {
				tag += fmt.Sprintf(" %.6g", math.Float32frombits(binary.LittleEndian.Uint32(value[1:])))
			}
			list = append(list, fmt.Sprintf("%d %s", step, tag))
		}
		b = b[16+n:]
	}
	return list
}

func TestTensorBoard(t *testing.T) {
	var files [2]string
	var train, validation, want []string
	for i := range files {
		folder := t.TempDir()
		n := mustNew(t, 4, Dense{Units: 2, NoBias: true}, BatchNorm{NoCenter: true}, Dense{Units: 3, Activation: Softmax})
		trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Metrics: []Metric{Accuracy{}}, Optimizer: SGD{Schedule: ScheduleFunc(func(step int) float64 { return 1 / float64(1+step) })}})
		history, err := trainer.Fit(context.Background(), blobs(60, 1), FitConfig{Epochs: 3, ValidationSplit: 0.5, ValidateEvery: 2,
			Callbacks: []Callback{TensorBoard{Dir: filepath.Join(folder, "logs"), Histograms: 2, Gradients: true, now: func() time.Time { return time.Unix(1e9, 0) }}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"train", "validation"} {
			path := filepath.Join(folder, "logs", part, "events.out.tfevents.1000000000.0.mlp")
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[i] += string(content)
		}
		train = readEvents(t, filepath.Join(folder, "logs", "train", "events.out.tfevents.1000000000.0.mlp"))
		validation = readEvents(t, filepath.Join(folder, "logs", "validation", "events.out.tfevents.1000000000.0.mlp"))
		want = nil
		for epoch := range 3 {
			want = append(want, fmt.Sprintf("%d epoch_loss %.6g", epoch, float32(history.Metrics["loss"][epoch])),
				fmt.Sprintf("%d epoch_accuracy %.6g", epoch, float32(history.Metrics["accuracy"][epoch])),
				fmt.Sprintf("%d epoch_learning_rate %.6g", epoch, float32(1/float64(2+epoch))))
			if epoch == 1 {
				if v := []string{fmt.Sprintf("1 epoch_loss %.6g", float32(history.Metrics["val_loss"][0])),
					fmt.Sprintf("1 epoch_accuracy %.6g", float32(history.Metrics["val_accuracy"][0]))}; !slices.Equal(validation, v) {
					t.Errorf("validation has %q, want %q", validation, v)
				}
				continue
			}
			for _, tag := range []string{"layer_0/weights", "layer_0/weights/gradient", "layer_1/gamma", "layer_1/moving_mean", "layer_1/moving_variance",
				"layer_1/gamma/gradient", "layer_2/weights", "layer_2/bias", "layer_2/weights/gradient", "layer_2/bias/gradient"} {
				want = append(want, fmt.Sprintf("%d %s/histogram", epoch, tag))
			}
		}
		if !slices.Equal(train, want) {
			t.Errorf("train has\n%s\nwant\n%s", strings.Join(train, "\n"), strings.Join(want, "\n"))
		}
	}
	if files[0] != files[1] {
		t.Error("the same training gives other files")
	}
}
