import { serveWrites } from '../../functions/store/embedded/writer-thread.ts';
import { writeJournal } from './journal-writes.ts';

serveWrites((db) => writeJournal.bind(undefined, db));
