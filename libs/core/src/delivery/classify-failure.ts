import type { Signal } from './classify-answer.js';
import type { NextStep } from './decide-next-step.js';
import type { FailureClass } from './failure-class.js';

/** Codes of calls that never went out because of how the destination is set up. */
const NOT_ALLOWED: readonly (string | null)[] = ['ADDRESS_NOT_ALLOWED', 'HEADER_NOT_ALLOWED'];
/** Something answered, but not in HTTP. */
const NOT_HTTP = 'NOT_HTTP';
/** The destination's own code failed inside the gateway. */
const INTERNAL = 'INTERNAL';

export interface FailedCall {
  readonly signal: Signal;
  readonly errorCode: string | null;
  readonly step: NextStep;
}

/**
 * Why a delivery failed for good, by what its last call met.
 *
 * | last call                                             | class            |
 * |-------------------------------------------------------|------------------|
 * | a fault inside the gateway                            | `internal`       |
 * | a payload that cannot be sent                         | `missing_field`  |
 * | an address or header that is not allowed              | `misconfigured`  |
 * | 2xx that is no success, or something that is not HTTP | `protocol_error` |
 * | 410                                                   | `gone`           |
 * | 3xx, 401, 403, 404, 407, or the vendor refuses us     | `misconfigured`  |
 * | 408, 425, 429, 5xx, no answer                         | `exhausted`      |
 * | other 4xx, or the vendor refuses the lead             | `refused`        |
 *
 * @returns null for a delivery that did not fail for good
 */
export function classifyFailure({ signal, errorCode, step }: FailedCall): FailureClass | null {
  if (step.status !== 'PERMANENTLY_FAILED') return null;
  if (errorCode === INTERNAL) return 'internal';
  if (signal.kind === 'not_sent' && signal.because === 'payload') return 'missing_field';
  if (NOT_ALLOWED.includes(errorCode)) return 'misconfigured';
  if (errorCode === NOT_HTTP) return 'protocol_error';
  return signal.kind === 'answered' ? classOfAnswer(signal) : 'exhausted';
}

function classOfAnswer({ statusCode, meaning }: Extract<Signal, { kind: 'answered' }>): FailureClass {
  if (meaning !== undefined) return { retry: 'exhausted', refuses_us: 'misconfigured', refused: 'refused' }[meaning.kind] as FailureClass;
  if (statusCode >= 500 || [408, 425, 429].includes(statusCode)) return 'exhausted';
  if (statusCode < 300) return 'protocol_error';
  if (statusCode === 410) return 'gone';
  return statusCode < 400 || [401, 403, 404, 407].includes(statusCode) ? 'misconfigured' : 'refused';
}
