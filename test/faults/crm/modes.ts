import type { JsonObject } from '#core';
import type { DemoCrmProcess } from '../../support/gateway-process.js';
import type { AttemptFacts, DeliveryFacts } from '../support/crm-tenant.js';

/** What must hold of one destination whose CRM shows one fault. */
export interface Expected {
  readonly first?: Partial<AttemptFacts>;
  readonly end: Partial<DeliveryFacts>;
  /** How often the CRM was asked. */
  readonly requests: number;
  /** Seconds from the first request to the second, at least and at most. */
  readonly gap?: readonly [least: number, most?: number];
  /** Leads that the CRM has of it; 1 unless told. */
  readonly effects?: 0 | 1;
}

export interface FaultOfCrm {
  readonly fault: string;
  /** Names the destination: its path at the CRM, too. */
  readonly name: string;
  readonly plan: Parameters<DemoCrmProcess['mode']>[0];
  readonly destination?: JsonObject;
  readonly plain: Expected;
  /** Where it is another than that of a plain destination. */
  readonly standard?: Expected;
}

/** Repeated with the same key and bytes, and delivered then. */
const repeated = (first: Partial<AttemptFacts>, more: Partial<Expected> = {}): Expected => ({
  first: { outcome: 'retry', ...first },
  end: { status: 'DELIVERED', last_error: null },
  requests: 2,
  ...more,
});
const deliveredAtOnce = (first: Partial<AttemptFacts> = {}): Expected => ({
  first: { outcome: 'delivered', sent_state: 'answered', status_code: 201, ...first },
  end: { status: 'DELIVERED', last_error: null },
  requests: 1,
});
const failed = (status: number): Expected => ({
  first: { outcome: 'refused', sent_state: 'answered', status_code: status, error_message: `Client error: ${status}` },
  end: { status: 'PERMANENTLY_FAILED', last_error: `Client error: ${status}` },
  requests: 1,
  effects: 0,
});
/** Nothing more goes out until somebody has mended something: the destination is paused and its leads wait with it. */
const waitsWithItsDestination = (status: number): Expected => ({
  first: { sent_state: 'answered', status_code: status, error_message: `Client error: ${status}` },
  end: { last_error: `Client error: ${status}` },
  requests: 1,
  effects: 0,
});

const once = (mode: string, more: object = {}): FaultOfCrm['plan'] => ({ mode, times: 1, ...more });
/** Long enough for the answer to the repeat on a machine that stands still now and then; what never answers keeps the suite for so long. */
const GIVES_UP_SOON: JsonObject = { timeout_seconds: 15 };
const SAYS_SO: JsonObject = {
  success: [
    { status: '201', path: 'id', exists: true },
    { path: 'success', equals: true },
  ],
};
const A_RESULT_EACH: JsonObject = {
  success: [
    { status: '201', path: 'id', exists: true },
    { status: '207', path: 'results.0.success', equals: true },
  ],
};
const KNOWS_ITS_OWN: JsonObject = { duplicate: [{ status: '409', ours_path: 'external_id', record_id_path: 'id' }] };

/** With a retry base of 50 ms a Retry-After holds for 6 s at most (120 gaps). */
export const RETRY_BASE_SECONDS = 0.05;
const CAP_SECONDS = 6;

/** Every fault that one lead can meet at a CRM that answers over http. */
export const FAULTS_OF_CRMS: readonly FaultOfCrm[] = [
  ...['500', '502', '503', '504'].map((mode) => ({
    fault: 'F47',
    name: `s${mode}`,
    plan: once(mode),
    plain: repeated({ sent_state: 'answered', status_code: Number(mode), error_message: `Server error: ${mode}` }),
  })),
  {
    fault: 'F47',
    name: 'burst',
    plan: { mode: '500', times: 4 },
    plain: repeated({ error_message: 'Server error: 500' }, { requests: 5 }),
  },
  {
    fault: 'F47',
    name: 'always500',
    plan: { mode: '500' },
    plain: {
      end: { status: 'PERMANENTLY_FAILED', last_error: 'Max retries exhausted: Server error: 500' },
      requests: 6,
      effects: 0,
    },
  },
  {
    fault: 'F48',
    name: 'seconds',
    plan: once('429', { retryAfter: 1 }),
    plain: repeated({ error_message: 'Client error: 429', retry_after_seconds: 1 }, { gap: [1] }),
  },
  {
    fault: 'F48',
    name: 'date',
    plan: once('503', { retryAfter: 'date:2' }),
    plain: repeated({ error_message: 'Server error: 503' }, { gap: [2] }),
  },
  ...(
    [
      ['garbage', 'soon'],
      ['negative', '-5'],
      ['exponent', '1e9'],
    ] as const
  ).map(([name, retryAfter]) => ({
    fault: 'F48',
    name,
    plan: once('429', { retryAfter }),
    plain: repeated({ retry_after_seconds: null }),
  })),
  {
    fault: 'F48',
    name: 'thirty-years',
    plan: once('429', { retryAfter: '1000000000' }),
    // Not for ever: the most it may hold is what the schedule of this gateway caps it at.
    plain: repeated({ retry_after_seconds: 1_000_000_000 }, { gap: [CAP_SECONDS, 10 * CAP_SECONDS] }),
  },
  ...['408', '425'].map((mode) => ({
    fault: 'F49',
    name: `s${mode}`,
    plan: once(mode),
    plain: repeated({ sent_state: 'answered', error_message: `Client error: ${mode}` }),
  })),
  {
    fault: 'F50',
    name: 'never',
    plan: once('timeout'),
    destination: GIVES_UP_SOON,
    plain: repeated({ sent_state: 'unknown', error_code: 'CALL_TIMEOUT', error_message: 'Timeout after 15 s' }),
  },
  {
    fault: 'F50',
    name: 'never-blind',
    plan: once('timeout'),
    destination: { ...GIVES_UP_SOON, effect: 'blind' },
    plain: {
      first: { outcome: 'held', sent_state: 'unknown' },
      end: { status: 'HELD', hold_reason: 'unknown_outcome', last_error: 'Unknown outcome: Timeout after 15 s' },
      requests: 1,
    },
  },
  { fault: 'F51', name: 'drip', plan: once('drip'), destination: GIVES_UP_SOON, plain: deliveredAtOnce() },
  {
    fault: 'F52',
    name: 'reset',
    plan: once('reset'),
    plain: repeated({ sent_state: 'unknown', error_code: 'ECONNRESET', error_message: 'Connection lost' }),
  },
  { fault: 'F52', name: 'hangup', plan: once('hangup'), plain: repeated({ sent_state: 'unknown', error_message: 'Connection lost' }) },
  { fault: 'F53', name: 'broken', plan: once('broken'), plain: deliveredAtOnce() },
  {
    fault: 'F54',
    name: 'says-no',
    plan: once('refused'),
    destination: SAYS_SO,
    plain: repeated({ status_code: 200, decided_by: 'no_success_rule', error_message: 'Unexpected answer: 200' }),
  },
  {
    fault: 'F54',
    name: 'partial',
    plan: once('partial'),
    destination: A_RESULT_EACH,
    plain: repeated({ status_code: 207, decided_by: 'no_success_rule', error_message: 'Unexpected answer: 207' }),
  },
  { fault: 'F55', name: 'page', plan: once('html'), plain: repeated({ status_code: 200, decided_by: 'protocol:html_page' }) },
  { fault: 'F55', name: 'empty', plan: once('empty'), plain: repeated({ status_code: 200, decided_by: 'protocol:empty' }) },
  {
    fault: 'F55',
    name: 'half-json',
    plan: once('not_json'),
    destination: SAYS_SO,
    plain: repeated({ status_code: 200, decided_by: 'protocol:not_json' }),
  },
  ...['301', '302', '303', '307', '308', 'loop'].map((mode) => ({
    fault: 'F56',
    name: `to-${mode}`,
    plan: once(mode),
    plain: failed(mode === 'loop' ? 302 : Number(mode)),
  })),
  { fault: 'F59', name: 'huge', plan: once('huge'), plain: deliveredAtOnce() },
  { fault: 'F59', name: 'bomb', plan: once('gzip_bomb'), plain: deliveredAtOnce() },
  {
    fault: 'F60',
    name: 'headers',
    plan: once('big_header'),
    plain: repeated({ sent_state: 'unknown', error_message: 'Answer with too large headers' }),
  },
  { fault: 'F60', name: 'no-http', plan: once('garbage'), plain: repeated({ sent_state: 'unknown', error_message: 'Answer is not HTTP' }) },
  ...['401', '403'].map((mode) => ({
    fault: 'F61',
    name: `s${mode}`,
    plan: once(mode),
    plain: failed(Number(mode)),
    standard: waitsWithItsDestination(Number(mode)),
  })),
  ...['404', '410'].map((mode) => ({ fault: 'F62', name: `s${mode}`, plan: once(mode), plain: failed(Number(mode)) })),
  {
    fault: 'F63',
    name: 'known',
    plan: { mode: 'exists' },
    destination: KNOWS_ITS_OWN,
    plain: deliveredAtOnce({ status_code: 409, decided_by: 'duplicate[0]' }),
  },
  { fault: 'F63', name: 'anothers', plan: { mode: 'exists_other' }, destination: KNOWS_ITS_OWN, plain: failed(409) },
  { fault: 'F65', name: 'flapping', plan: { mode: 'flap' }, plain: repeated({ error_message: 'Server error: 500' }) },
];
