#!/usr/bin/env node
import { runFile } from './setup.mjs';

await runFile('scripts/xorflow.ts', process.argv.slice(2));
