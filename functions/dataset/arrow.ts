import {
  type Data,
  Field,
  Float32,
  Float64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  type Table,
  tableFromIPC,
  Uint8,
  Uint32,
} from 'apache-arrow';
import { RejectedError, toError } from '../../events/errors.ts';
import type { Points } from './points.ts';

/** Rows per record batch: a file of no more is read without a copy, and a reader of a larger one holds one at a time. */
const BATCH_ROWS = 2 ** 24;

const MAGIC = 'ARROW1';

/** A column of a table that is not points. */
export type Column = Float32Array | Float64Array | Uint32Array | Uint8Array;
export type Columns = Readonly<Record<string, Column>>;

/** The points as an Arrow IPC file: columns `x0`, `x1`, … (float32) and `label` (uint8). The same points give the same bytes. */
export function encodePoints(points: Points, batchRows?: number): Uint8Array {
  const coordinates = points.coordinates.map((column, index) => [`x${index}`, column] as const);
  return encodeTable(Object.fromEntries([...coordinates, ['label', points.labels] as const]), batchRows);
}

/**
 * The points of an Arrow file that {@link encodePoints} wrote. Where it is one batch, the columns are views of the bytes.
 *
 * @throws RejectedError `CORRUPT_ARTIFACT` for bytes that are no whole Arrow file, other columns, NaN and infinity, other labels
 */
export function decodePoints(bytes: Uint8Array): Points {
  const table = readTable(bytes);
  const names = table.schema.fields.map((field) => field.name);
  const dims = names.length - 1;
  const expected = [...Array.from({ length: dims }, (_, index) => `x${index}`), 'label'];
  if (dims < 1 || names.join() !== expected.join()) {
    throw corrupt(`columns ${names.slice(0, 70).join(', ')}: expected x0, x1, … in order and label`);
  }
  const coordinates = expected.slice(0, dims).map((name) => columnOf(table, name, Float32Array, 'float32'));
  const labels = columnOf(table, 'label', Uint8Array, 'uint8');
  for (const [index, column] of coordinates.entries()) checkFinite(`x${index}`, column);
  const wrong = labels.findIndex((label) => label > 1);
  if (wrong >= 0) throw corrupt(`value ${labels[wrong]} at label[${wrong}]: expected 0 or 1`);
  return { dims, size: table.numRows, coordinates, labels };
}

/** Named columns of one length as an Arrow IPC file. */
export function encodeTable(columns: Columns, batchRows = BATCH_ROWS): Uint8Array {
  const fields = Object.entries(columns).map(([name, column]) => new Field(name, typeOf(column), false));
  const schema = new Schema(fields);
  const rows = Object.values(columns)[0]?.length ?? 0;
  const writer = new RecordBatchFileWriter();
  writer.reset(undefined, schema);
  for (let start = 0; start === 0 || start < rows; start += batchRows) {
    const length = Math.min(batchRows, rows - start);
    const children = Object.values(columns).map((column) => dataOf(column.subarray(start, start + length)));
    writer.write(new RecordBatch(schema, makeData({ type: new Struct(fields), length, nullCount: 0, children })));
  }
  writer.finish();
  return writer.toUint8Array(true);
}

/**
 * The columns of an Arrow file that {@link encodeTable} wrote.
 *
 * @throws RejectedError `CORRUPT_ARTIFACT` for bytes that are no whole Arrow file, or types that it does not write
 */
export function decodeTable(bytes: Uint8Array): Record<string, Column> {
  const table = readTable(bytes);
  return Object.fromEntries(
    table.schema.fields.map(({ name }) => {
      const values: unknown = table.getChild(name)?.toArray();
      if (!isColumn(values)) throw corrupt(`column ${name}: expected float32, float64, uint32 or uint8 without nulls`);
      return [name, values];
    }),
  );
}

function readTable(bytes: Uint8Array): Table {
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('latin1');
  if (text(0, 6) !== MAGIC || text(bytes.length - 6, bytes.length) !== MAGIC) {
    throw corrupt(`${bytes.length} bytes: expected a whole Arrow file, from ${MAGIC} to ${MAGIC}`);
  }
  try {
    return tableFromIPC(bytes);
  } catch (error) {
    throw corrupt(`${bytes.length} bytes: expected an Arrow file (${toError(error).message})`, error);
  }
}

function columnOf<T extends Float32Array | Uint8Array>(
  table: Table,
  name: string,
  kind: new (length: number) => T,
  type: string,
): T {
  const column = table.getChild(name);
  const values: unknown = column?.nullCount === 0 ? column.toArray() : undefined;
  // An Int8 column's array is no Uint8Array, a Float64 column's no Float32Array: the class is the check.
  if (!(values instanceof kind) || values.length !== table.numRows) {
    throw corrupt(`column ${name} of ${column?.type ?? 'nothing'}: expected ${type} without nulls`);
  }
  return values;
}

function checkFinite(name: string, column: Float32Array): void {
  let probe = 0;
  // 0 times NaN or infinity is NaN, and stays so.
  for (let index = 0; index < column.length; index++) probe += 0 * (column[index] ?? 0);
  if (Number.isFinite(probe)) return;
  const at = column.findIndex((value) => !Number.isFinite(value));
  throw corrupt(`value ${column[at]} at ${name}[${at}]: expected a finite number`);
}

function typeOf(column: Column) {
  if (column instanceof Float32Array) return new Float32();
  if (column instanceof Float64Array) return new Float64();
  return column instanceof Uint32Array ? new Uint32() : new Uint8();
}

function dataOf(column: Column): Data {
  const length = column.length;
  if (column instanceof Float32Array) return makeData({ type: new Float32(), length, nullCount: 0, data: column });
  if (column instanceof Float64Array) return makeData({ type: new Float64(), length, nullCount: 0, data: column });
  if (column instanceof Uint32Array) return makeData({ type: new Uint32(), length, nullCount: 0, data: column });
  return makeData({ type: new Uint8(), length, nullCount: 0, data: column });
}

function isColumn(values: unknown): values is Column {
  return [Float32Array, Float64Array, Uint32Array, Uint8Array].some((kind) => values instanceof kind);
}

function corrupt(what: string, cause?: unknown): RejectedError {
  return new RejectedError('CORRUPT_ARTIFACT', `Wrong dataset file, ${what}`, { cause });
}
