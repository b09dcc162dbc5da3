package mlp

func flipHorizontal(x []float32, shape ImageShape) {
	c := shape.Channels
	width := shape.Width * c
	for ; len(x) >= width; x = x[width:] {
		for l, r := 0, width-c; l < r; l, r = l+c, r-c {
			for k := range c {
				x[l+k], x[r+k] = x[r+k], x[l+k]
			}
		}
	}
}
func flipVertical(x []float32, shape ImageShape) {
	width := shape.Width * shape.Channels
	for i, j := 0, shape.Height-1; i < j; i, j = i+1, j-1 {
		swapRows(x, width, i, j)
	}
}
func quarterTurn(dst, src []float32, shape ImageShape) {
	for j := shape.Width - 1; j >= 0; j-- {
		for i := range shape.Height {
			n := copy(dst, src[(i*shape.Width+j)*shape.Channels:][:shape.Channels])
			dst = dst[n:]
		}
	}
}
