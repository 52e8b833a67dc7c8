import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const ADMIN_KEY_FILE = 'admin.key';

export interface AdminKeyPlace {
  readonly dataDir: string;
  /** LEADGATE_ADMIN_KEY; it wins over the file, which is then neither read nor written. */
  readonly configured: string | undefined;
}

/** The key could not be made or read; the message says where and what mends it. */
export class AdminKeyUnusable extends Error {
  readonly code = 'admin_key_unusable';
  constructor(what: string, options?: ErrorOptions) {
    super(what, options);
    this.name = 'AdminKeyUnusable';
  }
}

/** The key that opens everything which reads leads. Held as a hash: the text itself is needed only by the person who uses it. */
export class AdminKey {
  private readonly digest: Buffer;

  constructor(key: string) {
    this.digest = digestOf(key);
  }

  /** In constant time, whatever the length of what was offered. */
  opensWith(offered: string): boolean {
    return timingSafeEqual(digestOf(offered), this.digest);
  }

  /**
   * The configured key, else the one in `admin.key`, else a new one written there.
   *
   * Any number of processes may start at once and agree: a new key is written to a file of its own and then linked to the name, which
   * only one of them can do; the others read what that one linked. The file is never seen half written.
   *
   * @throws AdminKeyUnusable
   */
  static async load({ dataDir, configured }: AdminKeyPlace): Promise<AdminKey> {
    if (configured !== undefined) return new AdminKey(configured);
    const path = join(dataDir, ADMIN_KEY_FILE);
    try {
      return new AdminKey((await readKey(path)) ?? (await makeKey(dataDir, path)));
    } catch (error) {
      if (error instanceof AdminKeyUnusable) throw error;
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      throw new AdminKeyUnusable(
        `The admin key could not be kept in ${path} (${code}): make that directory writable, point LEADGATE_DATA_DIR elsewhere, or set LEADGATE_ADMIN_KEY.`,
        { cause: error },
      );
    }
  }
}

async function readKey(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const key = text.trim();
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new AdminKeyUnusable(`${path} holds no key (one line of visible ASCII): remove the file and start again to get a new one.`);
  }
  // A copy or a restored backup may have come back readable by others.
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
  return key;
}

async function makeKey(dataDir: string, path: string): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  const key = `lga_${randomBytes(32).toString('base64url')}`;
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${key}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(draft, path);
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const first = await readKey(path);
    if (first === undefined) throw error;
    return first;
  } finally {
    await unlink(draft);
  }
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest();
}
