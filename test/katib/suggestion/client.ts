import { type Client, credentials, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { makeSuggestionServer } from '../../../katib/suggestion/server.ts';
import { loadMessages, type SuggestionsReply, serviceOf } from '../../../katib/suggestion/wire.ts';
import { algorithmOf } from './algorithms.ts';

type Method = (request: object, callback: (error: ServiceError | null, reply: unknown) => void) => void;

/** Calls the service at a port of this machine as Katib's controller does. */
export interface SuggestionClient extends Disposable {
  suggest(request: object): Promise<SuggestionsReply>;
  validate(request: object): Promise<unknown>;
  check(service: string): Promise<unknown>;
}

export function callSuggestion(port: number): SuggestionClient {
  const messages = loadMessages();
  const connect = (name: string) =>
    new (makeGenericClientConstructor(serviceOf(messages, name), name))(
      `127.0.0.1:${port}`,
      credentials.createInsecure(),
    );
  const suggestion = connect('api.v1.beta1.Suggestion');
  const health = connect('grpc.health.v1.Health');
  return {
    suggest: (request) => call(suggestion, 'getSuggestions', request) as Promise<SuggestionsReply>,
    validate: (request) => call(suggestion, 'validateAlgorithmSettings', request),
    check: (service) => call(health, 'check', { service }),
    [Symbol.dispose]() {
      suggestion.close();
      health.close();
    },
  };
}

function call(client: Client, method: string, request: object): Promise<unknown> {
  const send = (client as unknown as Record<string, Method>)[method] as Method;
  return new Promise((resolve, reject) => {
    send.call(client, request, (error, reply) => (error ? reject(error) : resolve(reply)));
  });
}

/** A service of the test's algorithms, and a client of it; with the faults that it told of. */
export async function withService(use: (client: SuggestionClient, errors: Error[]) => Promise<void>): Promise<void> {
  const errors: Error[] = [];
  await using server = makeSuggestionServer(algorithmOf, (error) => errors.push(error));
  using client = callSuggestion(await server.listen('127.0.0.1', 0));
  await use(client, errors);
}
