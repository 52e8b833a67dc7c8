import { randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { readOrMakePrivateFile } from '#platform';
import { sha256Of } from './api-key-text.js';

export const ADMIN_KEY_FILE = 'admin.key';
/** What the admin key is called where a key's id is written down. */
export const ADMIN_KEY_ID = 'admin';

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

/**
 * The operator's key that is there from the first start, before there is any row: it opens everything. Held as a hash: the text itself is
 * needed only by the person who uses it.
 */
export class AdminKey {
  private readonly digest: Buffer;

  constructor(key: string) {
    this.digest = sha256Of(key);
  }

  /** In constant time, whatever the length of what was offered. */
  opensWith(offered: string): boolean {
    return timingSafeEqual(sha256Of(offered), this.digest);
  }

  /**
   * The configured key, else the one in `admin.key`, else a new one written there.
   * @throws AdminKeyUnusable
   */
  static async load({ dataDir, configured }: AdminKeyPlace): Promise<AdminKey> {
    if (configured !== undefined) return new AdminKey(configured);
    const path = join(dataDir, ADMIN_KEY_FILE);
    const text = await readOrMakePrivateFile(path, () => `lga_${randomBytes(32).toString('base64url')}\n`).catch((error: unknown) => {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      throw new AdminKeyUnusable(
        `The admin key could not be kept in ${path} (${code}): make that directory writable, point LEADGATE_DATA_DIR elsewhere, or set LEADGATE_ADMIN_KEY.`,
        { cause: error },
      );
    });
    const key = text.trim();
    if (!/^[\x21-\x7e]+$/.test(key)) {
      throw new AdminKeyUnusable(`${path} holds no key (one line of visible ASCII): remove the file and start again to get a new one.`);
    }
    return new AdminKey(key);
  }
}
