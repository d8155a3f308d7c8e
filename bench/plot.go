package main

import (
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

var (
	highlight = color.RGBA{R: 0x1f, G: 0x77, B: 0xb4, A: 0xff}
	plain     = color.RGBA{R: 0xb0, G: 0xb8, B: 0xc0, A: 0xff}
)

// plotPeers plots the CPU time a query for each peer. The peers must be sorted by it.
func (s settings) plotPeers(peers []*peer, costs map[*server]costs) error {
	p := plot.New()
	p.Title.Text = "CPU a query, in microseconds (logarithmic)"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.X.Min, p.X.Max = 1, 1000
	var names []string
	for i, peer := range slices.Backward(peers) {
		value := costs[peer.server].median(cpu)
		y := float64(len(peers) - 1 - i)
		// A wide line stands for a bar, because gonum's bars begin at zero, which has no logarithm.
		bar, err := plotter.NewLine(plotter.XYs{{X: 1, Y: y}, {X: value, Y: y}})
		if err != nil {
			return err
		}
		bar.Width, bar.Color = vg.Points(12), plain
		if strings.Contains(peer.name, "*workstation*") {
			bar.Color = highlight
		}
		label, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: value * 1.05, Y: y}}, Labels: []string{figure(value)}})
		if err != nil {
			return err
		}
		label.TextStyle[0].YAlign = draw.YCenter
		p.Add(bar, label)
		names = append(names, strings.ReplaceAll(peer.name, "*", ""))
	}
	p.NominalY(names...)
	p.Y.Padding = vg.Points(30) // a browser's font may be wider than gonum's
	p.X.Label.Text = s.conditions()
	return p.Save(vg.Points(760), vg.Points(26*float64(len(peers)+3)), filepath.Join(s.out, "peers.svg"))
}

// plotGrowth plots the CPU time a query in one row, and the memory in the row below, as each
// thing grows.
func (s settings) plotGrowth(all []series) error {
	rows := [][]*plot.Plot{nil, nil}
	for _, one := range all {
		for i, of := range []struct {
			name  string
			value func(cost) float64
			top   float64 // of the axis, at least
		}{{"CPU a query, µs", cpu, 12}, {"memory, MiB", memory, 100}} {
			p := plot.New()
			p.Title.Text, p.Y.Label.Text = one.name, of.name
			var xys plotter.XYs
			for _, pt := range one.points {
				xys = append(xys, plotter.XY{X: float64(pt.x), Y: pt.costs.median(of.value)})
			}
			line, points, err := plotter.NewLinePoints(xys)
			if err != nil {
				return err
			}
			line.Color, points.Color, points.Shape = highlight, highlight, draw.CircleGlyph{}
			p.Add(plotter.NewGrid(), line, points)
			p.Y.Min, p.Y.Max = 0, max(of.top, p.Y.Max)
			if last := one.points[len(one.points)-1].x; last >= 100 {
				p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
			}
			rows[i] = append(rows[i], p)
		}
	}
	canvas := vgsvg.New(vg.Points(230*float64(len(all))), vg.Points(440))
	tiles := draw.Tiles{Rows: 2, Cols: len(all), PadX: vg.Points(10), PadY: vg.Points(10)}
	for i, row := range plot.Align(rows, tiles, draw.New(canvas)) {
		for j, c := range row {
			rows[i][j].Draw(c)
		}
	}
	file, err := os.Create(filepath.Join(s.out, "growth.svg"))
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = canvas.WriteTo(file)
	return err
}
