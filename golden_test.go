package mlp

import (
	"os"
	"path/filepath"
	"testing"
)

// goldenFolder returns the path of a folder of the golden set, which is the one that MLP_TESTDATA names, or testdata.
// A folder that another set lacks is skipped; the default set must have them all.
func goldenFolder(t *testing.T, folder string) string {
	t.Helper()
	root := os.Getenv("MLP_TESTDATA")
	if root == "" {
		root = "testdata"
	}
	path := filepath.Join(root, filepath.FromSlash(folder))
	if _, err := os.Stat(path); err != nil {
		if root == "testdata" {
			t.Fatalf("the default set lacks %s: %v", folder, err)
		}
		t.Skipf("this set has no %s", folder)
	}
	return path
}

// tally counts the outcomes of a golden set.
type tally struct{ passed, failed, unsupported int }

// log prints the line that every golden test ends with.
func (c *tally) log(t *testing.T, set string) {
	t.Helper()
	t.Logf("%s: %d passed, %d failed, %d not yet supported", set, c.passed, c.failed, c.unsupported)
	if c.passed+c.failed+c.unsupported == 0 {
		t.Errorf("%s: the set is empty", set)
	}
}
