// Answers, by goptuna, what a distribution draws after some generations, and what its searches find.
package main

import (
	"encoding/json"
	"math"
	"os"

	"github.com/c-bata/goptuna"
	"github.com/c-bata/goptuna/cmaes"
	"gonum.org/v1/gonum/mat"
)

type question struct {
	Mean        []float64
	Sigma       float64
	Generations [][]struct {
		Point []float64
		Loss  float64
	}
	Draws  int
	Seeds  int64
	Budget int
}

type answer struct {
	Draws     [][]float64 `json:"draws"`
	Minimized []float64   `json:"minimized"`
	Maximized []float64   `json:"maximized"`
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// The smallest distance, squared, from 0.7 everywhere that a search finds; maximizing, it is asked for its negative.
func search(direction goptuna.StudyDirection, dimensions int, seed int64, budget int) float64 {
	names := make([]string, dimensions)
	space := map[string]interface{}{}
	for i := range names {
		names[i] = string(rune('a' + i))
		space[names[i]] = goptuna.UniformDistribution{Low: 0, High: 1}
	}
	sampler := cmaes.NewSampler(cmaes.SamplerOptionNStartupTrials(0), cmaes.SamplerOptionSeed(seed))
	study, err := goptuna.CreateStudy(
		"peer",
		goptuna.StudyOptionDirection(direction),
		goptuna.StudyOptionDefineSearchSpace(space),
		goptuna.StudyOptionLogger(nil),
		goptuna.StudyOptionRelativeSampler(sampler),
	)
	must(err)
	best := math.Inf(1)
	must(study.Optimize(func(trial goptuna.Trial) (float64, error) {
		sum := 0.0
		for _, name := range names {
			x, err := trial.SuggestFloat(name, 0, 1)
			if err != nil {
				return 0, err
			}
			sum += (x - 0.7) * (x - 0.7)
		}
		best = math.Min(best, sum)
		if direction == goptuna.StudyDirectionMaximize {
			return -sum, nil
		}
		return sum, nil
	}, budget))
	return best
}

func main() {
	var asked question
	must(json.NewDecoder(os.Stdin).Decode(&asked))
	dimensions := len(asked.Mean)
	bounds := mat.NewDense(dimensions, 2, nil)
	for i := 0; i < dimensions; i++ {
		bounds.Set(i, 1, 1)
	}
	optimizer, err := cmaes.NewOptimizer(
		asked.Mean, asked.Sigma, cmaes.OptimizerOptionBounds(bounds), cmaes.OptimizerOptionSeed(1))
	must(err)
	for _, generation := range asked.Generations {
		solutions := make([]*cmaes.Solution, len(generation))
		for i, solution := range generation {
			solutions[i] = &cmaes.Solution{Params: solution.Point, Value: solution.Loss}
		}
		must(optimizer.Tell(solutions))
	}
	said := answer{}
	for i := 0; i < asked.Draws; i++ {
		point, err := optimizer.Ask()
		must(err)
		said.Draws = append(said.Draws, append([]float64{}, point...))
	}
	for seed := int64(0); seed < asked.Seeds; seed++ {
		said.Minimized = append(said.Minimized, search(goptuna.StudyDirectionMinimize, dimensions, seed, asked.Budget))
		said.Maximized = append(said.Maximized, search(goptuna.StudyDirectionMaximize, dimensions, seed, asked.Budget))
	}
	must(json.NewEncoder(os.Stdout).Encode(said))
}
