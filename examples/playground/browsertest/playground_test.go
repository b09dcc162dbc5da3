package browsertest

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/seed975aa5d7/mlp/examples/playground/lab"
)

// native returns the hash of the weights that a fragment leads to, computed here.
func native(t *testing.T, fragment string) string {
	t.Helper()
	cfg, problems := lab.Parse(fragment)
	if len(problems) > 0 {
		t.Fatalf("%s: %q", fragment, problems)
	}
	l, err := lab.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for l.Step() < cfg.Step && l.Advance() {
	}
	return l.Hash()
}

// same fails unless the page shows the hash that its fragment has natively.
func (b *browser) same() {
	b.Helper()
	fragment, got := b.fragment(), b.text("hash")
	if want := native(b.T, fragment); got != want {
		b.Errorf("%s: the page's hash is %s, the native one %s", fragment, got, want)
	}
}

// Expressions for the page.
const (
	steps    = "+document.getElementById('steps').textContent"
	findings = "document.getElementById('findings').textContent"
)

func TestPlayground(t *testing.T) {
	path := chromium(t)
	command := playground(t)
	address := serve(t, command)
	for _, v := range []struct {
		name string
		f    func(b *browser)
	}{
		{"learning", func(b *browser) { learning(b, command) }},
		{"presets", presets},
		{"controls", controls},
		{"layers", layers},
		{"drawing", drawing},
		{"keyboard", keyboard},
		{"names", names},
		{"hostile addresses", hostile},
		{"narrow", narrow},
		{"calm", calm},
		{"responsive", responsive},
	} {
		t.Run(v.name, func(t *testing.T) {
			b := newBrowser(t, path, address, 1360, 1000)
			v.f(b)
			b.quiet()
		})
	}
}

// learning presses play, and compares the weights with those of the command and of the link.
func learning(b *browser, command string) {
	b.open("")
	b.click("#play")
	b.wait("parseFloat(document.getElementById('test-score').value) >= 95")
	b.click("#play")
	b.wait(paused)
	b.same()
	fragment, hash := b.fragment(), b.text("hash")
	out, err := exec.Command(command, "-hash", fragment).Output()
	if err != nil {
		b.Fatal(err)
	}
	if got := strings.TrimSpace(string(out)); got != hash {
		b.Errorf("the command prints the hash %s, the page shows %s", got, hash)
	}
	b.open(fragment)
	if got := b.text("hash"); got != hash {
		b.Errorf("opened anew, the link gives the hash %s, want %s", got, hash)
	}
	b.click("#step")
	b.wait(fmt.Sprintf("location.hash !== %q", "#"+fragment))
	b.same()
	b.click("#copy") // whether the browser allows it or not
	b.wait("document.getElementById('copy').textContent !== 'Copy link'")
	b.click("#reset")
	b.wait("location.hash.endsWith('&step=0')")
	b.same()
	b.Logf("%s: %s", fragment, hash)
}

// presets goes through all stories.
func presets(b *browser) {
	b.open("")
	for i, p := range lab.Presets() {
		b.click(fmt.Sprintf("[data-preset=%q]", fmt.Sprint(i)))
		b.wait(fmt.Sprintf("location.hash === %q", "#"+p.Fragment))
		if got := b.text("look"); got != p.Text {
			b.Errorf("%s, %s: the page says %q", p.Story, p.Name, got)
		}
		b.click("#play")
		b.wait(steps + " >= 16 || " + findings + ".includes('broke off')")
		if eval[bool](b, "document.documentElement.dataset.state === 'playing'") {
			b.run(chromedp.Evaluate("document.getElementById('play').click()", nil))
		}
		b.wait(paused)
		b.same()
	}
}

// set gives a control a value, as if a person had chosen it, and waits for the lab.
func (b *browser) set(name, value, want string) {
	b.Helper()
	b.run(chromedp.Evaluate(fmt.Sprintf(`{
		const control = document.getElementById("controls").elements[%q];
		control.value = %q;
		control.dispatchEvent(new Event("change", { bubbles: true }));
	}`, name, value), nil))
	b.wait(fmt.Sprintf("new URLSearchParams(location.hash.slice(1)).get(%q) === %q", name, want))
}

// controls gives every control each of its values, or its bounds.
func controls(b *browser) {
	b.open("data=xor&rows=40")
	type control struct {
		Name, Type string
		Min, Max   string
		Values     []string
	}
	list := eval[[]control](b, `[...document.getElementById("controls").elements].filter((e) => e.name).map((e) => ({
		Name: e.name, Type: e.type, Min: e.min ?? "", Max: e.max ?? "",
		Values: [...(e.options ?? [])].map((o) => o.value) }))`)
	if len(list) < 16 {
		b.Errorf("%d controls", len(list))
	}
	for _, c := range list {
		before := eval[string](b, fmt.Sprintf("document.getElementById('controls').elements[%q].value", c.Name))
		values := c.Values
		switch c.Type {
		case "range":
			values = []string{c.Min, c.Max}
		case "number":
			b.set(c.Name, "1e99", c.Max)
			b.set(c.Name, "-7", c.Min)
			b.set(c.Name, "", c.Min)
		}
		for _, v := range values {
			b.set(c.Name, v, v)
			b.click("#step")
			b.wait("location.hash.endsWith('&step=1') || " + findings + ".includes('no points')")
			b.same()
		}
		b.set(c.Name, before, before)
	}
	b.run(chromedp.SetValue("#speed", "0", chromedp.ByQuery))
	b.click("#play")
	b.wait(steps + " > 50")
	b.click("#play")
	b.wait(paused)
	b.same()
}

func layers(b *browser) {
	b.open("")
	is := func(units string) {
		b.Helper()
		b.wait(fmt.Sprintf("new URLSearchParams(location.hash.slice(1)).get('layers') === %q", units))
	}
	for _, v := range []struct{ click, units string }{
		{"[aria-label='Add a unit to layer 1']", "9,8"},
		{"[aria-label='Remove a unit of layer 2']", "9,7"},
		{"#add-layer", "9,7,7"},
		{"#remove-layer", "9,7"},
		{"#remove-layer", "9"},
		{"#remove-layer", ""},
		{"#add-layer", "4"},
	} {
		b.click(v.click)
		is(v.units)
		b.same()
	}
	units := "4"
	for len(units) < 2*lab.MaxLayers-1 {
		b.click("#add-layer")
		units += ",4"
		is(units)
	}
	if !eval[bool](b, "document.getElementById('add-layer').disabled") {
		b.Error("more layers can be added than a lab may have")
	}
	b.run(chromedp.ScrollIntoView("[aria-label='Layer 2, unit 3']", chromedp.ByQuery),
		chromedp.Focus("[aria-label='Layer 2, unit 3']", chromedp.ByQuery))
	if got := b.text("shown"); got != "Layer 2, unit 3" {
		b.Errorf("the picture shows %q", got)
	}
	b.run(chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowUp))
	if got := b.text("shown"); got != "Layer 3, unit 2" {
		b.Errorf("after two arrow keys, the picture shows %q", got)
	}
}

func drawing(b *browser) {
	b.open("data=drawn")
	points := func(want int) {
		b.Helper()
		b.wait(fmt.Sprintf("(new URLSearchParams(location.hash.slice(1)).get('points') ?? '').length === %d", 3*want))
	}
	b.click("#play")
	b.wait(findings + ".includes('no points')")
	var box []float64 // x, y and width of the picture
	find := func() {
		box = eval[[]float64](b, `{
			const plot = document.getElementById("plot");
			plot.scrollIntoView({ block: "center" });
			const { x, y, width } = plot.getBoundingClientRect();
			[x, y, width];
		}`)
	}
	at := func(x, y float64) (float64, float64) { return box[0] + x*box[2], box[1] + y*box[2] }
	count := 0
	for class := range lab.Classes {
		b.click(fmt.Sprintf("#drawing input[value=%q]", fmt.Sprint(class)))
		find()
		for i := range 3 {
			x, y := at(0.2+0.2*float64(class), 0.3+0.1*float64(i))
			b.run(chromedp.MouseClickXY(x, y))
			count++
			points(count)
		}
	}
	x, y := at(0.1, 0.9)
	b.run(chromedp.MouseEvent(input.MousePressed, x, y, chromedp.ButtonLeft))
	for range 10 {
		x += 0.05 * box[2]
		b.run(chromedp.MouseEvent(input.MouseMoved, x, y, chromedp.ButtonLeft))
	}
	b.run(chromedp.MouseEvent(input.MouseReleased, x, y, chromedp.ButtonLeft))
	count += 11
	points(count)
	b.run(chromedp.Focus("#plot", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowLeft+kb.ArrowUp),
		chromedp.KeyEvent(kb.Enter))
	count++
	points(count)
	b.click("#undo")
	points(count - 1)
	b.click("#play")
	b.wait(steps + " > 50")
	b.click("#play")
	b.wait(paused)
	b.same()
	b.click("#clear")
	points(0)
}

// keyboard presses a preset, a unit's button and play by keys alone.
func keyboard(b *browser) {
	b.open("")
	tab := func(selector string) {
		b.Helper()
		for range 80 {
			b.run(chromedp.KeyEvent(kb.Tab))
			if eval[bool](b, fmt.Sprintf("document.activeElement?.matches(%q)", selector)) {
				return
			}
		}
		b.Fatalf("Tab does not lead to %s", selector)
	}
	tab("[data-preset='2']")
	b.run(chromedp.KeyEvent(kb.Enter))
	b.wait("location.hash.includes('data=xor')")
	tab("#play")
	b.run(chromedp.KeyEvent(" "))
	b.wait(steps + " > 50")
	b.run(chromedp.KeyEvent(" "))
	b.wait(paused)
	b.same()
	tab("[aria-label='Add a unit to layer 1']")
	b.run(chromedp.KeyEvent(kb.Enter))
	b.wait("location.hash.includes('layers=5&')")
	if !eval[bool](b, `document.activeElement?.matches("[aria-label='Add a unit to layer 1']")`) {
		b.Error("the button has lost the focus")
	}
	tab("button.node")
	tab("[name='activation']")
	tab("footer a")
}

// axValue is a value of the accessibility tree.
type axValue struct {
	Value any `json:"value"`
}

// names looks for controls that a screen reader has no name for.
func names(b *browser) {
	b.open("data=drawn&points=AAA___")
	var tree struct { // cdproto's own type does not know all that today's browsers tell
		Nodes []struct {
			Ignored bool    `json:"ignored"`
			Role    axValue `json:"role"`
			Name    axValue `json:"name"`
			DOMNode int     `json:"backendDOMNodeId"`
		} `json:"nodes"`
	}
	b.run(chromedp.ActionFunc(func(ctx context.Context) error {
		return cdp.Execute(ctx, "Accessibility.getFullAXTree", nil, &tree)
	}))
	count := map[string]int{}
	for _, n := range tree.Nodes {
		role := fmt.Sprint(n.Role.Value)
		switch role {
		case "button", "combobox", "slider", "spinbutton", "radio", "image", "img", "link", "form", "region":
			if n.Ignored {
				continue
			}
			count[role]++
			if name, _ := n.Name.Value.(string); strings.TrimSpace(name) == "" {
				b.Errorf("a %s has no name (DOM node %d)", role, n.DOMNode)
			}
		}
	}
	if count["button"] < 40 || count["combobox"] < 10 || count["slider"] < 3 || count["radio"] != lab.Classes {
		b.Errorf("the page has %v", count)
	}
}

// hostile opens addresses that mean no good: each is answered with a message and a lab that works.
func hostile(b *browser) {
	for _, fragment := range []string{
		"rows=1e9&layers=9999999999", "layers=" + strings.Repeat("16,", 500), "step=99999999999999999999",
		"data=<img src=x onerror=alert(1)>", "points=" + strings.Repeat("____", 5000), "%E0%A4%A&noise=%",
		"rate=NaN&l1=-1&l2=Infinity&clip=0x10", "a=b;c&&&===", "\u0000\ufffd", "__proto__=1&constructor=2",
		strings.Repeat("&", 5000),
	} {
		b.open(fragment)
		if eval[bool](b, "document.getElementById('problems').hidden") {
			b.Errorf("%.60q is taken without a word", fragment)
		}
		b.click("#step")
		b.wait("location.hash.endsWith('&step=1')")
		b.same()
	}
	b.click("#dismiss")
	b.wait("document.getElementById('problems').hidden")
}

// narrow looks for what a phone's width cuts off.
func narrow(b *browser) {
	b.run(emulation.SetDeviceMetricsOverride(360, 740, 2, true))
	for _, fragment := range []string{"", "layers=16,16,16,16,16,16,16,16", "data=drawn&points=AAA___", "rate=x&l1=y"} {
		b.open(fragment)
		if width := eval[int](b, "document.documentElement.scrollWidth"); width > 360 {
			b.Errorf("%s: the page is %d pixels wide", fragment, width)
		}
		b.click("#play")
		b.wait(steps + " > 8")
	}
}

// calm trains for people who want less motion, in the dark.
func calm(b *browser) {
	b.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-reduced-motion", Value: "reduce"}, {Name: "prefers-color-scheme", Value: "dark"}}))
	b.open("data=blobs&noise=0.4")
	b.click("#play")
	b.wait(steps + " >= 240") // 30 times as many a frame
	b.click("#play")
	b.wait(paused)
	b.same()
}

// responsive trains the largest lab as fast as it goes. It tells of the page's longest tasks, which a busy machine
// lengthens, and fails if the page computes for more than 50 ms a frame, all of a frame's tasks together.
func responsive(b *browser) {
	b.run(performance.Enable().WithTimeDomain(performance.EnableTimeDomainThreadTicks))
	b.open("rows=1000&batch=256&layers=16,16,16,16,16,16,16,16&activation=gelu&batchnorm=on")
	b.run(chromedp.Evaluate(`window.tasks = [];
		new PerformanceObserver((list) => tasks.push(...list.getEntries().map((e) => e.duration)))
			.observe({ type: "longtask" });
		window.frames = 0;
		new MutationObserver(() => frames++).observe(document.getElementById("hash"), { childList: true });`, nil),
		chromedp.SetValue("#speed", "0", chromedp.ByQuery))
	before := b.seconds()
	b.click("#play")
	b.wait("frames >= 20")
	after, frames := b.seconds(), eval[float64](b, "frames")
	b.Logf("%.1f ms a frame; tasks of more than 50 ms: %v", 1000*(after-before)/frames, eval[[]float64](b, "tasks"))
	if (after-before)/frames > 0.05 {
		b.Errorf("the page computes for %.0f ms a frame", 1000*(after-before)/frames)
	}
}

// seconds returns for how long the page has computed.
func (b *browser) seconds() float64 {
	b.Helper()
	var metrics []*performance.Metric
	b.run(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		metrics, err = performance.GetMetrics().Do(ctx)
		return err
	}))
	for _, m := range metrics {
		if m.Name == "TaskDuration" {
			return m.Value
		}
	}
	b.Fatal("the browser does not tell for how long it computes")
	return 0
}
