import { documentFromShort } from '../../key-document.js';
import { type KeyProvider, KeysUnreadable } from '../../key-provider.port.js';

/** The variable LEADGATE_IDENTITY_KEYS: the document, or `<id>:<secret>`. It changes only with a restart. */
export class EnvKeyProvider implements KeyProvider {
  readonly place = 'the variable LEADGATE_IDENTITY_KEYS';

  constructor(private readonly document: string | undefined) {}

  read(): Promise<string> {
    return this.document === undefined
      ? Promise.reject(new KeysUnreadable('LEADGATE_IDENTITY_KEYS_FROM is env, but LEADGATE_IDENTITY_KEYS is not set'))
      : Promise.resolve(documentFromShort(this.document));
  }
}
