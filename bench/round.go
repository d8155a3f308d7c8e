package main

import (
	"log"
	"slices"
	"time"
)

// costs are the costs of one server, one for each round.
type costs []cost

// interleave measures all servers once, then all once more, and so on. What slows the machine
// down for a while then slows all of them.
func interleave(rounds int, servers []*server, measure func(*server) (cost, error)) (map[*server]costs, error) {
	all := make(map[*server]costs)
	for round := range rounds {
		for _, s := range servers {
			c, err := measure(s)
			if err != nil {
				return nil, err
			}
			all[s] = append(all[s], c)
			log.Printf("round %d of %d: %s: %v a query, %.0f a second, starts in %v, %d MiB",
				round+1, rounds, s.name, c.cpu, c.rate, c.start.Round(time.Millisecond), c.memory>>20)
		}
	}
	return all, nil
}

// median returns the median over all rounds of one part of the costs.
func (cs costs) median(of func(cost) float64) float64 { return median(cs.each(of)) }

// over returns the median over all rounds of the ratio to the costs of another server in the
// same round.
func (cs costs) over(other costs, of func(cost) float64) float64 {
	return medianRatio(cs.each(of), other.each(of))
}

// each returns one part of the costs for each round.
func (cs costs) each(of func(cost) float64) []float64 {
	values := make([]float64, len(cs))
	for i, c := range cs {
		values[i] = of(c)
	}
	return values
}

// medianRatio returns the median of the ratios of two values in the same round.
func medianRatio(values, others []float64) float64 {
	ratios := make([]float64, len(values))
	for i, value := range values {
		ratios[i] = value / others[i]
	}
	return median(ratios)
}

// median returns the median of the values, and sorts them.
func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// These are the parts of a cost as figures: times in microseconds, memory in MiB, and the start
// in milliseconds.
func cpu(c cost) float64    { return float64(c.cpu) / float64(time.Microsecond) }
func rate(c cost) float64   { return c.rate }
func p50(c cost) float64    { return float64(c.p50) / float64(time.Microsecond) }
func p99(c cost) float64    { return float64(c.p99) / float64(time.Microsecond) }
func memory(c cost) float64 { return float64(c.memory) / (1 << 20) }
func start(c cost) float64  { return float64(c.start) / float64(time.Millisecond) }
