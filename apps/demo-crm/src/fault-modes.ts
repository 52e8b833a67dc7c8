/**
 * What the demo CRM does to the next lead requests.
 *
 * | mode    | what the sender sees                                   | does the lead arrive?            |
 * |---------|--------------------------------------------------------|----------------------------------|
 * | ok      | 201, or 401 / 400 / 422 as the request deserves         | yes, when it answers 201         |
 * | slow    | the same answer after `ms` milliseconds (2,000)         | yes, when it answers 201         |
 * | timeout | nothing, until the sender gives up                      | yes, when it would have been 201 |
 * | reset   | the connection is reset once the body was read          | yes, when it would have been 201 |
 * | 500 503 429 400 401 | that status, whatever was sent              | no                               |
 * | html    | 200 with a maintenance page instead of an answer        | no                               |
 *
 * timeout and reset are the two that a sender cannot tell from a failure: the lead is there, the answer is not.
 */
export const FAULT_MODES = ['ok', 'slow', 'timeout', 'reset', '500', '503', '429', '400', '401', 'html'] as const;
export type FaultMode = (typeof FAULT_MODES)[number];

export interface FaultPlan {
  mode: FaultMode;
  /** How many more lead requests it applies to; null until it is changed. */
  times: number | null;
  /** Sent as `Retry-After` with 500, 503 and 429: seconds, or the text of an HTTP date as given. */
  retryAfter: number | string | null;
  /** Delay of mode slow, in milliseconds. */
  ms: number;
}

export const NO_FAULT: FaultPlan = { mode: 'ok', times: null, retryAfter: null, ms: 2000 };
const MAX_MS = 600_000;

export type PlanReading = { ok: true; plan: FaultPlan } | { ok: false; detail: string };

/** Reads the body of `POST /_mode`: `{"mode", "times"?, "retryAfter"?, "ms"?}`. A mode may be written as a number (500). */
export function readFaultPlan(value: unknown): PlanReading {
  if (typeof value !== 'object' || value === null) return refused('The body must be a JSON object such as {"mode":"500","times":2}.');
  const given = value as Record<string, unknown>;
  const mode = FAULT_MODES.find((known) => known === String(given['mode']));
  if (mode === undefined) return refused(`"mode" must be one of: ${FAULT_MODES.join(', ')}.`);

  const times = given['times'] ?? null;
  if (times !== null && !isCount(times))
    return refused('"times" must be a whole number from 1, or be left out: then the mode stays until changed.');

  const retryAfter = given['retryAfter'] ?? null;
  if (retryAfter !== null && !isRetryAfter(retryAfter)) return refused('"retryAfter" must be seconds from 0, or an HTTP date as text.');

  const ms = given['ms'] ?? NO_FAULT.ms;
  if (typeof ms !== 'number' || !(ms >= 0 && ms <= MAX_MS)) return refused(`"ms" must be a number from 0 to ${MAX_MS}.`);

  return { ok: true, plan: { mode, times, retryAfter, ms } };
}

function refused(detail: string): PlanReading {
  return { ok: false, detail };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isRetryAfter(value: unknown): value is number | string {
  return typeof value === 'number' ? value >= 0 && Number.isFinite(value) : typeof value === 'string' && /^[\x20-\x7e]{1,64}$/.test(value);
}

/** The plan in force. Each lead request takes one use of it; when the uses are spent the CRM is well again. */
export class FaultSwitch {
  private plan: FaultPlan = NO_FAULT;

  current(): FaultPlan {
    return this.plan;
  }

  set(plan: FaultPlan): void {
    this.plan = plan;
  }

  take(): FaultPlan {
    const taken = this.plan;
    if (taken.times !== null) this.plan = taken.times > 1 ? { ...taken, times: taken.times - 1 } : NO_FAULT;
    return taken;
  }
}
