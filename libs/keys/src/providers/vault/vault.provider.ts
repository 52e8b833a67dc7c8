import { readFile } from 'node:fs/promises';
import { isJsonObject } from '#core';
import type { OutboundHttp, Settings } from '#platform';
import { type KeyProvider, KeysUnreadable } from '../../key-provider.port.js';
import { answeredObject, LOOK_LIMIT_MS } from '../http-answer.js';

/**
 * HashiCorp Vault, KV version 2: GET /v1/<mount>/data/<path>. The fields of the secret are the document, or its one field `document` holds it
 * as text. `vault kv put secret/leadgate/identity-keys @identity-keys.json` writes the first form.
 */
export class VaultKeyProvider implements KeyProvider {
  readonly place: string;

  constructor(
    private readonly settings: Settings['keys']['vault'],
    private readonly http: OutboundHttp,
  ) {
    this.place = `the secret ${settings.path ?? '(LEADGATE_VAULT_PATH is not set)'} in Vault`;
  }

  async read(): Promise<string> {
    const { address, path, namespace } = this.settings;
    const [, mount, rest] = /^([^/]+)\/(.+)$/.exec(path?.replace(/^\/+|\/+$/g, '') ?? '') ?? [];
    if (address === undefined) throw new KeysUnreadable('the keys are to come from Vault, but VAULT_ADDR is not set');
    if (mount === undefined || rest === undefined) {
      throw new KeysUnreadable('LEADGATE_VAULT_PATH must name mount and path of a KV version 2 secret, e.g. secret/leadgate/identity-keys');
    }
    const base = new URL(address);
    const outcome = await this.http.get({
      origin: base.origin,
      path: `${base.pathname.replace(/\/$/, '')}/v1/${[mount, 'data', ...rest.split('/')].map(encodeURIComponent).join('/')}`,
      headers: {
        'x-vault-token': await this.token(),
        'x-vault-request': 'true',
        ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
      },
      timeoutMs: LOOK_LIMIT_MS,
      keepConnection: true,
    });
    const { data } = answeredObject('Vault', outcome, (status) => REASONS[status]);
    const fields = isJsonObject(data ?? null) ? (data as { data?: unknown }).data : undefined;
    if (typeof fields !== 'object' || fields === null) {
      throw new KeysUnreadable('Vault answered without data.data: the mount of LEADGATE_VAULT_PATH must be a KV engine of version 2');
    }
    const { document } = fields as { document?: unknown };
    return typeof document === 'string' ? document : JSON.stringify(fields);
  }

  private async token(): Promise<string> {
    const { token, tokenFile } = this.settings;
    if (tokenFile === undefined) {
      if (token === undefined)
        throw new KeysUnreadable('the keys are to come from Vault, but neither VAULT_TOKEN nor VAULT_TOKEN_FILE is set');
      return token;
    }
    const text = await readFile(tokenFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new KeysUnreadable(`the file of VAULT_TOKEN_FILE cannot be read (${error.code ?? 'unknown error'})`, { cause: error });
    });
    if (!/^[\x21-\x7e]+$/.test(text.trim()))
      throw new KeysUnreadable('the file of VAULT_TOKEN_FILE holds no token (one line of visible ASCII)');
    return text.trim();
  }
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'the token or the namespace is malformed',
  403: 'the token is not valid, or its policy does not allow to read LEADGATE_VAULT_PATH (with /data/ after the mount)',
  404: 'there is no secret at LEADGATE_VAULT_PATH, or its newest version is deleted',
  503: 'Vault is sealed or in standby',
};
