/** A row of the registry: a key by which identities are or were compared. */
export interface RegisteredKey {
  /** The tenant with a ring of its own; '' for the shared ring. */
  readonly ring: string;
  readonly keyId: string;
  readonly keyCheck: Buffer;
  readonly activatedAt: Date;
  readonly retiredAt: Date | null;
}

export const SHARED_RING = '';

/** The keys of a ring that are not retired, oldest first: the first is the one every process must hold, the last the current one. */
export function liveKeys(registered: readonly RegisteredKey[], ring: string): RegisteredKey[] {
  return registered
    .filter((row) => row.ring === ring && row.retiredAt === null)
    .sort((a, b) => a.activatedAt.getTime() - b.activatedAt.getTime());
}
