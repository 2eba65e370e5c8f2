import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { isMap, isSeq, parseDocument } from 'yaml';
import { toError, XorflowError } from '../../events/errors.ts';
import { quoteValue } from '../../events/issues.ts';

interface Entry {
  readonly algorithmName: string;
}

/**
 * Katib's configuration with our algorithms in it, in place of what it has under their names; the rest stays, comments too.
 *
 * @param config the text under `katib-config.yaml` of the ConfigMap `katib-config`
 * @param suggestions the text of katib/cluster/suggestion/suggestions.yaml
 * @param image where the cluster finds ours
 * @throws XorflowError `INVALID_MANIFEST` for a text that is no such configuration
 */
export function register(config: string, suggestions: string, image: string): string {
  const document = parseDocument(config);
  const kind = isMap(document.contents) ? document.get('kind') : undefined;
  const list = document.getIn(['runtime', 'suggestions']);
  if (document.errors.length > 0 || kind !== 'KatibConfig' || !isSeq(list)) {
    const rule = 'expected a KatibConfig with runtime.suggestions, of Katib 0.16 or later';
    throw new XorflowError('INVALID_MANIFEST', `Wrong kind ${quoteValue(kind)} in the configuration: ${rule}`);
  }
  const entries: readonly Entry[] = parseDocument(suggestions).toJS();
  const names = entries.map(({ algorithmName }) => algorithmName);
  list.items = list.items.filter((item) => !isMap(item) || !names.includes(String(item.get('algorithmName'))));
  for (const entry of entries) list.add(document.createNode({ ...entry, image }));
  return document.toString({ lineWidth: 0 });
}

if (process.argv[1] === import.meta.filename) {
  try {
    const [, , image] = process.argv;
    if (!image) throw new XorflowError('INVALID_ARGUMENT', 'Missing image: expected where the cluster finds ours');
    const suggestions = readFileSync(new URL('../cluster/suggestion/suggestions.yaml', import.meta.url), 'utf8');
    process.stdout.write(register(await text(process.stdin), suggestions, image));
  } catch (error) {
    process.stderr.write(`register: ${toError(error).message}\n`);
    process.exitCode = 2;
  }
}
