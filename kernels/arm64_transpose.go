package kernels

// Arguments of transposeNEON; sizes in elements, distances in bytes.
const (
	tSW      gp = 0 // first panel
	tSWPanel gp = 1
	tSUnits  gp = 2 // padded to a multiple of 8
	tSFrom   gp = 3 // first input
	tSInputs gp = 4 // number of inputs
	tST      gp = 5
)

// transpose emits the routine that transposes a strip of weights.
func (a *arm) transpose() {
	a.routine("transposeNEON",
		"t[i/16][u][i%16] = w[from+i, u]   for all units, padded to a multiple of 8, and inputs i",
		"  w [panels][1+inputs][16] packed   t [panels][units][16], the last panel 8 wide if at most 8 inputs remain",
		"  R0 w, R1 its panel   R2 units   R3 from   R4 inputs >= 1   R5 t",
		"  blocks of 4 inputs × 4 units: V0-V3 a row of w each, V4-V7 their transposition in pairs, V0-V3 a row of t each",
		"  lanes of t beyond the last input hold anything; the last input's weights stand for those that a block lacks",
	)
	i, to, toRow := gp(6), gp(7), gp(8)                   // first input of the block, its place in t, and the row's distance there
	u, panel, row, block := gp(9), gp(10), gp(11), gp(12) // units left, their panel, its row, and the units left in it
	last, spare := gp(13), gp(14)
	rows := [...]gp{15, 19, 20, 21}

	a.op("SUB", 1, tSInputs, last)
	a.op("MOVD", 0, i)
	a.label("inputs")
	a.comment("The block's place in t: 64 bytes a row, or 32 in a narrow last panel.")
	a.op("AND", -16, i, spare)
	a.op("MUL", tSUnits, spare, to)
	a.op("ADD", shifted(to, 2), tST, to)
	a.op("SUB", spare, tSInputs, toRow)
	a.op("CMP", 8, toRow)
	a.op("MOVD", 64, toRow)
	a.op("BGT", "wide")
	a.op("MOVD", 32, toRow)
	a.label("wide")
	a.op("AND", 15, i, spare)
	a.op("ADD", shifted(spare, 2), to)
	a.op("MOVD", tSW, panel)
	a.op("MOVD", tSUnits, u)

	a.label("units")
	a.comment("The rows of four inputs in a panel of w.")
	a.op("CMP", 16, u)
	a.op("MOVD", 16, block)
	a.op("CSEL", "LT", u, block, block)
	a.op("LSL", 2, block, row)
	for r := range rows {
		a.op("ADD", r, i, spare)
		a.op("CMP", last, spare)
		a.op("CSEL", "GT", last, spare, spare)
		a.op("ADD", tSFrom, spare)
		a.op("ADD", 1, spare)
		a.op("MADD", spare, panel, row, rows[r])
	}
	a.op("ADD", tSWPanel, panel)
	a.op("SUB", block, u)
	a.label("block")
	for r, from := range rows {
		a.loadNext(vector(r), from)
	}
	a.transpose4()
	for v := range vector(4) {
		a.store(v, to, 0)
		a.op("ADD", toRow, to)
	}
	a.op("SUBS", 4, block)
	a.op("BNE", "block")
	a.op("CBNZ", u, "units")
	a.op("ADD", 4, i)
	a.op("CMP", tSInputs, i)
	a.op("BLT", "inputs")
	a.op("RET")
}
