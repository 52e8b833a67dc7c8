import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identifyProcess, isSameProcess, makePrivateFolder, StartProblem, systemErrorCode, type ProcessIdentity } from '#platform';
import { say } from './say.js';

export type ChildIdentity = ProcessIdentity & { readonly name: string };

/** `supervisor.json` in the data dir: who runs here, and what it started. */
interface LockFile {
  readonly supervisor: ProcessIdentity;
  readonly children: readonly ChildIdentity[];
  /** Set while it stops: worth waiting for. */
  readonly stopping: boolean;
}

/** The longest stop: a gateway that drains, a demo CRM, Postgres. */
const STOP_LIMIT_MS = 100_000;

/**
 * Two supervisors on one data dir would start everything twice, so the first one writes its name into the data dir. The name carries the moment
 * the process began: one that was killed does not stand in anybody's way, not even when its number belongs to another process by now.
 */
export class DataDirLock {
  readonly #file: string;
  readonly #supervisor: ProcessIdentity;
  #children: readonly ChildIdentity[] = [];
  #stopping = false;
  /** Children of a supervisor that was killed: they still hold the ports. */
  readonly leftBehind: readonly ChildIdentity[];

  private constructor(file: string, supervisor: ProcessIdentity, leftBehind: readonly ChildIdentity[]) {
    this.#file = file;
    this.#supervisor = supervisor;
    this.leftBehind = leftBehind;
    this.#write();
  }

  /** Waits for a supervisor that is just stopping. @throws StartProblem when a live one has it */
  static async take(dataDir: string): Promise<DataDirLock> {
    const file = join(dataDir, 'supervisor.json');
    makePrivateFolder(dataDir);
    let last = readLock(file);
    if (last?.stopping && isSameProcess(last.supervisor)) say('waiting for the Leadgate that is just stopping here');
    for (const end = performance.now() + STOP_LIMIT_MS; last?.stopping && isSameProcess(last.supervisor); last = readLock(file)) {
      if (performance.now() > end) break;
      await sleep(50);
    }
    if (last && isSameProcess(last.supervisor)) {
      throw new StartProblem(
        `Leadgate already runs on the data folder ${dataDir} (process ${last.supervisor.pid}). Stop it first, set LEADGATE_DATA_DIR to another folder, or run a second gateway beside it with: npm run gateway`,
      );
    }
    const supervisor = identifyProcess(process.pid) ?? { pid: process.pid, startedAt: '' };
    return new DataDirLock(file, supervisor, (last?.children ?? []).filter(isSameProcess));
  }

  noteChild(child: ChildIdentity): void {
    this.#children = [...this.#children.filter(({ name }) => name !== child.name), child];
    this.#write();
  }

  noteStopping(): void {
    this.#stopping = true;
    this.#write();
  }

  release(): void {
    rmSync(this.#file, { force: true });
  }

  #write(): void {
    const content: LockFile = { supervisor: this.#supervisor, children: this.#children, stopping: this.#stopping };
    const scratch = `${this.#file}.${process.pid}`;
    writeFileSync(scratch, JSON.stringify(content, null, 2), { mode: 0o600 });
    renameSync(scratch, this.#file);
  }
}

/** A lock that cannot be read was cut off by a full disk or a crash; nobody alive writes it that way. */
function readLock(file: string): LockFile | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    return JSON.parse(text) as LockFile;
  } catch {
    return null;
  }
}
