/** What the demo CRM does to the next lead requests: the modes, in the words that its help and its page show. */

interface ModeDescription {
  /** What the sender sees. */
  readonly sees: string;
  /**
   * `judged`: the lead arrives when the request deserves a 201, whatever the sender is told of it; `no`: it never arrives;
   * `every second`: judged for every second request.
   */
  readonly arrives: 'judged' | 'no' | 'every second';
}

const REFUSES: ModeDescription = { sees: 'that status, whatever was sent', arrives: 'no' };
const BUSY: ModeDescription = { sees: 'that status, with Retry-After when "retryAfter" is given', arrives: 'no' };
const ELSEWHERE: ModeDescription = {
  sees: 'that status, with "location" (the address at which clouds answer their machines)',
  arrives: 'no',
};

export const MODES = {
  ok: { sees: '201, or 401 / 400 / 422 as the request deserves', arrives: 'judged' },
  slow: { sees: 'the same answer after "ms" milliseconds (2,000)', arrives: 'judged' },
  timeout: { sees: 'nothing, until the sender gives up', arrives: 'judged' },
  drip: { sees: 'a status, then one byte of the body every "ms" milliseconds (300), forever', arrives: 'judged' },
  reset: { sees: 'the connection is reset once the body was read', arrives: 'judged' },
  hangup: { sees: 'the connection is closed without an answer', arrives: 'judged' },
  broken: { sees: 'a status and headers, then a reset inside the body', arrives: 'judged' },
  garbage: { sees: 'bytes that are no HTTP', arrives: 'judged' },
  big_header: { sees: 'the answer with a header of 20 KB', arrives: 'judged' },
  huge: { sees: 'a status, then a body of 1 GiB', arrives: 'judged' },
  gzip_bomb: { sees: 'a status, then 100 KB that unpack to 100 MB', arrives: 'judged' },
  flap: { sees: '500 to every second request', arrives: 'every second' },
  exists: { sees: '409: it has the lead already; with the record and the external id', arrives: 'judged' },
  exists_other: { sees: '409: it has another lead of that person; with its record and external id', arrives: 'no' },
  refused: { sees: '200 {"success":false}', arrives: 'no' },
  partial: { sees: '207 with a result per record, this one failed', arrives: 'no' },
  html: { sees: '200 with a maintenance page instead of an answer', arrives: 'no' },
  empty: { sees: '200 without a body', arrives: 'no' },
  not_json: { sees: '200 with JSON that breaks off', arrives: 'no' },
  loop: { sees: '302 to the address that was called', arrives: 'no' },
  '301': ELSEWHERE,
  '302': ELSEWHERE,
  '303': ELSEWHERE,
  '307': ELSEWHERE,
  '308': ELSEWHERE,
  '400': REFUSES,
  '401': REFUSES,
  '403': REFUSES,
  '404': REFUSES,
  '408': BUSY,
  '409': REFUSES,
  '410': REFUSES,
  '422': REFUSES,
  '425': BUSY,
  '429': BUSY,
  '500': BUSY,
  '501': REFUSES,
  '502': BUSY,
  '503': BUSY,
  '504': BUSY,
} as const satisfies Readonly<Record<string, ModeDescription>>;

export type FaultMode = keyof typeof MODES;
/** Object.keys would put the numbers first. */
export const FAULT_MODES = (Object.keys(MODES) as FaultMode[]).sort((a, b) => Number(/^\d/.test(a)) - Number(/^\d/.test(b)));

export interface FaultPlan {
  mode: FaultMode;
  /** How many more lead requests it applies to; null until it is changed. */
  times: number | null;
  /** How many lead requests are still answered well before it begins. */
  after: number;
  /** Sent as `Retry-After` where the mode says so: seconds, or any text as given; `date:120` is the HTTP date 120 s later. */
  retryAfter: number | string | null;
  /** Where the 3xx modes send the sender. */
  location: string;
  /** Of the modes slow and drip, in milliseconds. */
  ms: number;
}

export const NO_FAULT: FaultPlan = {
  mode: 'ok',
  times: null,
  after: 0,
  retryAfter: null,
  location: 'http://169.254.169.254/latest/meta-data/',
  ms: 2000,
};
const DRIP_MS = 300;
const MAX_MS = 600_000;

/** A plan, and the path of the lead requests it is for; null: all that no other plan is for. */
export type PlanReading = { ok: true; plan: FaultPlan; path: string | null } | { ok: false; detail: string };

/**
 * Reads the body of `POST /_mode`: `{"mode", "times"?, "after"?, "path"?, "retryAfter"?, "location"?, "ms"?}`. A mode may be written as a
 * number (500).
 */
export function readFaultPlan(value: unknown): PlanReading {
  if (typeof value !== 'object' || value === null) return refused('The body must be a JSON object such as {"mode":"500","times":2}.');
  const given = value as Record<string, unknown>;
  const mode = FAULT_MODES.find((known) => known === String(given['mode']));
  if (mode === undefined) return refused(`"mode" must be one of: ${FAULT_MODES.join(', ')}.`);

  const times = given['times'] ?? null;
  if (times !== null && !isCount(times, 1))
    return refused('"times" must be a whole number from 1, or be left out: then the mode stays until changed.');

  const after = given['after'] ?? 0;
  if (!isCount(after, 0)) return refused('"after" must be a whole number from 0: how many requests are answered well before.');

  const path = given['path'] ?? null;
  if (path !== null && !isLine(path, /^\/[\x21-\x7e]{1,255}$/)) return refused('"path" must be the path of lead requests, such as /leads.');

  const retryAfter = given['retryAfter'] ?? null;
  if (retryAfter !== null && !isRetryAfter(retryAfter))
    return refused('"retryAfter" must be seconds from 0, or a text, or date:<seconds>.');

  const location = given['location'] ?? NO_FAULT.location;
  if (!isLine(location, /^[\x21-\x7e]{1,255}$/)) return refused('"location" must be an address.');

  const ms = given['ms'] ?? (mode === 'drip' ? DRIP_MS : NO_FAULT.ms);
  if (typeof ms !== 'number' || !(ms >= 0 && ms <= MAX_MS)) return refused(`"ms" must be a number from 0 to ${MAX_MS}.`);

  return { ok: true, plan: { mode, times, after, retryAfter, location, ms }, path };
}

/** The value of `Retry-After`, or undefined when none is sent. */
export function retryAfterText({ retryAfter }: FaultPlan, now: Date): string | undefined {
  if (retryAfter === null) return undefined;
  const [, seconds] = /^date:(-?\d{1,9})$/.exec(String(retryAfter)) ?? [];
  return seconds === undefined ? String(retryAfter) : new Date(now.getTime() + Number(seconds) * 1000).toUTCString();
}

function refused(detail: string): PlanReading {
  return { ok: false, detail };
}

function isCount(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

function isLine(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function isRetryAfter(value: unknown): value is number | string {
  return typeof value === 'number' ? value >= 0 && Number.isFinite(value) : isLine(value, /^[\x20-\x7e]{1,64}$/);
}

/** The plans in force. Each lead request takes one use of its own; when the uses are spent the CRM is well again. */
export class FaultSwitch {
  private plan: FaultPlan = NO_FAULT;
  private readonly byPath = new Map<string, FaultPlan>();

  /** The plan of all requests that have none of their own. */
  current(): FaultPlan {
    return this.plan;
  }

  /** The plans of single paths. */
  paths(): Readonly<Record<string, FaultPlan>> {
    return Object.fromEntries(this.byPath);
  }

  /** @param path null: the plan of all requests that have none of their own */
  set(plan: FaultPlan, path: string | null = null): void {
    if (path === null) this.plan = plan;
    else if (plan.mode === 'ok') this.byPath.delete(path);
    else this.byPath.set(path, plan);
  }

  clear(): void {
    this.plan = NO_FAULT;
    this.byPath.clear();
  }

  /** @param path of the lead request, without its query */
  take(path: string): FaultPlan {
    const own = this.byPath.has(path) ? path : null;
    const taken = (own === null ? undefined : this.byPath.get(own)) ?? this.plan;
    if (taken.after > 0) {
      this.set({ ...taken, after: taken.after - 1 }, own);
      return NO_FAULT;
    }
    if (taken.times !== null) this.set(taken.times > 1 ? { ...taken, times: taken.times - 1 } : NO_FAULT, own);
    return taken;
  }
}
