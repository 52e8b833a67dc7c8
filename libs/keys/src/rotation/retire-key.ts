import { inTransaction, type Pool } from '#platform';
import { lockRegistry, readRegistry } from '../pg-key-registry.js';
import { type RingStatus, ringStatuses } from './ring-status.js';

export interface RetireResult {
  readonly retired: boolean;
  /** What is missing, one sentence each. */
  readonly missing: readonly string[];
}

const RETIRE = `update identity_keys set retired_at = clock_timestamp() where key_id = $1 and retired_at is null`;

/**
 * Takes a key out of use: from then on a process that has only this one makes no fingerprints.
 *
 * @param lost true for a key that nobody has any more: nothing is waited for, and duplicates of leads known only under it are missed until their
 * blind indexes and claims are rewritten
 */
export async function retireKey(pool: Pool, keyId: string, { lost }: { readonly lost: boolean }): Promise<RetireResult> {
  return inTransaction(pool, async (client) => {
    await lockRegistry(client);
    const rows = (await readRegistry(client)).filter((row) => row.keyId === keyId);
    if (rows.length === 0)
      return { retired: false, missing: [`no process ever registered a key ${keyId}; \`leadgate keys status\` lists them`] };
    if (rows.every(({ retiredAt }) => retiredAt !== null)) return { retired: false, missing: [`the key ${keyId} is retired already`] };
    const missing = lost ? [] : (await ringStatuses(client)).flatMap((status) => missingIn(status, keyId));
    if (missing.length === 0) await client.query(RETIRE, [keyId]);
    return { retired: missing.length === 0, missing };
  });
}

function missingIn({ ring, current, older }: RingStatus, keyId: string): string[] {
  const where = ring === '' ? '' : ` of the tenant ${ring}`;
  if (current.keyId === keyId) return [`${keyId} is the current key${where}: first make another one with \`leadgate keys rotate\``];
  const key = older.find((one) => one.keyId === keyId);
  if (key === undefined) return [];
  return [
    ...(key.windowPassed
      ? []
      : [`the duplicate window since the newer key${where} was activated passes at ${key.windowPassedAt.toISOString()}`]),
    ...(key.leadsToRewrite === 0
      ? []
      : [`${key.leadsToRewrite} leads${where} still have a blind index made with it; a process with role relay rewrites them`]),
    ...(key.claimsOnlyHere === 0
      ? []
      : [`${key.claimsOnlyHere} identities${where} are known under this key only; a process with role relay copies them, or they expire`]),
  ];
}
