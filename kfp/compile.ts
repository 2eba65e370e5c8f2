import { stringify } from 'yaml';
import { makePipeline } from './pipeline.ts';

const NOTE = '# Made by "xorflow pipeline compile" from kfp/pipeline.ts.\n';

/**
 * The bytes of `pipeline.yaml`: the pipeline, then what Kubernetes is to know. The same for the same image. Every string
 * is quoted, so that readers of YAML 1.1 and 1.2 read the same.
 */
export function compilePipeline(image: string): string {
  const { spec, platform } = makePipeline(image);
  const documents = [spec, platform].map((document) =>
    stringify(document, {
      defaultStringType: 'QUOTE_DOUBLE',
      defaultKeyType: 'PLAIN',
      aliasDuplicateObjects: false,
      lineWidth: 0,
      sortMapEntries: true,
    }),
  );
  return `${NOTE}${documents.join('---\n')}`;
}
