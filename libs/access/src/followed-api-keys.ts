import { timingSafeEqual } from 'node:crypto';
import type { SourceId, TenantId } from '#core';
import { type Logger, Rounds } from '#platform';
import { type AdminKey, ADMIN_KEY_ID } from './admin-key.js';
import { readApiKey, sha256Of } from './api-key-text.js';
import { ApiKeys, type Principal } from './api-keys.port.js';
import type { LiveKey } from './pg-api-keys.js';

/** A revoked key is refused within 5 s: two rounds fit in, should one fail. */
const ROUND_MS = 2000;
/** What an unknown id is compared with, so that it takes as long as a known one. */
const NOBODY = Buffer.alloc(32);

/**
 * The keys as their rows say, read again every two seconds. While Postgres is away the last known keys go on opening; the admin key
 * opens from the start.
 */
export class FollowedApiKeys extends ApiKeys {
  private live: ReadonlyMap<string, LiveKey> = new Map();
  private loaded = false;
  private failing = false;
  private readonly rounds = new Rounds(() => this.follow(), ROUND_MS);

  constructor(
    private readonly read: () => Promise<readonly LiveKey[]>,
    private readonly adminKey: AdminKey,
    private readonly logger: Logger,
  ) {
    super();
  }

  override find(presented: string): Principal | null {
    if (this.adminKey.opensWith(presented)) return { scope: 'operator', keyId: ADMIN_KEY_ID };
    const key = readApiKey(presented);
    if (key === undefined) return null;
    const row = this.live.get(key.id);
    const opens = timingSafeEqual(sha256Of(key.secret), row?.secretSha256 ?? NOBODY);
    return opens && row !== undefined ? principalOf(row) : null;
  }

  /** False until the rows were read once: a key that is unknown here may exist. It stays true when Postgres goes away. */
  ready(): boolean {
    return this.loaded;
  }

  /** Resolves after the first round, whether or not Postgres was there for it. */
  start(): Promise<void> {
    return this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  /** One round, after the one that is running. */
  refresh(): Promise<void> {
    return this.rounds.now();
  }

  private async follow(): Promise<void> {
    try {
      this.live = new Map((await this.read()).map((key) => [key.id, key]));
      this.loaded = true;
      if (this.failing) this.logger.info({ component: 'access' }, 'the API keys are followed again');
      this.failing = false;
    } catch (error) {
      if (!this.failing) {
        const message = `the API keys cannot be read; those known so far go on opening: ${(error as Error).message}`;
        this.logger.warn({ component: 'access' }, message);
      }
      this.failing = true;
    }
  }
}

/** The database's CHECKs say which ids each scope has. */
function principalOf({ id: keyId, scope, tenantId, sourceId }: LiveKey): Principal {
  switch (scope) {
    case 'operator':
      return { scope, keyId };
    case 'tenant':
      return { scope, keyId, tenantId: tenantId as TenantId };
    case 'source':
      return { scope, keyId, tenantId: tenantId as TenantId, sourceId: sourceId as SourceId };
  }
}
