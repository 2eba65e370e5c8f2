import { createHash } from 'node:crypto';
import type { PipelinesApi } from '../../functions/pipelines/api.ts';
import { isConflict } from '../../functions/pipelines/read.ts';

/** A pipeline and the version of it that has certain bytes. */
export interface Published {
  readonly pipeline: string;
  readonly version: string;
  /** `sha256-` and the beginning of the file's digest: the same bytes are the same version. */
  readonly versionName: string;
  /** Whether this version was not there before. */
  readonly isNew: boolean;
}

/**
 * Uploads a compiled pipeline as a version that is named by its bytes; what is there already stays as it is. A first
 * upload makes the pipeline, with a version by the pipeline's name, which cannot be given another one: the version that
 * is named by the bytes follows it.
 */
export async function publish(
  api: PipelinesApi,
  { name, file, description }: { name: string; file: Uint8Array; description: string },
  signal: AbortSignal,
): Promise<Published> {
  const versionName = `sha256-${createHash('sha256').update(file).digest('hex').slice(0, 16)}`;
  const pipeline = (await api.findPipeline(name, signal)) ?? (await upload());
  const { id, isNew } = await api.uploadVersion(pipeline, versionName, file, signal);
  return { pipeline, version: id, versionName, isNew };

  async function upload(): Promise<string> {
    try {
      return await api.uploadPipeline(name, file, description, signal);
    } catch (error) {
      // Somebody else uploaded it in the meantime.
      const there = isConflict(error) ? await api.findPipeline(name, signal) : undefined;
      if (there === undefined) throw error;
      return there;
    }
  }
}
