import { TransientError, XorflowError } from '../../events/errors.ts';
import { quoteValue } from '../../events/issues.ts';
import type { Algorithm, PastTrial, Suggestion } from '../algorithms/algorithm.ts';
import { type Memory, recall, toSetting } from './memory.ts';
import { toTrialName } from './names.ts';
import { type Inquiry, toInquiry } from './search.ts';
import { toPastTrials } from './trials.ts';
import type { SuggestionsReply, SuggestionsRequest, ValidateRequest } from './wire.ts';

/** The algorithm of a name; undefined where there is none. */
export type FindAlgorithm = (name: string) => Algorithm | undefined;

/** What katib-config may put before an algorithm's name, as the plain names there are Katib's own. */
export const PREFIX = 'xorflow-';

/** Before our labels of a Trial. */
const LABELS = 'xorflow.dev/';

/** Of suggestions at once. */
const LIMIT = 10_000;

/**
 * Looks at what a search is asked to do.
 *
 * @throws XorflowError `INVALID_ARGUMENT` with a sentence for each thing that is wrong
 */
export function validate({ experiment }: ValidateRequest, find: FindAlgorithm): Inquiry & { readonly by: Algorithm } {
  const inquiry = toInquiry(experiment);
  const name = inquiry.algorithm;
  const by = find(name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name);
  if (!by) throw wrong(`Wrong value ${quoteValue(name)} at spec.algorithm.algorithmName: no such algorithm here`);
  const sentences = by.validate(inquiry.search);
  if (sentences.length > 0) throw wrong(sentences.join('; '));
  return { ...inquiry, by };
}

/**
 * Suggests as many trials as Katib asks for, since it takes no other number. Where the algorithm has fewer it is asked
 * again when running trials have ended; where none is running that would be for ever, so some are suggested twice.
 *
 * @param salt of this process, for the names of trials
 * @throws XorflowError `INVALID_ARGUMENT` for a wrong request, or where there is nothing more to try; `BUSY` where results
 *   have to be waited for
 */
export function suggest(request: SuggestionsRequest, find: FindAlgorithm, salt: string): SuggestionsReply {
  const { by, algorithm, experiment, metric, search } = validate(request, find);
  const { count, before } = countsOf(request);
  const memory = recall(request.experiment?.spec?.algorithm?.algorithmSettings ?? [], experiment, before, salt);
  const trials = toPastTrials(request.trials, memory, metric);
  const fresh = by.suggest(search, trials, memory.next, count);
  if (fresh.length < count) throwUnlessFillable(algorithm, trials, fresh, memory);
  const labels = fresh.flatMap((one, at) => (one.labels ? [[memory.next + at, one.labels] as const] : []));
  const repeated = Array.from({ length: count - fresh.length }, (_, at) => at);
  const after: Memory = {
    ...memory,
    next: memory.next + fresh.length,
    repeats: memory.repeats + repeated.length,
    labels: { ...memory.labels, ...Object.fromEntries(labels) },
  };
  const nameOf = (index: number, isRepeat: boolean) => toTrialName(experiment, { index, id: memory.id, isRepeat });
  return {
    parameterAssignments: [
      ...fresh.map((one, at) => toReply(one, nameOf(memory.next + at, false), { index: String(memory.next + at) })),
      ...repeated.map((at) => {
        const which = at % fresh.length;
        const label = { repeats: String(memory.next + which) };
        return toReply(fresh[which] as Suggestion, nameOf(memory.repeats + at, true), label);
      }),
    ],
    algorithm: { algorithmName: algorithm, algorithmSettings: [toSetting(after)] },
  };
}

function countsOf({ currentRequestNumber: count, totalRequestNumber: total }: SuggestionsRequest) {
  if (count < 1 || count > LIMIT) {
    throw wrong(`Wrong value ${count} at current_request_number: expected an integer from 1 to ${LIMIT}`);
  }
  if (total < count) {
    throw wrong(`Wrong value ${total} at total_request_number: expected current_request_number, ${count}, or more`);
  }
  return { count, before: total - count };
}

function throwUnlessFillable(
  name: string,
  trials: readonly PastTrial[],
  fresh: readonly Suggestion[],
  memory: Memory,
): void {
  const running = trials.filter(({ state }) => state === 'running').length;
  if (running > 0) {
    const message = `${name} waits for results: ${running} of ${trials.length} trials are running`;
    throw new TransientError('BUSY', message);
  }
  if (fresh.length === 0) {
    throw wrong(`${name} has nothing more to try: expected spec.maxTrialCount to be ${memory.next} at most`);
  }
}

function toReply({ assignments, labels = {} }: Suggestion, trialName: string, ours: Readonly<Record<string, string>>) {
  return {
    assignments: Object.entries(assignments).map(([name, value]) => ({ name, value })),
    trialName,
    labels: Object.fromEntries(
      Object.entries({ ...labels, ...ours })
        .filter((pair) => pair.every(isLabel))
        .map(([key, value]) => [LABELS + key, value]),
    ),
  };
}

/** Kubernetes makes no Trial whose labels are not so. */
function isLabel(text: string): boolean {
  return /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(text);
}

function wrong(message: string): XorflowError {
  return new XorflowError('INVALID_ARGUMENT', message);
}
