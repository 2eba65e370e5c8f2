/** What Serving's webhook refuses in fields that the interpreter itself has no use for. */
export interface Objection {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Fields = Readonly<Record<string, unknown>>;

const PREFIX = 'autoscaling.knative.dev/';
const TEMPLATE = ['spec', 'template', 'metadata', 'annotations'] as const;
const SCALES = ['min-scale', 'max-scale', 'initial-scale', 'activation-scale'];
const AUTOSCALING = [
  ...['class', 'metric', 'target', 'target-utilization-percentage', 'target-burst-capacity', 'window'],
  ...['scale-down-delay', 'scale-to-zero-pod-retention-period'],
  ...['panic-window-percentage', 'panic-threshold-percentage'],
  ...SCALES,
];
const RESERVED_PORTS = [8008, 8012, 8013, 8022, 9090, 9091];
const PORT_NAMES = ['', 'http1', 'h2c'];
const WINDOW = { min: 6, max: 3600 };

/** The objections to a Service of `serving.knative.dev/v1`, read before fields without local meaning are taken out. */
export function objectionsTo(document: unknown): Objection[] {
  return [...misplacedAnnotations(document), ...wrongAnnotations(document), ...wrongPorts(document)];
}

function misplacedAnnotations(document: unknown): Objection[] {
  return Object.keys(fieldsAt(document, ['metadata', 'annotations']))
    .filter((key) => key.startsWith(PREFIX))
    .map((key) => ({ path: ['metadata', 'annotations', key], message: `expected it below ${TEMPLATE.join('.')}` }));
}

function wrongAnnotations(document: unknown): Objection[] {
  const annotations = fieldsAt(document, TEMPLATE);
  const wrong = Object.entries(annotations).flatMap(([key, value]) => {
    const rule = key.startsWith(PREFIX) ? ruleAgainst(key.slice(PREFIX.length), value) : undefined;
    return rule === undefined ? [] : [{ path: [...TEMPLATE, key], message: `expected ${rule}` }];
  });
  const min = Number(annotations[`${PREFIX}min-scale`] ?? 0);
  const max = Number(annotations[`${PREFIX}max-scale`] ?? 0);
  // A max-scale of 0 is no limit.
  if (max > 0 && min > max)
    wrong.push({ path: [...TEMPLATE, `${PREFIX}min-scale`], message: `expected at most max-scale, ${max}` });
  return wrong;
}

function ruleAgainst(name: string, value: unknown): string | undefined {
  if (!AUTOSCALING.includes(name)) return `one of ${AUTOSCALING.join(', ')}`;
  if (typeof value !== 'string') return 'a string: quote numbers';
  if (SCALES.includes(name) && !/^\d+$/.test(value)) return 'a whole number in quotes';
  if (name === 'window') {
    const seconds = toSeconds(value);
    if (!(seconds >= WINDOW.min && seconds <= WINDOW.max)) return 'a duration from 6s to 1h';
  }
  return undefined;
}

/** Go's notation (`1m30s`), not that of ISO 8601. */
function toSeconds(text: string): number {
  const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (parts === null || text === '') return Number.NaN;
  return Number(parts[1] ?? 0) * 3600 + Number(parts[2] ?? 0) * 60 + Number(parts[3] ?? 0);
}

function wrongPorts(document: unknown): Objection[] {
  const containers = ['spec', 'template', 'spec', 'containers', 0, 'ports'] as const;
  const ports = at(document, containers);
  if (!Array.isArray(ports)) return [];
  if (ports.length > 1) return [{ path: containers, message: 'expected at most one port' }];
  return ports.flatMap((port: unknown) => {
    const { containerPort, name = '' } = fields(port);
    const path = [...containers, 0];
    if (RESERVED_PORTS.includes(Number(containerPort)))
      return [
        {
          path: [...path, 'containerPort'],
          message: `expected none of ${RESERVED_PORTS.join(', ')}: Serving has them`,
        },
      ];
    if (!PORT_NAMES.includes(String(name))) return [{ path: [...path, 'name'], message: 'expected "", http1 or h2c' }];
    return [];
  });
}

/** The value at a path, or undefined. */
export function at(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((current, key) => fields(current)[key], value);
}

function fieldsAt(value: unknown, path: readonly (string | number)[]): Fields {
  return fields(at(value, path));
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
