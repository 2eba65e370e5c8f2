import { LOG } from '../store/port.ts';
import { idParams, unknownExperiment } from './experiments.ts';
import { isTerminal } from './record.ts';
import { defineRoute } from './route.ts';
import { answerEvents, answerLines, EVENTS, type FollowedLines, LINES } from './stream.ts';

export const eventsRoute = defineRoute({
  method: 'get',
  path: '/experiments/{id}/events',
  operationId: 'followEvents',
  summary:
    'Follows the events of an experiment as server-sent events, until it is over: `id` is the position in the log, ' +
    '`event` the type, `data` the CloudEvent in structured mode; the last message is `event: end`. Whoever resumes ' +
    'after that gets 204, at which an EventSource stops. To who prefers JSON, and to a browser: an array of what is there now',
  params: idParams,
  ...EVENTS,
  problems: [404],
  handle: (exchange) => {
    const { id } = exchange.params;
    return answerEvents(exchange, experiment(id), () => unknownExperiment(id));
  },
});

export const logsRoute = defineRoute({
  method: 'get',
  path: '/experiments/{id}/logs',
  operationId: 'followLogs',
  summary: 'Follows the metric lines of an experiment as text, until it is over',
  params: idParams,
  ...LINES,
  problems: [404],
  handle: (exchange) => {
    const { id } = exchange.params;
    return answerLines(exchange, experiment(id), () => unknownExperiment(id));
  },
});

function experiment(id: string): FollowedLines {
  return { log: LOG.events(id), lines: LOG.lines(id), isLast: isTerminal };
}
