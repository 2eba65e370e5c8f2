import { randomUUID } from 'node:crypto';
import { type handleUnaryCall, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { toError, XorflowError } from '../../events/errors.ts';
import { check } from './health.ts';
import { type FindAlgorithm, suggest, validate } from './suggest.ts';
import {
  loadMessages,
  type SuggestionsReply,
  type SuggestionsRequest,
  serviceOf,
  type ValidateRequest,
} from './wire.ts';

/** Bytes of a request: all trials of a search come with each. */
const REQUEST_LIMIT = 64 * 2 ** 20;

/** The service of our algorithms, for Katib's controller to call. */
export interface SuggestionServer extends AsyncDisposable {
  /**
   * @param port 0 for any that is free
   * @returns the port
   * @throws XorflowError `PORT_IN_USE` when it cannot listen there
   */
  listen(host: string, port: number): Promise<number>;
  /**
   * No longer healthy and open to nobody new; calls in flight are answered.
   *
   * @param graceMs how long they may take before they are cut off
   */
  close(graceMs?: number): Promise<void>;
}

/**
 * Serves `api.v1.beta1.Suggestion` and `grpc.health.v1.Health`. A search that cannot be is answered with
 * INVALID_ARGUMENT, one that has to wait for results with FAILED_PRECONDITION, a fault of ours with UNKNOWN: of any other
 * code Katib would think that the settings are valid.
 *
 * @param algorithms the algorithm of a name
 * @param onError hears of faults of ours
 */
export function makeSuggestionServer(
  algorithms: FindAlgorithm,
  onError: (error: Error) => void = () => {},
): SuggestionServer {
  const server = new Server({ 'grpc.max_receive_message_length': REQUEST_LIMIT });
  const messages = loadMessages();
  const salt = randomUUID();
  let isServing = true;

  const answering =
    <Request, Reply>(answer: (request: Request) => Reply): handleUnaryCall<Request, Reply> =>
    ({ request }, reply) => {
      try {
        reply(null, answer(request));
      } catch (thrown) {
        const error = toError(thrown);
        const code = codeOf(error);
        if (code === status.UNKNOWN) onError(error);
        reply({ code, details: error.message });
      }
    };
  server.addService(serviceOf(messages, 'api.v1.beta1.Suggestion'), {
    getSuggestions: answering<SuggestionsRequest, SuggestionsReply>((request) => suggest(request, algorithms, salt)),
    validateAlgorithmSettings: answering<ValidateRequest, object>((request) => {
      validate(request, algorithms);
      return {};
    }),
  });
  const checkHealth: handleUnaryCall<{ service: string }, object> = ({ request }, reply) => {
    const answer = check(request.service, isServing);
    if ('code' in answer) reply(answer);
    else reply(null, answer);
  };
  server.addService(serviceOf(messages, 'grpc.health.v1.Health'), { check: checkHealth });

  let closed: Promise<void> | undefined;
  const close = (graceMs = 500) => {
    isServing = false;
    closed ??= new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        server.forceShutdown();
        // A connection on which nothing was ever said is no session, and is not ended by that.
        resolve();
      }, graceMs);
      server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    return closed;
  };
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
        server.bindAsync(address, ServerCredentials.createInsecure(), (cause, bound) => {
          if (!cause) return resolve(bound);
          const message = `Cannot listen on ${address}: choose another port or stop the program that has it`;
          return reject(new XorflowError('PORT_IN_USE', `${message} (${cause.message})`, { cause }));
        });
      }),
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

function codeOf(error: Error): status {
  if (!(error instanceof XorflowError)) return status.UNKNOWN;
  if (error.code === 'INVALID_ARGUMENT' || error.code === 'INVALID_MANIFEST') return status.INVALID_ARGUMENT;
  return error.code === 'BUSY' ? status.FAILED_PRECONDITION : status.UNKNOWN;
}
