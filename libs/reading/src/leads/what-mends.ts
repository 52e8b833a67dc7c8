import { FAILURE_CLASSES, type DestinationAuthenticationKind, type FailureClass, PAUSE_REASONS, type PauseReason } from '#core';
import type { AttemptRecord, DeliveryRecord } from './lead-record.js';

export type MendingDelivery = Pick<DeliveryRecord, 'purpose' | 'destination' | 'status' | 'failureClass' | 'supersededAt' | 'waitsFor'> & {
  /** In order of number. */
  readonly attempts: readonly Pick<AttemptRecord, 'statusCode' | 'errorCode'>[];
};

/** How we prove to a destination who we are, by its name; null: it is not in the active configuration; undefined: that is not known. */
export type SettingsOf = (destination: string) => DestinationAuthenticationKind | null | undefined;

/** The members of `authentication` that hold what a destination may refuse. */
const CREDENTIALS: Readonly<Record<DestinationAuthenticationKind, string>> = {
  none: 'its `authentication` is `none`: give it one',
  bearer: 'correct what its `authentication.token` refers to (CUSTOMER_TOKEN for the demo tenant)',
  basic: 'correct its `authentication.username` and what `authentication.password` refers to',
  api_key: 'correct what its `authentication.key` refers to, or the name in `authentication.header`',
  oauth2_client_credentials: 'correct its `authentication.client_id`, what `authentication.client_secret` refers to, or the `scope`',
  standard_webhooks: 'correct what its `authentication.secret` refers to',
};
const OR_ELSE = 'or have the CRM let us in (a variable is read when a gateway starts)';

export const EXHAUSTED = 'Every attempt of the schedule failed (`last_error`). Once the CRM is well, replay it with `redeliver`.';

/** Why a lead is held for the sake of one of its deliveries. */
export const HELD_FOR = {
  unknown_outcome:
    'A call ended without an answer, and this destination would take a repetition for a second lead. Look it up in the CRM: if it is not there, replay it with `redeliver`; if it is, leave it.',
  destination_refuses_us: 'The CRM refused our credentials. Mend them, then replay it with `redeliver`.',
} as const;

const BY_FAILURE_CLASS: Readonly<Record<FailureClass, string>> = {
  refused:
    "The CRM said no to this lead (`last_error`). Mend the CRM's rules, then replay it with `redeliver`; or our rules or mapping, then `reprocess`.",
  exhausted: EXHAUSTED,
  misconfigured:
    'The destination cannot be called as it is configured (`last_error`). Mend its configuration, then replay it with `redeliver`.',
  gone: 'The destination is no more (410). Give it another `url`, then replay it with `redeliver`.',
  missing_field:
    'A field that the destination requires was missing, so nothing was sent. Mend mapping or rules, then replay it with `reprocess`.',
  protocol_error:
    'The CRM answered with something that is no answer. Mend the CRM or the outcome rules of the destination, then replay it with `redeliver`.',
  internal: 'A fault of ours. Report it; after an update replay it with `redeliver`.',
};

const BY_PAUSE: Readonly<Record<Exclude<PauseReason, 'destination_refuses_us'>, string>> = {
  gone: 'Its destination is paused: it is no more (410). Give it another `url`; then it goes on by itself.',
  misconfigured: 'Its destination is paused: nobody is at its address (404 or a redirect). Correct its `url`; then it goes on by itself.',
  by_hand: 'Somebody paused its destination. It goes on after `leadgate destinations resume`.',
};

/** Nothing is sent, and no attempt is used up, until it is there again. */
const NOT_CONFIGURED =
  "Its destination is not in the active configuration: it was removed or renamed. Put it back under this name into the tenant's file; then it goes on by itself.";

/** What a person can do about one delivery; null: nothing, or nothing is needed. Codes and names of settings only. */
export function whatMends(delivery: MendingDelivery, settingsOf: SettingsOf): string | null {
  const { purpose, destination, status, failureClass, supersededAt, waitsFor } = delivery;
  if (purpose !== 'deliver' || supersededAt !== null) return null;
  const authentication = settingsOf(destination);
  if (authentication === null && waitsFor !== null && waitsFor.what !== 'person') return NOT_CONFIGURED;
  if (status === 'PERMANENTLY_FAILED') {
    const known = FAILURE_CLASSES.find((one) => one === failureClass) ?? 'exhausted';
    if (known !== 'misconfigured') return BY_FAILURE_CLASS[known];
    return misconfigured(delivery, authentication);
  }
  if (waitsFor?.what === 'person') {
    if (waitsFor.reason === 'destination_refuses_us') return `${refusesUs(null, authentication)}; then replay it with \`redeliver\`.`;
    return waitsFor.reason === 'unknown_outcome' ? HELD_FOR.unknown_outcome : null;
  }
  if (waitsFor?.what !== 'resume') return null;
  const reason = PAUSE_REASONS.find((one) => one === waitsFor.reason) ?? 'by_hand';
  if (reason !== 'destination_refuses_us') return BY_PAUSE[reason];
  return `Its destination is paused. ${refusesUs(null, authentication)}; then \`leadgate destinations resume\`.`;
}

/** By what its last call met. */
function misconfigured({ attempts }: MendingDelivery, authentication: DestinationAuthenticationKind | null | undefined): string {
  const { statusCode = null, errorCode = null } = attempts.at(-1) ?? {};
  const then = 'then replay it with `redeliver`.';
  if (statusCode === 401 || statusCode === 403 || statusCode === 407) return `${refusesUs(statusCode, authentication)}; ${then}`;
  if (statusCode === 404) return `Nothing is at the address of the destination (404). Correct its \`url\` in the tenant's file, ${then}`;
  if (statusCode !== null && statusCode >= 300 && statusCode < 400)
    return `The destination redirects (${statusCode}), and redirects are not followed. Set its \`url\` to where it leads, ${then}`;
  if (errorCode === 'ADDRESS_NOT_ALLOWED')
    return `The address of the destination may not be called. Correct its \`url\`, or allow it with LEADGATE_ALLOWED_PRIVATE_ADDRESSES, ${then}`;
  if (errorCode === 'HEADER_NOT_ALLOWED')
    return `A credential of the destination cannot stand in a header. ${sentence(howToMend(authentication))}, ${then}`;
  return BY_FAILURE_CLASS.misconfigured;
}

function refusesUs(statusCode: number | null, authentication: DestinationAuthenticationKind | null | undefined): string {
  const status = statusCode === null ? '' : ` (${statusCode})`;
  return `The CRM refused our credentials${status}, not the lead. ${sentence(howToMend(authentication))}, ${OR_ELSE}`;
}

function howToMend(authentication: DestinationAuthenticationKind | null | undefined): string {
  return authentication == null ? 'correct its `authentication`' : CREDENTIALS[authentication];
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
