import { append, openTables } from './tables.ts';
import { serveWrites } from './writer-thread.ts';

serveWrites((root) => append.bind(undefined, openTables(root)));
