package mlp

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// The loaders of IDX files and images, and resizing, are yet to come: these tests count what they will have to read.

func TestGoldenIDX(t *testing.T) {
	countUnsupported(t, "idx", "data/idx", "data/bad/idx")
}

func TestGoldenImages(t *testing.T) {
	countUnsupported(t, "images", "data/shapes", "data/bad/images")
}

func TestGoldenResize(t *testing.T) {
	var file struct {
		Cases []struct {
			Op string `json:"op"`
		} `json:"cases"`
	}
	decodeLoosely(t, filepath.Join(goldenFolder(t, "golden/images"), "resize.json"), &file)
	var c tally
	for i, test := range file.Cases {
		t.Logf("not yet supported: case %d, %s", i, test.Op)
		c.unsupported++
	}
	c.log(t, "resize")
}

// countUnsupported logs and counts each file that the folders' manifests list.
func countUnsupported(t *testing.T, set string, folders ...string) {
	var c tally
	for _, folder := range folders {
		t.Run(folder, func(t *testing.T) {
			var manifest struct {
				Files []struct {
					File string `json:"file"`
					Also string `json:"also"`
				} `json:"files"`
			}
			decodeLoosely(t, filepath.Join(goldenFolder(t, folder), "MANIFEST.json"), &manifest)
			for _, f := range manifest.Files {
				for _, name := range []string{f.File, f.Also} {
					if name != "" {
						t.Logf("not yet supported: %s", name)
						c.unsupported++
					}
				}
			}
		})
	}
	if c == (tally{}) {
		t.Skipf("this set has no %s", set)
	}
	c.log(t, set)
}

// decodeLoosely decodes the keys of a JSON file that the counting needs.
func decodeLoosely(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
