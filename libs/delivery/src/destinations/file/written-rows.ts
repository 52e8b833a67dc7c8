import { createReadStream } from 'node:fs';
import type { FileFormat } from './file-fields.js';
import { KEY_MEMBER } from './file-rows.js';

const NDJSON_START = Buffer.from(`{"${KEY_MEMBER}":"`);
const [LF, QUOTE, COMMA] = [0x0a, 0x22, 0x2c];
/** A row without an end: more than a payload can have. */
const LONGEST_ROW = 64 * 1024 * 1024;

export interface WrittenRows {
  readonly keys: readonly string[];
  /** Where the last whole row ends, in bytes; what follows was torn off by a crash. */
  readonly goodBytes: number;
}

/** Reads a file that its writer may have left in the middle of a row. @throws the system's error */
export async function readWrittenRows(path: string, format: FileFormat): Promise<WrittenRows> {
  const keys: string[] = [];
  let [goodBytes, inQuotes, isHead] = [0, false, format === 'csv'];
  let row: Buffer[] = [];
  let rowBytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === QUOTE && format === 'csv') inQuotes = !inQuotes;
      if (byte !== LF || inQuotes) continue;
      row.push(chunk.subarray(start, at + 1));
      const whole = row.length === 1 ? (row[0] as Buffer) : Buffer.concat(row);
      if (!isHead) keys.push(keyIn(whole, format));
      goodBytes += whole.length;
      [start, row, rowBytes, isHead] = [at + 1, [], 0, false];
    }
    if (start < chunk.length) {
      row.push(chunk.subarray(start));
      rowBytes += chunk.length - start;
      if (rowBytes > LONGEST_ROW) break;
    }
  }
  return { keys, goodBytes };
}

function keyIn(row: Buffer, format: FileFormat): string {
  if (format === 'csv') return row.subarray(0, Math.max(0, row.indexOf(COMMA))).toString('latin1') || row.toString('latin1').trim();
  if (!row.subarray(0, NDJSON_START.length).equals(NDJSON_START)) return '';
  return row.subarray(NDJSON_START.length, row.indexOf(QUOTE, NDJSON_START.length)).toString('latin1');
}
