import { readFileSync, writeFileSync } from 'node:fs';
import { compilePipeline } from '../../kfp/compile.ts';
import type { CompileOptions } from '../commands/pipeline.ts';
import { usageError } from '../exit.ts';

/** A tag that may move is no image that a run can be repeated with. */
const PINNED = /^[^\s@]+(?::(?!latest$)[\w][\w.-]{0,127}|@sha256:[0-9a-f]{64})$/;

/** The image of this version. */
export function defaultImage(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { name, version } = JSON.parse(text) as { readonly name: string; readonly version: string };
  return `${name}:${version}`;
}

/** Writes the compiled pipeline. */
export function compile({ image = defaultImage(), out }: CompileOptions): void {
  if (!PINNED.test(image)) {
    const rule = 'expected an image with a tag other than latest, or with a digest';
    throw usageError(`Wrong value ${JSON.stringify(image)} at --image: ${rule}`);
  }
  const text = compilePipeline(image);
  if (out === '-') return void process.stdout.write(text);
  try {
    writeFileSync(out, text);
  } catch (cause) {
    throw usageError(`Cannot write ${out}: ${(cause as Error).message}`, { cause });
  }
  process.stderr.write(`${out}: ${Buffer.byteLength(text)} bytes, image ${image}\n`);
}
