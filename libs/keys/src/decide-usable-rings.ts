import { keyCheckOf } from './key-check.js';
import type { KeyDocument } from './key-document.js';
import type { IdentityKey, KeyRing } from './key-rings.port.js';
import { liveKeys, type RegisteredKey, SHARED_RING } from './registered-key.js';

export interface UsableRings {
  readonly shared: KeyRing | null;
  /** Tenants for which the shared ring does not hold. */
  readonly tenants: ReadonlyMap<string, KeyRing | null>;
  /** Why rings are not usable: key ids and tenants, no keys. */
  readonly problems: readonly string[];
  /** Some ring may not be used because of what the registry says. */
  readonly refused: boolean;
  /** What this process brings into the registry, in the order of activation. */
  readonly register: readonly NewKey[];
}

export interface NewKey {
  readonly ring: string;
  readonly keyId: string;
  readonly keyCheck: Buffer;
  /** The ring has no live key yet. */
  readonly first: boolean;
}

interface RingVerdict {
  readonly usable: boolean;
  readonly problem?: string;
  readonly register: readonly NewKey[];
}

const MEND =
  'Give every process the same keys: copy identity-keys.json from the data directory of a process that has it, or let all read them from one place (LEADGATE_IDENTITY_KEYS_FROM).';

/**
 * Which rings of this process make fingerprints that the processes beside it would recognise.
 *
 * A lead claims its identities under every key of the ring its process sees. Two processes therefore see each other's duplicates exactly when
 * they share a key, and all of them do when all hold one and the same: the oldest live key of the ring in the registry. It stays the one until
 * it is retired, which is only possible when what was claimed under it is also claimed under the next. A ring without it is not used: a
 * duplicate check that is visibly degraded does less harm than one that finds nothing.
 */
export function decideUsableRings(document: KeyDocument, registered: readonly RegisteredKey[]): UsableRings {
  const verdicts: RingVerdict[] = [];
  const judge = (name: string, ring: KeyRing | null): KeyRing | null => {
    if (ring === null) return null;
    const verdict = judgeRing(name, ring, registered);
    verdicts.push(verdict);
    return verdict.usable ? ring : null;
  };
  const shared = judge(SHARED_RING, document.shared);
  const tenants = new Map<string, KeyRing | null>();
  for (const [name, ring] of document.tenants) tenants.set(name, judge(name, ring));
  for (const { ring: name } of registered) {
    if (name === SHARED_RING || tenants.has(name) || liveKeys(registered, name).length === 0) continue;
    const verdict = document.shared === null ? null : judgeRing(name, document.shared, registered);
    if (verdict?.usable === true) continue;
    tenants.set(name, null);
    if (verdict !== null) verdicts.push(verdict);
  }
  return {
    shared,
    tenants,
    problems: [
      ...(document.shared === null ? ['tenants without a ring of their own have no key: the keys have no "current"'] : []),
      ...[...document.tenants]
        .filter(([, ring]) => ring === null)
        .map(([name]) => `the tenant ${name} has no key: the keys say null for it`),
      ...verdicts.flatMap(({ problem }) => problem ?? []),
    ],
    refused: verdicts.some(({ usable }) => !usable),
    register: verdicts.flatMap(({ usable, register }) => (usable ? register : [])),
  };
}

function judgeRing(name: string, ring: KeyRing, registered: readonly RegisteredKey[]): RingVerdict {
  const unusable = (problem: string): RingVerdict => ({ usable: false, problem: `${whose(name)}: ${problem}`, register: [] });
  const keys = [ring.current, ...ring.previous];
  const checks = new Map(keys.map((key) => [key.id, keyCheckOf(key.secret)]));
  const other = registered.find(({ keyId, keyCheck }) => checks.get(keyId)?.equals(keyCheck) === false);
  if (other !== undefined)
    return unusable(`the key ${other.keyId} of this process is another one than the ${other.keyId} of the processes before it. ${MEND}`);

  const known = new Map(registered.filter((row) => row.ring === name).map((row) => [row.keyId, row]));
  const live = liveKeys(registered, name);
  const asNew = ({ id }: IdentityKey): NewKey => ({ ring: name, keyId: id, keyCheck: checks.get(id) as Buffer, first: live.length === 0 });
  const [common] = live;
  if (common === undefined) {
    if (known.has(ring.current.id)) return unusable(`its current key ${ring.current.id} is retired. Make another one the current key.`);
    return { usable: true, register: [...ring.previous, ring.current].filter(({ id }) => !known.has(id)).map(asNew) };
  }
  if (!checks.has(common.keyId)) {
    return unusable(
      `this process does not have the key ${common.keyId}, in use since ${common.activatedAt.toISOString()}, so it would miss duplicates of leads that ` +
        `others took. ${MEND} If the key is lost for good: leadgate keys retire ${common.keyId} --lost`,
    );
  }
  // An unknown previous key is of use to this process only; registered now it would pass for the newest and so for the current one.
  return { usable: true, register: known.has(ring.current.id) ? [] : [asNew(ring.current)] };
}

function whose(name: string): string {
  return name === SHARED_RING ? 'the duplicate check is off' : `the duplicate check of the tenant ${name} is off`;
}
