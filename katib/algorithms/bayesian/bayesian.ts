import type { Algorithm, Search, Suggestion } from '../algorithm.ts';
import { integerRule, numberSetting, SEED_RULE, settingIssues, spaceIssue, spaceIssues } from '../issues.ts';
import { type Random, randomOf } from '../random.ts';
import { seedOf, valuesOf } from '../space.ts';
import { wordRule } from '../word-rule.ts';
import type { AcquisitionName } from './acquisition.ts';
import { type Axis, axisOf } from './axes.ts';
import { drawCandidates, encode, type Place, rankCandidates } from './candidates.ts';
import { type Hyperparameters, posteriorOf } from './gaussian-process.ts';
import { fit } from './likelihood.ts';
import { type Observation, observationsOf, placeOf } from './observations.ts';

const NAME = 'bayesianoptimization';
const PORTFOLIO = ['EI', 'LCB', 'PI'] as const;
const RULES = {
  acq_func: {
    ...wordRule(['gp_hedge', ...PORTFOLIO]),
    expected: 'one of gp_hedge, EI, LCB, PI; EIps and PIps need the time of each trial, which is not known here',
  },
  acq_optimizer: wordRule(['auto', 'lbfgs', 'sampling']),
  base_estimator: { ...wordRule(['GP']), expected: 'GP, as trees (RF, ET, GBRT) are not built in' },
  n_initial_points: integerRule(0),
  random_state: SEED_RULE,
};

/** Of how many trials the hyperparameters are fitted: half of them the best, half of them the latest. */
const FITTED = 100;
/** Of the best trials, near how many to look. */
const INCUMBENTS = 3;

/**
 * Bayesian optimization as of scikit-optimize, which Katib uses: after `n_initial_points` (10) at random, a Gaussian
 * process (Matérn 5/2, a length scale a coordinate, fitted by likelihood) says which point is the most promising. Doubles
 * are searched by their logarithm, whatever their `distribution`, as there; so `min` has to be above 0.
 *
 * What is other: steps are kept to. Running trials count with what is predicted for them, so that parallel ones differ:
 * scikit-optimize takes the best value so far within one batch, which Katib's service forgets, and by which eight at once
 * got to -2.1 in 50 trials of Hartmann's function, where predictions get to -3.0 (medians of 12). An improvement is
 * measured in standard deviations of the values. `gp_hedge` chooses one of EI, LCB and PI by the mean of what each one's
 * suggestions brought, where the original adds up predictions that only it remembers. `acq_optimizer` sampling takes the
 * best of 1000 points anywhere and some near the best trials; lbfgs, and auto, improve the best of these by gradient.
 */
export const bayesianoptimization: Algorithm = {
  name: NAME,
  validate: (search) => [...settingIssues(search, NAME, RULES), ...spaceIssues(search), ...rangeIssues(search)],
  suggest(search, trials, first, count) {
    const axes = search.parameters.map(axisOf);
    const observations = observationsOf(search, axes, trials);
    const running = trials.filter(({ state }) => state === 'running');
    const pending = running.map((trial) => placeOf(search, axes, trial)).filter((place) => place !== undefined);
    const tried = new Set(trials.map(({ assignments }) => JSON.stringify(valuesOf(search, assignments))));
    const random = numberSetting(search, 'n_initial_points', 10) - observations.length - pending.length;
    // What is predicted for running trials does not change what is likely, so one fit does for all.
    const model = observations.length > 0 && count > random ? fitted(observations) : undefined;
    return Array.from({ length: count }, (_, i): Suggestion => {
      const stream = randomOf(seedOf(search), NAME, first + i);
      const { place, acquisition } =
        model && i >= random
          ? propose(search, axes, { observations, pending, tried, model }, stream)
          : { place: axes.map((axis) => axis.draw(stream)), acquisition: undefined };
      const texts = textsOf(axes, place);
      // What is read back from the text, so that a batch is what as many calls one by one give.
      pending.push(axes.map((axis, k) => axis.fromText(texts[k] ?? '')));
      tried.add(JSON.stringify(texts));
      const assignments = Object.fromEntries(axes.map(({ name }, k) => [name, texts[k] ?? '']));
      return acquisition ? { assignments, labels: { acquisition } } : { assignments };
    });
  },
};

/** What a proposal is made from. */
interface Knowledge {
  readonly observations: readonly Observation[];
  /** Without a result yet. */
  readonly pending: readonly Place[];
  /** The values of every trial so far, as JSON. */
  readonly tried: ReadonlySet<string>;
  readonly model: Hyperparameters;
}

function propose(search: Search, axes: readonly Axis[], known: Knowledge, random: Random) {
  const { observations, pending, tried, model } = known;
  const ranked = observations.toSorted((a, b) => a.loss - b.loss);
  const best = ranked[0]?.loss ?? 0;
  const posterior = believe(
    observations,
    pending.map((place) => encode(axes, place)),
    model,
  );
  const asked = search.settings.acq_func ?? 'gp_hedge';
  const acquisition = asked === 'gp_hedge' ? hedge(observations, random) : (asked as AcquisitionName);
  const places = ranked.slice(0, INCUMBENTS).map(({ place }) => place);
  const candidates = drawCandidates(axes, places, random);
  const refines = search.settings.acq_optimizer !== 'sampling';
  const ranking = posterior ? rankCandidates(axes, candidates, posterior, best, acquisition, refines) : [];
  // Where every one was tried before, trying one again tells about the noise at least.
  const isNew = (place: Place) => !tried.has(JSON.stringify(textsOf(axes, place)));
  return { place: ranking.find(isNew) ?? candidates.find(isNew) ?? candidates[0] ?? [], acquisition };
}

/** The process after it saw the results, and at running trials what it predicts from these. */
function believe(observations: readonly Observation[], pending: readonly Float64Array[], model: Hyperparameters) {
  const points = observations.map(({ point }) => point);
  const losses = observations.map(({ loss }) => loss);
  const known = posteriorOf(points, Float64Array.from(losses), model);
  if (!known || pending.length === 0) return known;
  const believed = pending.map((point) => known.predict(point).mean);
  return posteriorOf([...points, ...pending], Float64Array.from([...losses, ...believed]), model);
}

function textsOf(axes: readonly Axis[], place: Place): readonly string[] {
  return axes.map((axis, i) => axis.toText(place[i] ?? 0));
}

/** One of the portfolio, the more likely the better its suggestions were, in the mean; 0 is the mean of all trials. */
function hedge(observations: readonly Observation[], random: Random): AcquisitionName {
  const weights = PORTFOLIO.map((name) => {
    const own = observations.filter(({ acquisition }) => acquisition === name);
    return Math.exp(own.reduce((sum, { loss }) => sum - loss / own.length, 0));
  });
  let rest = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  const chosen = weights.findIndex((weight) => {
    rest -= weight;
    return rest < 0;
  });
  return PORTFOLIO[chosen] ?? 'PI';
}

function fitted(observations: readonly Observation[]): Hyperparameters {
  const best = observations.toSorted((a, b) => a.loss - b.loss).slice(0, FITTED / 2);
  const latest = observations.filter((observation) => !best.includes(observation)).slice(-FITTED / 2);
  const known = [...best, ...latest];
  return fit(
    known.map(({ point }) => point),
    Float64Array.from(known, ({ loss }) => loss),
  );
}

function rangeIssues({ parameters }: Search): readonly string[] {
  return parameters.flatMap((parameter) => {
    if ('list' in parameter) return [];
    const { type, min, max } = parameter;
    return [
      ...(min === max ? [spaceIssue(parameter, 'max', max, `a number above ${min}, the min`)] : []),
      ...(type === 'double' && min <= 0
        ? [
            spaceIssue(
              parameter,
              'min',
              min,
              `a number above 0, as ${NAME} searches every double by its logarithm, in Katib too`,
            ),
          ]
        : []),
    ];
  });
}
