/** Prints the golden file that its first argument names as this version of Node makes it; runs on Node 22 too. */
import { readFileSync } from 'node:fs';
import { loadKernels } from '../../../../functions/train/engines/fused/kernel.ts';
import { type Golden, weightsDigest } from './weights.ts';

const makeKernel = await loadKernels();
const expected: Golden[] = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const golden = expected.map(({ spec }) => ({ spec, weights: weightsDigest(makeKernel(), spec) }));
process.stdout.write(JSON.stringify({ version: process.version, golden }));
