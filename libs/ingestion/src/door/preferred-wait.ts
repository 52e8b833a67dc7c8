/** CONTRACTS 5; longer waits hold the sender's connection for what a look-up could tell it. */
const LONGEST_WAIT_SECONDS = 10;

const WAIT = /(?:^|,)\s*wait\s*=\s*(?:"(\d{1,9})"|(\d{1,9}))\s*(?=[;,]|$)/i;

/**
 * `Prefer: wait=2` (RFC 7240): how long the sender would wait for the verdict.
 * @returns 1 to 10 s, more is taken as 10; null where it prefers nothing of the kind. The first of several counts.
 */
export function preferredWaitSeconds(prefer: string | null): number | null {
  if (prefer === null) return null;
  const found = WAIT.exec(prefer);
  const seconds = Number(found?.[1] ?? found?.[2] ?? 0);
  return seconds === 0 ? null : Math.min(seconds, LONGEST_WAIT_SECONDS);
}
