/**
 * What is wrong with a chain.
 *
 * - `event_missing`: a link stands for an event that is gone.
 * - `event_changed`: the link's hash does not fit: the event was edited, or the link was, or two of them changed places.
 * - `event_of_other_tenant`: the event was moved to another tenant after it was chained.
 * - `link_missing`: a number of the chain is not there.
 * - `event_not_chained`: an event has no link and does not wait for one: it was inserted past the gateway, or its link was removed
 *   (also at the end of the chain).
 * - `waiting_event_missing`: an event was removed or moved before it was chained.
 * - `head_missing`: a head that was kept outside the database is not in the chain: its end was cut off, or it was written anew.
 */
export const CHAIN_PROBLEM_KINDS = [
  'event_missing',
  'event_changed',
  'event_of_other_tenant',
  'link_missing',
  'event_not_chained',
  'waiting_event_missing',
  'head_missing',
] as const;
export type ChainProblemKind = (typeof CHAIN_PROBLEM_KINDS)[number];

export interface ChainProblem {
  readonly kind: ChainProblemKind;
  readonly tenantId: string;
  /** Number of the link in the tenant's chain; null where there is none. */
  readonly seq: string | null;
  /** null where neither the event nor its link is left. */
  readonly eventId: string | null;
  /** One sentence for people. */
  readonly detail: string;
}

export interface TenantChain {
  readonly tenantId: string;
  readonly links: number;
  /** Events that are not chained yet; they are not proven. */
  readonly waiting: number;
  /** `<tenant>:<seq>:<hash in hex>`, or null before the first link. */
  readonly head: string | null;
}

export interface ChainVerdict {
  readonly ok: boolean;
  readonly tenants: readonly TenantChain[];
  /** In order of tenant and seq; the first one is where the trail stops being proven. At most `MAX_PROBLEMS` are listed. */
  readonly problems: readonly ChainProblem[];
  readonly problemCount: number;
}

export const MAX_PROBLEMS = 100;

/** A head an operator kept outside the database. Without a seq the hash may stand anywhere in the tenant's chain. */
export interface ExpectedHead {
  readonly tenantId: string;
  readonly seq: bigint | null;
  readonly hash: string;
}

/** `demo:1234:9f86d0…`: what an operator keeps outside the database and hands to `--expect-head`. */
export function formatHead(tenantId: string, seq: bigint, hash: Buffer): string {
  return `${tenantId}:${seq}:${hash.toString('hex')}`;
}

/**
 * Reads `<tenant>:<seq>:<hash>`, or a bare hash when the tenant is known.
 * @throws Error with a sentence for the person who typed it
 */
export function parseExpectedHead(text: string, tenantId?: string): ExpectedHead {
  const full = /^([a-z0-9][a-z0-9-]*):([1-9]\d*):([0-9a-f]{64})$/.exec(text.trim());
  if (full?.[1] !== undefined && full[2] !== undefined && full[3] !== undefined) {
    if (tenantId !== undefined && tenantId !== full[1]) {
      throw new Error('An expected head is of another tenant than --tenant names: leave --tenant out to verify all chains.');
    }
    return { tenantId: full[1], seq: BigInt(full[2]), hash: full[3] };
  }
  const bare = /^[0-9a-f]{64}$/.test(text.trim());
  if (bare && tenantId !== undefined) return { tenantId, seq: null, hash: text.trim() };
  throw new Error(
    bare
      ? 'A head without its tenant needs --tenant: write <tenant>:<seq>:<hash> as `leadgate audit verify` prints it, or add --tenant.'
      : 'An expected head is <tenant>:<seq>:<hash>, as `leadgate audit verify` prints it, or its 64 hexadecimal digits with --tenant.',
  );
}
