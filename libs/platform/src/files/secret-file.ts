import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * The text of a file that only its owner may read; where there is none, it is made, with its folder.
 *
 * Any number of processes may start at once and agree: a new text is written to a file of its own and then linked to the name, which only
 * one of them can do; the others read what that one linked. The file is never seen half written. One that others could read (a copy, a
 * restored backup) is taken out of their sight.
 *
 * @param make the text of a new file; what an existing one holds is the caller's to judge
 * @throws what the file system says (EACCES, ENOTDIR, …)
 */
export async function readOrMakeSecretFile(path: string, make: () => string): Promise<string> {
  return (await readSecretFile(path)) ?? (await makeSecretFile(path, make()));
}

/** @returns undefined when there is no such file */
async function readSecretFile(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function makeSecretFile(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(draft, path);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const first = await readSecretFile(path);
    if (first === undefined) throw error;
    return first;
  } finally {
    await unlink(draft);
  }
}
