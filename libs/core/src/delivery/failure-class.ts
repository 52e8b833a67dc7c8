/**
 * Why a delivery failed for good; what dead letters are filtered by.
 * - `refused`: the destination said no to this lead (a 4xx, or a rule of its own).
 * - `exhausted`: every attempt of the schedule failed.
 * - `misconfigured`: the address or the account is wrong: 404, a redirect, an address that may not be called.
 * - `gone`: 410, the destination is no more.
 * - `missing_field`: what would be sent lacks what the destination needs, because the mapping found no value for a required field or was
 *   another one when the lead was decided; nothing was sent.
 * - `protocol_error`: it answers with something that is no answer of the kind that was agreed on.
 * - `internal`: a fault of ours.
 */
export const FAILURE_CLASSES = ['refused', 'exhausted', 'misconfigured', 'gone', 'missing_field', 'protocol_error', 'internal'] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];
