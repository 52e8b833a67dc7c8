/**
 * Everything the demo CRM was sent, in one append-only file.
 *
 * A request is answered only after its line was handed to the operating system whole, so the file tells the truth after a kill -9 of
 * every process (it is not fsynced: a power cut may cost the last seconds). Lines that arrive in one turn of the event loop share one
 * write. The file is the only store of requests and bodies; memory holds an index of the leads and keys (about 300 bytes each), so
 * nothing is ever left out of `GET /_requests` and a long run does not grow the process by its bodies. One process per file.
 */
import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BodyReading } from './lead-intake.js';
import { formatLine, readLine, type BodySpan, type LeadRequest } from './ledger-line.js';

const READ_BYTES = 1024 * 1024;
const PIECE_CHARACTERS = 64 * 1024;
const LINE_BREAK = 10;
const COMMA = 44;

/** How often a key was seen, and the lead that arrived under it. */
interface KeyRecord {
  key: string | null;
  requests: number;
  lead: ArrivedLead | undefined;
}

/** One effect: a lead that is in the CRM. `body` is where its bytes stand in the file. */
export interface ArrivedLead {
  at: string;
  id: string;
  leadToken: string;
  seen: KeyRecord;
  body: BodySpan;
}

export interface LeadView {
  id: string;
  key: string | null;
  /** All requests that carried this key, answered or not; 1 for a lead without a key. */
  requests: number;
  at: string;
  body: unknown;
}

export class LedgerError extends Error {}

export class RequestLedger {
  private readonly keys = new Map<string, KeyRecord>();
  private leads: ArrivedLead[] = [];
  private requests = 0;
  private repeats = 0;
  /** Bytes of whole lines in the file, and the same once the waiting lines are written. */
  private written = 0;
  private planned = 0;
  private waiting: { line: Buffer; settle: (failure?: LedgerError) => void }[] = [];
  private failure: LedgerError | undefined;

  private constructor(
    private readonly file: string,
    private readonly fd: number,
  ) {}

  /**
   * Opens the file, making it and its folder when missing, and reads it back. A last line without its line break is what a kill
   * leaves in the middle of a write; its request was never answered, so it is cut off.
   * @param onTornLine told how many bytes were cut off.
   */
  static open(file: string, onTornLine: (bytes: number) => void): RequestLedger {
    let fd: number;
    try {
      mkdirSync(dirname(file), { recursive: true });
      fd = openSync(file, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o600);
    } catch (cause) {
      throw new LedgerError(
        `The demo CRM cannot open ${file} (${code(cause)}). Mend its rights, or set LEADGATE_DATA_DIR to a folder it may write to.`,
      );
    }
    const ledger = new RequestLedger(file, fd);
    try {
      ledger.readBack(onTornLine);
    } catch (cause) {
      closeSync(fd);
      throw cause instanceof LedgerError ? cause : new LedgerError(`The demo CRM cannot read ${file} (${code(cause)}).`);
    }
    return ledger;
  }

  counts(): { requests: number; repeats: number; leads: number } {
    return { requests: this.requests, repeats: this.repeats, leads: this.leads.length };
  }

  /** False from the first failed write on. */
  isWritable(): boolean {
    return this.failure === undefined;
  }

  /** The lead that arrived under a key, also while its line waits to be written: two requests in flight never make two leads. */
  leadUnder(key: string): ArrivedLead | undefined {
    return this.keys.get(key)?.lead;
  }

  /** Resolves when the line is in the file. Rejects with a LedgerError from the first failed write on, until a restart. */
  append(request: LeadRequest, body: BodyReading): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const { line, body: span } = formatLine(request, body);
    this.index(request, { start: this.planned + span.start, length: span.length });
    this.planned += line.length;
    return new Promise((resolve, reject) => {
      const settle = (failure?: LedgerError): void => (failure === undefined ? resolve() : reject(failure));
      if (this.waiting.push({ line, settle }) === 1) setImmediate(() => this.flush());
    });
  }

  /** Forgets everything. Requests that are being written are written first, then go with the rest. */
  clear(): void {
    this.flush();
    ftruncateSync(this.fd, 0);
    this.keys.clear();
    this.leads = [];
    this.requests = this.repeats = this.written = this.planned = 0;
  }

  close(): void {
    this.flush();
    this.failure ??= new LedgerError('The demo CRM is closing.');
    closeSync(this.fd);
  }

  /** `GET /_requests` as JSON text: the lines of the file, with commas for line breaks. */
  async *requestsJson(): AsyncGenerator<Buffer | string> {
    yield '[';
    if (this.written > 0) {
      for await (const chunk of this.read(0, this.written - 1)) {
        for (let at = chunk.indexOf(LINE_BREAK); at >= 0; at = chunk.indexOf(LINE_BREAK, at + 1)) chunk[at] = COMMA;
        yield chunk;
      }
    }
    yield ']';
  }

  /** `GET /_leads` as JSON text: one entry per effect, in order of arrival. */
  async *leadsJson(): AsyncGenerator<Buffer | string> {
    let text = '[';
    let comma = '';
    for await (const { lead, body } of this.bodies(this.writtenLeads())) {
      const { id, seen, at } = lead;
      text += `${comma}${JSON.stringify({ id, key: seen.key, requests: seen.requests, at }).slice(0, -1)},"body":${body.toString('utf8')}}`;
      comma = ',';
      if (text.length < PIECE_CHARACTERS) continue;
      yield text;
      text = '';
    }
    yield `${text}]`;
  }

  /** The last leads, newest first. */
  async latestLeads(count: number): Promise<LeadView[]> {
    const views: LeadView[] = [];
    for await (const { lead, body } of this.bodies(this.writtenLeads().slice(-count))) {
      const { id, seen, at } = lead;
      views.unshift({ id, key: seen.key, requests: seen.requests, at, body: JSON.parse(body.toString('utf8')) as unknown });
    }
    return views;
  }

  private readBack(onTornLine: (bytes: number) => void): void {
    const size = fstatSync(this.fd).size;
    let rest: Buffer = Buffer.alloc(0);
    for (let at = 0, bytes = 0; at < size; at += bytes) {
      const chunk = Buffer.allocUnsafe(Math.min(READ_BYTES, size - at));
      bytes = readSync(this.fd, chunk, 0, chunk.length, at);
      if (bytes === 0) throw new LedgerError(`${this.file} became shorter while it was read.`);
      rest = this.readLines(rest.length === 0 ? chunk.subarray(0, bytes) : Buffer.concat([rest, chunk.subarray(0, bytes)]));
    }
    if (this.written === size) return;
    ftruncateSync(this.fd, this.written);
    onTornLine(size - this.written);
  }

  private readLines(bytes: Buffer): Buffer {
    let start = 0;
    for (let end = bytes.indexOf(LINE_BREAK); end >= 0; end = bytes.indexOf(LINE_BREAK, start)) {
      const entry = readLine(bytes.subarray(start, end));
      if (entry === undefined) {
        throw new LedgerError(
          `Line ${this.requests + 1} of ${this.file} is not a line of this ledger. Move the file away and start again; a new one is made.`,
        );
      }
      this.index(entry.request, { start: this.written + entry.body.start, length: entry.body.length });
      this.written += end + 1 - start;
      start = end + 1;
    }
    this.planned = this.written;
    return bytes.subarray(start);
  }

  private index(request: LeadRequest, body: BodySpan): void {
    this.requests += 1;
    if (request.repeat) this.repeats += 1;
    const seen = this.seen(request.key);
    seen.requests += 1;
    if (!request.effect || request.id === null || request.leadToken === null) return;
    seen.lead = { at: request.at, id: request.id, leadToken: request.leadToken, seen, body };
    this.leads.push(seen.lead);
  }

  private seen(key: string | null): KeyRecord {
    const known = key === null ? undefined : this.keys.get(key);
    if (known !== undefined) return known;
    const made: KeyRecord = { key, requests: 0, lead: undefined };
    if (key !== null) this.keys.set(key, made);
    return made;
  }

  /** One synchronous write for all waiting lines: into the page cache it costs less than a trip through the thread pool. */
  private flush(): void {
    const batch = this.waiting;
    if (batch.length === 0) return;
    this.waiting = [];
    try {
      const bytes = batch.length === 1 && batch[0] !== undefined ? batch[0].line : Buffer.concat(batch.map(({ line }) => line));
      for (let at = 0; at < bytes.length;) at += writeSync(this.fd, bytes, at);
      this.written += bytes.length;
    } catch (cause) {
      this.failure = new LedgerError(`The demo CRM cannot write ${this.file} (${code(cause)}). Make room, then start it again.`);
      this.cutBackToWritten();
    }
    for (const { settle } of batch) settle(this.failure);
  }

  /** None of a failed batch is answered with success, so none of it should stay; if this fails too, the next start finds a torn line. */
  private cutBackToWritten(): void {
    try {
      ftruncateSync(this.fd, this.written);
    } catch {
      return;
    }
  }

  /** A lead whose line is still waiting is not shown yet. */
  private writtenLeads(): ArrivedLead[] {
    const isWritten = (lead: ArrivedLead | undefined): boolean => lead === undefined || lead.body.start < this.written;
    let count = this.leads.length;
    while (!isWritten(this.leads[count - 1])) count -= 1;
    return this.leads.slice(0, count);
  }

  /** Neighbouring bodies are read together, up to 1 MiB of file at a time. */
  private async *bodies(leads: ArrivedLead[]): AsyncGenerator<{ lead: ArrivedLead; body: Buffer }> {
    for (let first = 0, next = 0; first < leads.length; first = next) {
      const start = leads[first]?.body.start ?? 0;
      const end = (lead: ArrivedLead): number => lead.body.start + lead.body.length;
      for (next = first + 1; next < leads.length; next += 1) {
        const lead = leads[next];
        if (lead === undefined || end(lead) - start > READ_BYTES) break;
      }
      const group = leads.slice(first, next);
      const last = group.at(-1);
      if (last === undefined) return;
      const parts: Buffer[] = [];
      for await (const chunk of this.read(start, end(last))) parts.push(chunk);
      const bytes = Buffer.concat(parts);
      for (const lead of group) yield { lead, body: bytes.subarray(lead.body.start - start, end(lead) - start) };
    }
  }

  private async *read(from: number, to: number): AsyncGenerator<Buffer> {
    const handle = await open(this.file, 'r');
    try {
      for (let at = from; at < to;) {
        const wanted = Math.min(READ_BYTES, to - at);
        const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
        if (bytesRead === 0) throw new LedgerError(`${this.file} became shorter while it was read.`);
        yield buffer.subarray(0, bytesRead);
        at += bytesRead;
      }
    } finally {
      await handle.close();
    }
  }
}

function code(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : String(cause);
}
