import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const EXPERIMENT = fileURLToPath(new URL('../../katib/experiment.yaml', import.meta.url));

/** The search of the project over fewer points and epochs. */
export async function writeExperiment(
  folder: string,
  changes: (text: string) => string = (text) => text,
): Promise<string> {
  const text = await readFile(EXPERIMENT, 'utf8');
  const small = text
    .replace(`'{"epochs":200}'`, `'{"epochs":60}'`)
    .replace(
      '- name: XORFLOW_TRAINING',
      `- name: XORFLOW_DATASET\n                    value: '{"trainSize":600,"validationSize":200}'\n                  - name: XORFLOW_TRAINING`,
    )
    .replace('maxTrialCount: 24', 'maxTrialCount: 12');
  const file = join(folder, 'experiment.yaml');
  await writeFile(file, changes(small));
  return file;
}
