import { readFile } from 'node:fs/promises';
import { quoteValue } from '../../events/issues.ts';
import { type LoadedPipeline, loadPipeline } from '../../kfp/local/load.ts';
import { type Published, publish } from '../../kfp/remote/publish.ts';
import type { UploadOptions } from '../commands/pipeline.ts';
import { usageError } from '../exit.ts';
import { openPlace, type Place } from './place.ts';

/** What the server takes for the name of a pipeline. */
const NAME = /^[a-z0-9][a-z0-9-]{0,127}$/;

/** Uploads the compiled pipeline. */
export async function upload(options: UploadOptions, signal: AbortSignal): Promise<void> {
  const pipeline = await readPipeline(options.file, options.name);
  const place = await openPlace(options, signal);
  const published = await publishTo(place, pipeline, signal);
  const url = place.linkTo('pipelines', published.pipeline);
  if (options.json) {
    const { isNew, ...ids } = published;
    process.stdout.write(`${JSON.stringify({ name: pipeline.name, ...ids, isNew, url })}\n`);
  } else process.stdout.write(`${url}\n`);
}

/** A compiled pipeline, looked into before it leaves this machine. */
export interface PipelineFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly loaded: LoadedPipeline;
}

/** @throws XorflowError `NOT_FOUND`, `INVALID_MANIFEST`; RejectedError `INVALID_ARGUMENT` for a name that cannot be one */
export async function readPipeline(file: string, name?: string): Promise<PipelineFile> {
  const loaded = await loadPipeline(file);
  const given = name ?? loaded.pipeline.pipelineInfo.name;
  if (!NAME.test(given)) {
    const rule = 'expected 1 to 128 of a-z, 0-9 and "-", not beginning with "-"';
    throw usageError(
      `Wrong value ${quoteValue(given)} at ${name === undefined ? 'pipelineInfo.name' : '--name'}: ${rule}`,
    );
  }
  return { name: given, bytes: await readFile(file), loaded };
}

/** Publishes a pipeline and says on stderr what came of it. */
export async function publishTo(
  { api }: Place,
  { name, bytes, loaded }: PipelineFile,
  signal: AbortSignal,
): Promise<Published> {
  const { description = '' } = loaded.pipeline.pipelineInfo;
  const published = await publish(api, { name, file: bytes, description }, signal);
  const where = api.namespace === undefined ? api.url : `${api.url}, namespace ${api.namespace}`;
  const what = `pipeline ${name}, version ${published.versionName}`;
  process.stderr.write(`${published.isNew ? 'uploaded' : 'there already'}: ${what} (${where}, ${api.version})\n`);
  return published;
}
