import { join } from 'node:path';
import { readOrMakePrivateFile, readPrivateFile, replacePrivateFile } from '#platform';
import { writeKeyDocument } from '../../key-document.js';
import type { KeyProvider } from '../../key-provider.port.js';
import { KeysUnreadable } from '../../key-provider.port.js';
import { newIdentityKey } from '../../new-identity-key.js';

export const IDENTITY_KEYS_FILE = 'identity-keys.json';

/** identity-keys.json in the data directory, readable by its owner only. */
export class FileKeyProvider implements KeyProvider {
  readonly place: string;
  private readonly path: string;

  constructor(dataDir: string) {
    this.path = join(dataDir, IDENTITY_KEYS_FILE);
    this.place = this.path;
  }

  async read(): Promise<string | null> {
    return (await this.inWords(readPrivateFile(this.path))) ?? null;
  }

  make(): Promise<string> {
    return this.inWords(
      readOrMakePrivateFile(this.path, () => writeKeyDocument({ shared: { current: newIdentityKey(), previous: [] }, tenants: new Map() })),
    );
  }

  replace(text: string): Promise<void> {
    return this.inWords(replacePrivateFile(this.path, text));
  }

  private async inWords<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      throw new KeysUnreadable(
        `the identity keys could not be kept in ${IDENTITY_KEYS_FILE} in the data directory (${code}): make LEADGATE_DATA_DIR writable for the gateway, or set LEADGATE_IDENTITY_KEYS_FROM`,
        { cause: error },
      );
    }
  }
}
