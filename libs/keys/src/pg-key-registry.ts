import { inTransaction, type Pool, type PoolClient } from '#platform';
import { decideUsableRings, type NewKey, type UsableRings } from './decide-usable-rings.js';
import type { KeyDocument } from './key-document.js';
import { KeyRegistry } from './key-registry.port.js';
import { type RegisteredKey, SHARED_RING } from './registered-key.js';

/** One process at a time registers, rotates or retires; readers do not wait. */
const LOCK = `select pg_advisory_xact_lock(hashtextextended('leadgate identity keys', 0))`;
const REGISTER = `insert into identity_keys (ring, key_id, key_check) values ($1, $2, $3)`;
/** Under which keys the tenant's claims are that still count. */
const CLAIMED_UNDER = `select distinct key_id as "keyId" from identity_claims where tenant_id = $1 and expires_at > clock_timestamp()`;

export async function readRegistry(connection: Pool | PoolClient): Promise<RegisteredKey[]> {
  const { rows } = await connection.query<RegisteredKey>({
    name: 'identity_keys',
    text: `select ring, key_id as "keyId", key_check as "keyCheck", activated_at as "activatedAt", retired_at as "retiredAt"
             from identity_keys order by activated_at, key_id`,
  });
  return rows;
}

export async function lockRegistry(client: PoolClient): Promise<void> {
  await client.query(LOCK);
}

export class PgKeyRegistry extends KeyRegistry {
  constructor(private readonly pool: Pool) {
    super();
  }

  async agree(document: KeyDocument): Promise<UsableRings> {
    const usable = decideUsableRings(document, await readRegistry(this.pool));
    if (usable.register.length === 0) return usable;
    return inTransaction(this.pool, async (client) => {
      await lockRegistry(client);
      return registerKeys(client, document);
    });
  }
}

/** Call it behind lockRegistry: judged again there, because another process may have been first, with another key. */
export async function registerKeys(client: PoolClient, document: KeyDocument): Promise<UsableRings> {
  const { register } = decideUsableRings(document, await readRegistry(client));
  const strange = await strangeRings(client, register);
  for (const key of register) {
    if (!strange.has(key.ring)) await client.query(REGISTER, [key.ring, key.keyId, key.keyCheck]);
  }
  return withoutRings(decideUsableRings(document, await readRegistry(client)), strange);
}

/** New rings of tenants whose leads are claimed under keys that the ring does not have: it would find none of them. Ring → those keys. */
async function strangeRings(client: PoolClient, register: readonly NewKey[]): Promise<Map<string, string[]>> {
  const strange = new Map<string, string[]>();
  for (const ring of new Set(register.filter(({ first }) => first).map((key) => key.ring))) {
    if (ring === SHARED_RING) continue;
    const { rows } = await client.query<{ keyId: string }>(CLAIMED_UNDER, [ring]);
    const held = new Set(register.filter((key) => key.ring === ring).map(({ keyId }) => keyId));
    if (rows.length > 0 && !rows.some(({ keyId }) => held.has(keyId)))
      strange.set(
        ring,
        rows.map(({ keyId }) => keyId),
      );
  }
  return strange;
}

function withoutRings(usable: UsableRings, strange: ReadonlyMap<string, readonly string[]>): UsableRings {
  if (strange.size === 0) return usable;
  const problems = [...strange].map(
    ([ring, keys]) =>
      `the duplicate check of the tenant ${ring} is off: its own ring has none of the keys its leads are known under (${keys.join(', ')}). ` +
      'Add that key to "previous" of its ring until the duplicate window has passed.',
  );
  return {
    ...usable,
    tenants: new Map([...usable.tenants].map(([name, ring]) => [name, strange.has(name) ? null : ring])),
    problems: [...usable.problems, ...problems],
    refused: true,
    register: [],
  };
}
