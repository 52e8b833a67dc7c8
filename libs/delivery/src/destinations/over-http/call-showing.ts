import type { CallOutcome } from '#platform';
import type { DestinationCall } from '../../destination.port.js';
import type { Credentials, Proof } from './proof.js';

/**
 * Makes a call that shows who calls. A call whose proof is refused (401) is repeated once with another one, where there is one and half of the
 * time is left: it had no effect. Without a proof nothing is sent.
 * @param timeoutMs for everything together
 * @param make calls within the time it is given
 */
export async function callShowing(
  credentials: Credentials,
  call: Pick<DestinationCall, 'payload' | 'idempotencyKey' | 'signal'>,
  timeoutMs: number,
  make: (proof: Proof, timeoutMs: number) => Promise<CallOutcome>,
): Promise<CallOutcome> {
  const began = performance.now();
  const left = (): number => Math.max(1, Math.ceil(timeoutMs - (performance.now() - began)));
  const proof = await credentials.prove(call);
  if ('cause' in proof) return { kind: 'not_sent', ...proof };
  const outcome = await make(proof, proof.renew === undefined ? timeoutMs : left());
  if (outcome.kind !== 'answered' || outcome.statusCode !== 401 || proof.renew === undefined || left() < timeoutMs / 2) return outcome;
  // Another token takes a third of the time limit at most; what is left is the repeated call's.
  const renewed = await proof.renew();
  return 'cause' in renewed ? { kind: 'not_sent', ...renewed } : make(renewed, left());
}
