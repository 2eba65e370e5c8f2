export const DISTRIBUTIONS = ['uniform', 'logUniform', 'normal', 'logNormal'] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

/** A hyperparameter that is a number between two bounds, both of which it may take. */
export interface NumericParameter {
  readonly name: string;
  readonly type: 'double' | 'int';
  readonly min: number;
  readonly max: number;
  /** Between neighbouring values, from `min` on; without it a double takes any value, an int every integer. */
  readonly step?: number;
  readonly distribution: Distribution;
}

/** A hyperparameter that is one of a list: of numbers where it is discrete, of anything where it is categorical. */
export interface ListParameter {
  readonly name: string;
  readonly type: 'discrete' | 'categorical';
  readonly list: readonly string[];
}

export type Parameter = NumericParameter | ListParameter;

/** Values by the name of the parameter, as Katib passes them on: as text. */
export type Assignments = Readonly<Record<string, string>>;

/** What an algorithm knows of an Experiment. */
export interface Search {
  readonly objective: 'minimize' | 'maximize';
  readonly parameters: readonly Parameter[];
  readonly settings: Readonly<Record<string, string>>;
  readonly parallelTrialCount: number;
  /** Undefined is no limit. */
  readonly maxTrialCount?: number | undefined;
}

/** A trial that was created before. */
export interface PastTrial {
  /** From 0, in the order of creation. */
  readonly index: number;
  readonly assignments: Assignments;
  /** What the suggestion was labelled with. */
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'running' | 'succeeded' | 'stopped' | 'failed';
  /** Of the objective; there is one where it succeeded, and where it was stopped early. */
  readonly value?: number | undefined;
}

/** What is to be tried next. */
export interface Suggestion {
  readonly assignments: Assignments;
  /** For the algorithm itself, which gets them back with the trial. */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * A way to search, shaped like Katib's service: it keeps nothing between two calls, so that a process that is started
 * anew suggests the same. Its random numbers depend on the setting `random_state` and on the index of the suggestion.
 */
export interface Algorithm {
  readonly name: string;
  /** What Katib's service of this name would refuse, or fail on later; one sentence each, empty where nothing is wrong. */
  validate(search: Search): readonly string[];
  /**
   * The next suggestions.
   *
   * @param search that `validate` found nothing wrong with
   * @param trials that were created so far, in order; without those whose metrics were not to be had
   * @param first the index of the first one: how many were suggested before
   * @returns `count` of them; fewer where the algorithm has to wait for results or has nothing more to try
   */
  suggest(search: Search, trials: readonly PastTrial[], first: number, count: number): readonly Suggestion[];
}
