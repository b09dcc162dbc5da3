package mlp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// Files hold the same bytes wherever they are written, so that one that was written here loads bit-equal everywhere: each is
// read back to what was written, and scripts/platforms compares the digests.
func TestHashFiles(t *testing.T) {
	n := everything(t, Adam{})
	write := func(name string, write func(w io.Writer) error) []byte {
		t.Helper()
		var file bytes.Buffer
		if err := write(&file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sum := sha256.Sum256(file.Bytes())
		t.Logf("%s: %x", name, sum[:8])
		return file.Bytes()
	}

	model := write("model", n.Save)
	loaded, err := Load(bytes.NewReader(model))
	if err != nil || loaded.hash() != n.hash() {
		t.Errorf("model: loaded %v, %v, want weights %s", loaded, err, n.hash())
	}

	path := filepath.Join(t.TempDir(), "checkpoint")
	checkpoint := write("checkpoint", func(w io.Writer) error {
		trainer, data, cfg, _ := optionsTrainer(t)
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		cfg.Checkpoint = Checkpoint{Path: path}
		cfg.Callbacks = append(cfg.Callbacks, Hooks{BatchEnd: func(tr *Training) error {
			if tr.Trainer.batches == 12 {
				stop()
			}
			return nil
		}})
		if _, err := trainer.Fit(ctx, data, cfg); !errors.Is(err, context.Canceled) {
			return err
		}
		file, err := os.ReadFile(path)
		if err == nil {
			_, err = w.Write(file)
		}
		return err
	})
	if tensors, metadata, err := ReadSafetensors(bytes.NewReader(checkpoint)); err != nil {
		t.Errorf("checkpoint: %v", err)
	} else if again := write("checkpoint, read and written", func(w io.Writer) error {
		return WriteSafetensors(w, tensors, metadata)
	}); !bytes.Equal(again, checkpoint) {
		t.Error("checkpoint: another file is written than was read")
	}

	for _, a := range someArrays(t) {
		npy := write(a.Type()+" npy", a.WriteNPY)
		if again, err := ReadNPY(bytes.NewReader(npy), ArrayConfig{}); err != nil || !sameArray(again, a) {
			t.Errorf("npy: got %v, %v, want %v", again, err, a)
		}
	}
	write("csv", blobs(150, 1).WriteCSV)
}
