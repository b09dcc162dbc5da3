package browsertest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestScreenshots writes pictures of the page to the folder that MLP_SCREENSHOTS names, for people to look at.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("MLP_SCREENSHOTS")
	if dir == "" {
		t.Skip("MLP_SCREENSHOTS names no folder")
	}
	const drawn = "data=drawn&layers=8,6&points=1YAopEvl8voAp5QyVko4AxaIr2YOa5a6FfcZS6JaaZfNNYpNWMNfbVfiuX2qWUSfkGWmeUzmflyP1SY1K"
	path := chromium(t)
	address := serve(t, playground(t))
	for _, v := range []struct {
		name          string
		width, height int
		dark, whole   bool
		fragment      string
	}{
		{"wide", 1360, 1000, false, false, "step=600"},
		{"whole", 1360, 1000, false, true, "step=600"},
		{"dark", 1360, 1000, true, false, "data=spirals&noise=0.05&layers=12,12&step=3000"},
		{"narrow", 360, 740, false, true, "step=600"},
		{"narrow-drawn", 360, 740, false, true, drawn + "&step=100"},
		{"narrow-dark", 360, 740, true, true, "data=blobs&noise=0.4&layers=6,4&step=300"},
		{"tablet", 900, 1100, false, true, "data=xor&noise=0.1&layers=4&step=600"},
		{"deep", 1360, 1000, false, false, "data=circles&layers=16,16,16,16,16,16,16,16&activation=sigmoid&step=200"},
		{"regression", 1360, 1000, true, false, "data=hills&task=regression&noise=0.05&layers=12,12&step=3000"},
		{"diverged", 1360, 1000, false, false, "data=hills&task=regression&activation=elu&optimizer=momentum&rate=3&step=100"},
		{"drawn", 1360, 1000, false, false, drawn + "&step=400&absurd=1&rate=1e9"},
	} {
		b := newBrowser(t, path, address, v.width, v.height)
		scheme := "light"
		if v.dark {
			scheme = "dark"
		}
		media := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
		b.run(emulation.SetDeviceMetricsOverride(int64(v.width), int64(v.height), 1, v.width < 500),
			emulation.SetEmulatedMedia().WithFeatures(media))
		b.open(v.fragment)
		var picture []byte
		shot := chromedp.CaptureScreenshot(&picture)
		if v.whole {
			shot = chromedp.FullScreenshot(&picture, 100)
		}
		b.run(shot)
		if err := os.WriteFile(filepath.Join(dir, v.name+".png"), picture, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
