import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, readFile, rename, stat, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isMissing, syncFolder } from './disk.js';
import { formatOf, KEYS_FOLDER, PART, syncFile } from './part-file.js';
import { readWrittenRows } from './written-rows.js';

/** What a takeover has among the lists of keys until it is through: nobody reads it as a list. */
export const UNFINISHED = '.';
/** Behind the name of a file in its list of keys, where the file was taken over. Its first line is not a key but the name of the copy. */
export const TAKEN = '~';

/**
 * Finishes a file that another process has under way and shows no life. That process may be dead, or stand still right before a write, for
 * any length of time; so the file itself is never given out, but a copy: what is written late goes to a file that nobody will ever see, and its
 * writer finds that it is no longer its own.
 *
 * Whoever takes over may stand still or die as well, at any step, and others take over from there:
 *
 * 1. It renames the file: of several processes one can, and its owner can no longer finish it.
 * 2. It copies what is there, without a row that was torn off.
 * 3. It links the list of keys, which names the copy: of several that came here one after the other, the first one's copy counts.
 * 4. It gives that copy its name. Whoever comes second does so in its place, or finds that it is done: the copy has one name at a time, so
 *    a file that was collected does not come back.
 *
 * @param now milliseconds since 1970, as in the times of files
 * @returns whether a file was finished; false: another process was faster, or there was no row in it
 */
export async function takeOver(path: string, now: number): Promise<boolean> {
  const folder = dirname(path);
  const name = basename(path).slice(0, basename(path).indexOf(PART));
  const token = `${hostname().replaceAll(/[^A-Za-z0-9-]/g, '')}-${process.pid}-${randomBytes(4).toString('hex')}`;
  const mine = join(folder, `${name}${PART}.${token}`);
  if (!(await done(rename(path, mine)))) return false;
  // Its age begins anew, so that this one's death leaves it to the next.
  const moment = new Date(now);
  await utimes(mine, moment, moment);
  const keysFolder = join(folder, KEYS_FOLDER);
  const copy = `${UNFINISHED}copy-${token}-${name}`;
  const keys = await copyRows(mine, join(keysFolder, copy));
  if (keys.length > 0) {
    const counts = await linkList(keysFolder, { name, token, copy, keys });
    if (counts !== copy) await unlink(join(keysFolder, copy));
    await done(rename(join(keysFolder, counts), join(folder, name)));
    await syncFolder(folder);
  } else await unlink(join(keysFolder, copy));
  await done(unlink(mine));
  return keys.length > 0;
}

/** @returns the keys of the rows in the copy, which is on disk */
async function copyRows(from: string, to: string): Promise<readonly string[]> {
  await pipeline(createReadStream(from), createWriteStream(to, { flags: 'wx', mode: 0o640 }));
  // Read from the copy: its owner may still write to the other one, or take something back.
  const { keys, goodBytes } = await readWrittenRows(to, formatOf(from));
  await truncate(to, goodBytes);
  await syncFile(to);
  return keys;
}

/** @returns the copy that counts: ours, or that of whoever was here before */
async function linkList(
  keysFolder: string,
  { name, token, copy, keys }: { readonly name: string; readonly token: string; readonly copy: string; readonly keys: readonly string[] },
): Promise<string> {
  const [draft, list] = [join(keysFolder, `${UNFINISHED}list-${token}-${name}`), join(keysFolder, `${name}${TAKEN}`)];
  await writeFile(draft, [copy, ...keys].map((line) => `${line}\n`).join(''), { mode: 0o640, flush: true });
  const first = await linkFirst(draft, list);
  await syncFolder(keysFolder);
  return first ? copy : ((await readFile(list, 'latin1')).split('\n', 1)[0] as string);
}

/** Of any number of callers one gets true. On a disk that knows no hard links two may, if they come within the same moment. */
async function linkFirst(draft: string, list: string): Promise<boolean> {
  try {
    await link(draft, list);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
    if (NO_HARD_LINKS.includes(code) && (await isFree(list))) {
      await rename(draft, list);
      return true;
    }
    if (code !== 'EEXIST' && !NO_HARD_LINKS.includes(code)) throw error;
    await unlink(draft);
    return false;
  }
  await unlink(draft);
  return true;
}

const NO_HARD_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'];

const isFree = (path: string): Promise<boolean> =>
  stat(path).then(
    () => false,
    (error: unknown) => {
      if (isMissing(error)) return true;
      throw error;
    },
  );

/** false: what was to be moved or removed is no longer there, because somebody else has done it. */
function done(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}
