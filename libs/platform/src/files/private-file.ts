import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The text of a file with a secret in it. A copy or a restored backup that came back readable by others is closed again. @returns undefined when there is none */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The text of the file; where there is none, what `make` gives is written there, for its owner only.
 *
 * Any number of processes may start at once and agree: a new text is written to a file of its own and then linked to the name, which
 * only one of them can do; the others read what that one linked. The file is never seen half written.
 */
export async function readOrMakePrivateFile(path: string, make: () => string): Promise<string> {
  const before = await readPrivateFile(path);
  if (before !== undefined) return before;
  await mkdir(dirname(path), { recursive: true });
  const text = make();
  const draft = await writeDraft(path, text);
  try {
    await link(draft, path);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const first = await readPrivateFile(path);
    if (first === undefined) throw error;
    return first;
  } finally {
    await unlink(draft);
  }
}

/** Puts a new text in the place of the old one at once: a reader sees the one or the other, also when the machine stops in between. */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  await rename(await writeDraft(path, text), path);
}

async function writeDraft(path: string, text: string): Promise<string> {
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true });
  return draft;
}
