package mlp

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
)

// architectureKey is the metadata key of a model file under which the architecture stands.
const architectureKey = "mlp"

// Save writes the network to w as one safetensors file: weights, layers, the exported fields, and a self-test for Load.
// docs/FORMAT.md describes it; Python's safetensors library reads it. The same network gives the same bytes, on every
// platform.
//
// It is an error if the number of names does not fit the network, if the Scaler is not fitted to as many features, or if a
// weight is not finite: Load would refuse such a file.
func (n *Network) Save(w io.Writer) error {
	if err := n.save(w); err != nil {
		return fmt.Errorf("mlp: saving a model: %w", err)
	}
	return nil
}

func (n *Network) save(w io.Writer) error {
	a := architecture{
		features: n.features, layers: n.layers, featureNames: n.FeatureNames, classNames: n.ClassNames, scaler: n.Scaler,
		targetNames: n.TargetNames, image: n.Image, training: n.Training,
	}
	if err := a.check(n.Outputs()); err != nil {
		return err
	}
	var tensors []Tensor
	for i := range n.layers {
		for _, t := range n.Weights(i) {
			t.Name = tensorName(i, t.Name)
			for j, v := range t.Values {
				if !isFinite(v) {
					return fmt.Errorf("tensor %q: value %d is %v, want a finite one", t.Name, j, v)
				}
			}
			tensors = append(tensors, t)
		}
	}
	tensors = append(tensors, n.selfTest()...)
	slices.SortFunc(tensors, func(a, b Tensor) int { return cmp.Compare(a.Name, b.Name) }) // as they are going to be written
	digest := newXXH64()
	for _, t := range tensors {
		digest.write(t.Values)
	}
	a.digest = digest.String()
	text, err := a.appendJSON(nil)
	if err != nil {
		return err
	}
	// Other programs look for "format" before they read PyTorch-like tensors.
	return writeSafetensors(w, tensors, map[string]string{"format": "pt", architectureKey: string(text)})
}

// SaveFile writes the network to a file as Save does, replacing one that is there. A reader of the file, or the next
// start after a crash, sees the old file or the new one and nothing between. Windows refuses to replace a file while
// another program has it open, which is an error.
func (n *Network) SaveFile(path string) error {
	if err := writeFileAtomic(path, n.save); err != nil {
		return fmt.Errorf("mlp: saving a model: %w", err)
	}
	return nil
}

// Load reads a network that Save wrote, to the end of r. It chooses a kernel as New does; the network computes the
// same bits as the one that was saved: the file carries a few rows and their outputs, which Load computes anew, and a
// *SelfTestError tells of the first that differs.
//
// The file is not trusted: everything is checked before it is used, memory stays in proportion to the file, and an error
// names what is wrong.
func Load(r io.Reader) (*Network, error) {
	a, weights, test, err := readModel(r)
	if err != nil {
		return nil, fmt.Errorf("mlp: loading a model: %w", err)
	}
	n, err := newNetwork(a.features, a.layers) // all its weights are in the file: checkTensors has seen to that
	if err != nil {
		return nil, err
	}
	n.FeatureNames, n.ClassNames, n.TargetNames = a.featureNames, a.classNames, a.targetNames
	n.Image, n.Scaler, n.Training = a.image, a.scaler, a.training
	for i, w := range weights {
		for _, t := range w {
			if err := t.checkValues(); err != nil {
				return nil, fmt.Errorf("mlp: layer %d (%T): %w", i, n.layers[i], err)
			}
		}
		n.setWeights(i, w)
	}
	if test != nil {
		if err := n.verify(test[0].Values, test[1].Values); err != nil {
			return nil, fmt.Errorf("mlp: loading a model: %w", err)
		}
	}
	return n, nil
}

// readModel reads a model file to its end and returns what it holds, with the tensors of each layer and of the self-test.
func readModel(r io.Reader) (a *architecture, weights [][]Tensor, test []Tensor, err error) {
	stored, metadata, err := readSafetensorsHeader(r)
	if err != nil {
		return nil, nil, nil, err
	}
	text, ok := metadata[architectureKey]
	if !ok {
		return nil, nil, nil, fmt.Errorf("a safetensors file of %d tensors holds no mlp architecture (metadata key %q); "+
			"ReadSafetensors and SetWeights import the weights of other programs", len(stored), architectureKey)
	}
	a, err = readArchitecture(text)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("architecture: %w", err)
	}
	tensors, err := readSafetensorsData(r, stored)
	if err != nil {
		return nil, nil, nil, err
	}
	weights, test, err = a.checkTensors(stored, tensors)
	return a, weights, test, err
}

// LoadFile reads a network from a file that SaveFile wrote. Load tells what it makes sure of.
func LoadFile(path string) (*Network, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("mlp: loading a model: %w", err)
	}
	defer f.Close()
	n, err := Load(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}

// writeFileAtomic replaces a file by what write writes, or leaves it alone and returns an error. The new contents go to a
// file beside it, and to the disk, before they get its name. The file keeps its mode; a new one has that of os.Create. A
// symbolic link stays, and what it names is replaced.
func writeFileAtomic(path string, write func(io.Writer) error) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	old, err := os.Stat(path)
	if err == nil && !old.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := createBeside(path)
	if err != nil {
		return err
	}
	renamed := false
	defer func() {
		if !renamed {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if old != nil {
		if err := f.Chmod(old.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	renamed = true
	return syncFolder(filepath.Dir(path))
}

// createBeside creates a file in the folder of path, with the mode that os.Create gives, which os.CreateTemp does not.
func createBeside(path string) (*os.File, error) {
	const attempts = 1000 // names taken by other writers, or left by crashes
	folder, name := filepath.Split(path)
	for i := 0; ; i++ {
		f, err := os.OpenFile(fmt.Sprintf("%s.%s.%d.tmp", folder, name, i), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil || !errors.Is(err, os.ErrExist) || i == attempts {
			return f, err
		}
	}
}

// syncFolder puts a folder's entries on the disk, where the system has a way to do so.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil { // a folder may allow writing, but not reading
		return nil
	}
	defer d.Close()
	err = d.Sync()
	if runtime.GOOS == "windows" || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}
