import type { DestinationAnswer, DestinationCall } from '../../destination.port.js';
import type { BatchLimits } from '../in-batches/batches.js';
import { notSent } from '../over-http/read-http-answer.js';
import { type DiskFailure, diskFailure } from './disk.js';
import { ABANDONED_SECONDS, DropFolder, STILL_SECONDS } from './drop-folder.js';
import { type RowForm, rowOf } from './file-rows.js';
import { MaybeWritten, NothingWritten, PartFile } from './part-file.js';

/** How a destination's files are written and when one is finished. */
export interface DropRules {
  readonly name: string;
  readonly form: RowForm;
  readonly maxRows: number;
  readonly maxAgeMs: number;
}

const FORGETS_EVERY_MS = 3_600_000;

/**
 * Writes the files of one folder for this process, one batch after the other. A batch is appended, brought to the disk and answered; a
 * repeated delivery is looked up first, in everything that was ever written here and by whomever.
 *
 * A process that stood still and lives on writes nothing that is late: whose file it is and what time it is are asked right before each write.
 * It may stand still between that question and the write as well. So before a repeated delivery is looked up, the files of processes that show
 * no life are taken over (take-over.ts): what such a process writes when it wakes goes to a file that nobody sees.
 */
export class DropWriter {
  private readonly folder: DropFolder;
  private part: PartFile | undefined;
  private rules: DropRules | undefined;
  /** performance.now() */
  private forgetsAt = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly root: string,
    readonly path: string,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.folder = new DropFolder(path);
  }

  /** @returns an answer for each call, in the order given, within the limits; what is under way then goes on by itself */
  append(calls: readonly DestinationCall[], rules: DropRules, { timeoutMs, signal }: BatchLimits): Promise<DestinationAnswer[]> {
    const state = { begun: false, givenUp: false };
    const dueBy = this.now() + timeoutMs;
    const work = this.inTurn(async () => {
      if (state.givenUp) return calls.map(() => NO_TURN);
      state.begun = true;
      return this.appendNow(calls, rules, dueBy);
    });
    const late = (): DestinationAnswer[] => {
      state.givenUp = true;
      return calls.map(() => (state.begun ? unknown(TOO_SLOW) : NO_TURN));
    };
    return within(work, timeoutMs, signal, late);
  }

  /** Finishes a file whose time has come, shows that this process is alive, and takes up what others left. */
  round(): Promise<void> {
    return this.inTurn(async () => {
      if (this.part !== undefined && !(await this.part.isOurs())) await this.abandon(this.part);
      await this.part?.touch();
      if (this.part !== undefined && this.rules !== undefined && this.now() - this.part.bornAt >= this.rules.maxAgeMs) await this.finish();
      await this.folder.takeOverAll(this.ours(), ABANDONED_SECONDS);
      if (this.now() < this.forgetsAt) return;
      this.forgetsAt = this.now() + FORGETS_EVERY_MS;
      await this.folder.forgetOldKeys();
    });
  }

  /** Finishes what is under way. */
  close(): Promise<void> {
    return this.inTurn(() => this.finish());
  }

  private async appendNow(calls: readonly DestinationCall[], rules: DropRules, dueBy: number): Promise<DestinationAnswer[]> {
    try {
      const there = await this.alreadyThere(calls);
      const rows = new Map<string, string>();
      for (const { idempotencyKey: key, payload } of calls) {
        const text = there.has(key) ? null : rowOf(rules.form, key, payload);
        if (text !== null) rows.set(key, text);
      }
      const name = rows.size === 0 ? null : await this.write(rows, rules, dueBy);
      return calls.map(({ idempotencyKey: key }) => {
        const file = there.get(key) ?? (rows.has(key) ? name : null);
        return file === null ? UNREADABLE : delivered(file);
      });
    } catch (error) {
      if (error instanceof TooLate) return calls.map(() => NO_TURN);
      const failure = diskFailure(error instanceof NothingWritten || error instanceof MaybeWritten ? error.cause : error);
      return calls.map(() => (error instanceof MaybeWritten ? unknown(failure) : notSent(failure.code, failure.cause)));
    }
  }

  /** By key the file it is in. A first attempt cannot be there. */
  private async alreadyThere(calls: readonly DestinationCall[]): Promise<Map<string, string>> {
    const asked = calls.filter(({ attemptNo }) => attemptNo > 1).map(({ idempotencyKey }) => idempotencyKey);
    if (asked.length > 0) await this.folder.takeOverAll(this.ours(), STILL_SECONDS);
    const { part } = this;
    const here = part === undefined ? [] : asked.filter((key) => part.keys.has(key));
    const found = await this.folder.holding(new Set(asked.filter((key) => !here.includes(key))));
    for (const key of here) found.set(key, part?.name ?? '');
    return found;
  }

  private async write(rows: ReadonlyMap<string, string>, rules: DropRules, dueBy: number): Promise<string> {
    const part = await this.partFor(rules);
    // This process may have stood still for any length of time: by now the file may be somebody else's and the rows written by another process.
    if (this.now() >= dueBy) throw new TooLate();
    try {
      await part.append(rows);
    } catch (error) {
      if (error instanceof MaybeWritten || part.isBroken) await this.abandon(part);
      throw error;
    }
    // The rows are on disk and count; a file that cannot be finished now is finished by the next round or by whoever finds it.
    if (part.rows >= rules.maxRows) await this.finish().catch(() => {});
    return part.name;
  }

  private async partFor(rules: DropRules): Promise<PartFile> {
    this.rules = rules;
    if (this.part !== undefined && !(await this.part.isOurs())) await this.abandon(this.part);
    if (this.part !== undefined && JSON.stringify(this.part.form) !== JSON.stringify(rules.form)) await this.finish();
    this.part ??= await PartFile.create({ root: this.root, path: this.path }, rules.name, rules.form);
    return this.part;
  }

  private async finish(): Promise<void> {
    const { part } = this;
    if (part === undefined) return;
    this.part = undefined;
    await part.publish();
  }

  private async abandon(part: PartFile): Promise<void> {
    this.part = undefined;
    await part.close().catch(() => {});
  }

  private ours(): ReadonlySet<string> {
    return new Set(this.part === undefined ? [] : [this.part.path]);
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.last.then(work);
    this.last = result.catch(() => {});
    return result;
  }
}

class TooLate extends Error {}

const NO_TURN = notSent('NO_TURN', 'Not written in time: what was to be written before took too long', 'us');
const TOO_SLOW: DiskFailure = { code: 'ETIMEDOUT', cause: 'The disk of LEADGATE_FILE_DROP_DIR did not answer in time' };

/** Of a delivery that was planned while its destination was of another kind: no attempt will mend it, deciding the lead anew does. */
const UNREADABLE = notSent('NO_OBJECT', 'The payload is no JSON object, so it makes no row; reprocess the lead', 'payload');

function delivered(file: string): DestinationAnswer {
  return {
    signal: { kind: 'answered', statusCode: 200, successRule: true, retryAfterSeconds: null },
    errorCode: null,
    excerpt: null,
    recordId: file,
  };
}

function unknown({ code, cause }: DiskFailure): DestinationAnswer {
  return { signal: { kind: 'unknown', cause }, errorCode: code, excerpt: null, recordId: null };
}

function within<Result>(work: Promise<Result>, timeoutMs: number, signal: AbortSignal, late: () => Result): Promise<Result> {
  return new Promise((resolve, reject) => {
    const over = (): void => {
      stop();
      resolve(late());
    };
    const timer = setTimeout(over, timeoutMs);
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
    };
    signal.addEventListener('abort', over, { once: true });
    work.then(
      (result) => {
        stop();
        resolve(result);
      },
      (error: unknown) => {
        stop();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
