import { inTransaction, type Pool } from '#platform';
import { type KeyDocument, readKeyDocument, writeKeyDocument } from '../key-document.js';
import type { KeyProvider } from '../key-provider.port.js';
import type { KeyRing } from '../key-rings.port.js';
import { newIdentityKey } from '../new-identity-key.js';
import { lockRegistry, readRegistry, registerKeys } from '../pg-key-registry.js';
import { liveKeys, type RegisteredKey, SHARED_RING } from '../registered-key.js';

export type RotationResult =
  | { readonly kind: 'rotated'; readonly from: string; readonly to: string }
  /** The provider is written to by people only: `from` becomes previous, a new key current. */
  | { readonly kind: 'by_hand'; readonly from: string; readonly suggestedId: string }
  /** An older key is still in the ring. */
  | { readonly kind: 'unfinished'; readonly from: string; readonly to: string }
  | { readonly kind: 'unusable'; readonly problems: readonly string[] };

/**
 * Makes a new key the current one of a ring and the present one its previous. Behind the registry's lock, so that of two rotations at once
 * one is refused.
 *
 * @param ring the tenant with a ring of its own, or ''
 * @throws KeysUnreadable
 */
export async function rotateKey(pool: Pool, provider: KeyProvider, ring: string): Promise<RotationResult> {
  return inTransaction(pool, async (client): Promise<RotationResult> => {
    await lockRegistry(client);
    const reading = readKeyDocument((await provider.read()) ?? (await provider.make?.()) ?? '');
    if ('problems' in reading) return { kind: 'unusable', problems: reading.problems };
    const { document } = reading;
    const present = ring === SHARED_RING ? document.shared : document.tenants.get(ring);
    if (present === null || present === undefined)
      return { kind: 'unusable', problems: [`${provider.place} has no ring ${ring} of its own`] };
    const { problems, refused } = await registerKeys(client, document);
    if (refused) return { kind: 'unusable', problems };
    const registered = await readRegistry(client);
    const [oldest, ...newer] = liveKeys(registered, ring);
    const last = newer.at(-1);
    if (oldest !== undefined && last !== undefined) return { kind: 'unfinished', from: oldest.keyId, to: last.keyId };
    const key = newIdentityKey();
    if (provider.replace === undefined) return { kind: 'by_hand', from: present.current.id, suggestedId: key.id };
    const next = { current: key, previous: [present.current, ...present.previous.filter(({ id }) => !isRetired(registered, id))] };
    const changed = withRing(document, ring, next);
    await provider.replace(writeKeyDocument(changed));
    // A process that follows the file would register it too; so the rotation also counts where none runs.
    await registerKeys(client, changed);
    return { kind: 'rotated', from: present.current.id, to: key.id };
  });
}

/** Takes retired keys out of the document. @returns the ids that were removed */
export async function removeRetiredKeys(pool: Pool, provider: KeyProvider): Promise<string[]> {
  if (provider.replace === undefined) return [];
  const registered = await readRegistry(pool);
  const text = await provider.read();
  const reading = text === null ? undefined : readKeyDocument(text);
  if (reading === undefined || 'problems' in reading) return [];
  const { shared, tenants } = reading.document;
  const removed = new Set<string>();
  const kept = (ring: KeyRing | null): KeyRing | null => {
    if (ring === null) return null;
    const retired = ring.previous.filter(({ id }) => isRetired(registered, id));
    for (const { id } of retired) removed.add(id);
    return { ...ring, previous: ring.previous.filter((key) => !retired.includes(key)) };
  };
  const document: KeyDocument = { shared: kept(shared), tenants: new Map([...tenants].map(([name, ring]) => [name, kept(ring)])) };
  if (removed.size > 0) await provider.replace(writeKeyDocument(document));
  return [...removed];
}

/** In every ring that had it. */
function isRetired(registered: readonly RegisteredKey[], id: string): boolean {
  const rows = registered.filter(({ keyId }) => keyId === id);
  return rows.length > 0 && rows.every(({ retiredAt }) => retiredAt !== null);
}

function withRing({ shared, tenants }: KeyDocument, ring: string, next: KeyRing): KeyDocument {
  return ring === SHARED_RING ? { shared: next, tenants } : { shared, tenants: new Map([...tenants, [ring, next]]) };
}
