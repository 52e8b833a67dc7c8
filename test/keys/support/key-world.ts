import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Pool } from 'pg';
import { FollowedKeyRings, type KeyProvider, keyProviderOf } from '#keys';
import { OutboundHttp, OutboundRules, readSettings } from '#platform';
import { PgKeyRegistry } from '../../../libs/keys/src/pg-key-registry.js';

/** One host: a data directory with its identity-keys.json, and processes that follow it when they are told to. */
export interface Host {
  readonly dataDir: string;
  readonly provider: KeyProvider;
  /** A process; it looks when `refresh` is called, so that a test says who has seen what. */
  process(): FollowedKeyRings;
  keys(): Promise<string>;
  put(document: string): Promise<void>;
  logged(): string;
  end(): Promise<void>;
}

export async function aHost(pool: Pool): Promise<Host> {
  const dataDir = await mkdtemp(join(tmpdir(), 'leadgate-host-'));
  const http = new OutboundHttp({ userAgent: 'leadgate/test', rules: OutboundRules.operatorsOwn });
  const provider = keyProviderOf(readSettings({ LEADGATE_DATA_DIR: dataDir }), http);
  const file = join(dataDir, 'identity-keys.json');
  let logged = '';
  const logger = pino({ level: 'trace' }, { write: (line: string) => (logged += line) });
  return {
    dataDir,
    provider,
    process: () => new FollowedKeyRings({ provider, registry: new PgKeyRegistry(pool), logger, pollSeconds: 3600 }),
    keys: () => readFile(file, 'utf8'),
    put: (document) => writeFile(file, document, { mode: 0o600 }),
    logged: () => logged,
    end: async () => {
      await http.close();
      await rm(dataDir, { recursive: true });
    },
  };
}
