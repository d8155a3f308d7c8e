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
	"gonum.org/v1/plot/vg/vgimg"
)

var (
	highlight = color.RGBA{R: 0x1f, G: 0x77, B: 0xb4, A: 0xff}
	second    = color.RGBA{R: 0xd6, G: 0x60, B: 0x1d, A: 0xff}
	plain     = color.RGBA{R: 0xb0, G: 0xb8, B: 0xc0, A: 0xff}
)

// farAbove is how many times what the plugin takes a peer's bar can be long. A longer one would
// leave no room to compare the others.
const farAbove = 8

// plotPeers plots the CPU time a query for each peer. The peers must be sorted by it.
func (s settings) plotPeers(peers []*peer, costs map[*server]costs) error {
	ours := peers[slices.IndexFunc(peers, func(p *peer) bool { return p.name == computed })]
	longest := farAbove * costs[ours.server].median(cpu)

	p := newPlot("CPU a query, in microseconds")
	var names, left []string
	for _, peer := range slices.Backward(peers) {
		value, name := costs[peer.server].median(cpu), strings.ReplaceAll(peer.name, "*", "")
		if value > longest {
			left = append(left, name+": "+figure(value))
			continue
		}
		bar, err := plotter.NewBarChart(plotter.Values{value}, vg.Points(14))
		if err != nil {
			return err
		}
		bar.Horizontal, bar.LineStyle.Width = true, 0
		bar.XMin, bar.Color = float64(len(names)), plain
		if strings.HasPrefix(peer.name, computed) {
			bar.Color = highlight
		}
		label, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: value, Y: bar.XMin}}, Labels: []string{figure(value)}})
		if err != nil {
			return err
		}
		label.TextStyle[0].YAlign = draw.YCenter
		label.Offset.X = vg.Points(4)
		p.Add(bar, label)
		names = append(names, name)
	}
	p.NominalY(names...)
	p.X.Min = 0
	p.X.Max *= 1.05 // room for the longest bar's label
	slices.Reverse(left)
	caption := s.conditions()
	if len(left) > 0 {
		caption = "Not shown, because the bars would be too long: " + strings.Join(left, "; ") + "\n" + caption
	}
	return s.save("peers", 760, 22*float64(len(names)+4), []*plot.Plot{p}, caption)
}

// plotGrowth plots the CPU time a query and the memory, as stanzas and zones grow. What else grows
// has its figures in the table alone.
func (s settings) plotGrowth(all []series) error {
	var row []*plot.Plot
	for _, of := range []struct {
		title string
		value func(cost) float64
	}{{"CPU a query, in microseconds", cpu}, {"Memory, in MiB", memory}} {
		p := newPlot(of.title)
		p.Add(plotter.NewGrid())
		for i, name := range []string{"stanzas", "zones"} {
			one := all[slices.IndexFunc(all, func(one series) bool { return one.name == name })]
			var xys plotter.XYs
			for _, pt := range one.points {
				xys = append(xys, plotter.XY{X: float64(pt.x), Y: pt.costs.median(of.value)})
			}
			line, points, err := plotter.NewLinePoints(xys)
			if err != nil {
				return err
			}
			line.Color, line.Width = []color.Color{highlight, second}[i], vg.Points(2)
			points.Color, points.Shape, points.Radius = line.Color, draw.CircleGlyph{}, vg.Points(3)
			p.Add(line, points)
			p.Legend.Add(name, line, points)
		}
		p.Legend.Left, p.Legend.Top = true, true
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		p.X.Label.Text = "how many"
		p.Y.Min = 0
		p.Y.Max *= 1.2 // room for the legend
		row = append(row, p)
	}
	return s.save("growth", 760, 280, row, s.conditions())
}

// newPlot returns a plot with a title.
func newPlot(title string) *plot.Plot {
	plot.DefaultFont.Variant, plotter.DefaultFont.Variant = "Sans", "Sans"
	p := plot.New()
	p.Title.Text, p.Title.Padding = title, vg.Points(8)
	p.Title.TextStyle.Font.Size = vg.Points(14)
	return p
}

// save draws plots side by side, with a caption below, and writes them to a file. The sizes are in
// points. It is an image of pixels, because a browser that lacks the plot's font would move the text of
// any other away from what it names.
func (s settings) save(name string, width, height float64, row []*plot.Plot, caption string) error {
	canvas := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(vg.Points(width), vg.Points(height)), vgimg.UseDPI(2*vgimg.DefaultDPI))}
	area := draw.New(canvas)
	style := row[0].X.Label.TextStyle
	style.Font.Size, style.XAlign, style.YAlign = vg.Points(9), draw.XCenter, draw.YBottom
	area.FillText(style, vg.Point{X: area.Center().X, Y: vg.Points(8)}, caption)
	tiles := draw.Tiles{Rows: 1, Cols: len(row), PadX: vg.Points(16), PadTop: vg.Points(8), PadBottom: vg.Points(16) + style.Height(caption),
		PadLeft: vg.Points(8), PadRight: vg.Points(8)}
	for i, c := range plot.Align([][]*plot.Plot{row}, tiles, area)[0] {
		row[i].Draw(c)
	}
	file, err := os.Create(filepath.Join(s.out, name+".png"))
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = canvas.WriteTo(file)
	return err
}
