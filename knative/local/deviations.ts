/** One place where the local broker differs from the real one on purpose. */
export interface Deviation {
  readonly id: string;
  readonly what: string;
  readonly real: string;
  readonly local: string;
  readonly reason: string;
}

/** Every known difference from Knative Eventing 1.22 with MTChannelBasedBroker and InMemoryChannel. */
export const deviations = [
  {
    id: 'durable-journal',
    what: 'accepted events across a crash',
    real: 'held in memory, lost with the process',
    local: 'on disk before the 202, delivered after a restart; a full disk is answered with 503',
    reason:
      'the specification asks for a 2xx only once the event is durable; a laptop is closed more often than a cluster',
  },
  {
    id: 'accepted-replies',
    what: 'a CloudEvent in the body of a 202',
    real: 'routed as a reply',
    local: 'ignored, unless routeAcceptedReplies is set',
    reason: 'the specification forbids it, and other brokers keep to that',
  },
  {
    id: 'ascii-attributes',
    what: 'attributes outside of printable ASCII, or with spaces at their ends',
    real: 'accepted, sent on as raw bytes that many servers misread',
    local: '400',
    reason: 'they would arrive changed',
  },
  {
    id: 'json-depth',
    what: 'structured events with data more than 1000 levels deep, or with a member twice',
    real: 'accepted up to 10000 levels; the last member counts',
    local: '400',
    reason: 'a subscriber that reads recursively would crash, and two readers could see two events',
  },
  {
    id: 'attribute-names',
    what: 'binary attribute names other than letters and digits, ce-data and ce-datacontenttype',
    real: 'refused or changed, depending on the attribute',
    local: '400',
    reason: 'they have no structured form',
  },
  {
    id: 'verbatim-time',
    what: 'the time attribute',
    real: 'rewritten to UTC without trailing zeros',
    local: 'sent on as it came',
    reason: 'attributes should stay identical',
  },
  {
    id: 'bad-gateway-data',
    what: 'knativeerrordata of a dead letter after a 2xx that is no CloudEvent',
    real: 'absent',
    local: 'the beginning of what the subscriber said',
    reason: 'it tells what to fix',
  },
  {
    id: 'bounded-in-flight',
    what: 'requests in flight per Trigger',
    real: 'unbounded',
    local: 'at most 64; the others wait on disk',
    reason: 'one machine has few sockets and little memory',
  },
  {
    id: 'bounded-reply',
    what: 'the size of a reply',
    real: 'unbounded',
    local: 'more than 64 MiB counts as malformed',
    reason: 'a subscriber gone wild must not take the platform down',
  },
  {
    id: 'chain-of-a-lost-producer',
    what: 'a producer or a timeout that gives up while a synchronous chain runs',
    real: 'the chain may be cancelled',
    local: 'the chain runs to its end',
    reason: 'the events are in the journal already',
  },
] as const satisfies readonly Deviation[];
