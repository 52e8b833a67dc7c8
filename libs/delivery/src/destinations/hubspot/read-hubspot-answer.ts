import { isJsonObject, type JsonObject, type JsonValue } from '#core';
import type { CallOutcome } from '#platform';
import type { DestinationAnswer } from '../../destination.port.js';
import { answerOf, jsonIn, noResult, protocolError, type Answered } from '../in-batches/read-json.js';
import type { BatchOutcome } from '../in-batches/send-in-halves.js';
import { readNoAnswer } from '../over-http/read-http-answer.js';
import { classifyHubSpotError } from './classify-hubspot-error.js';

/** A contact in a call. */
export interface SentContact {
  /** The key of the delivery, which HubSpot repeats as `objectWriteTraceId`. */
  readonly traceId: string;
  /** In small letters, as HubSpot keeps it. */
  readonly email: string;
  /** From 1: a contact that is there in a later attempt may be our own work. */
  readonly attemptNo: number;
  /** Names of what was sent. */
  readonly properties: readonly string[];
}

/** A call is refused as a whole for the sake of one contact: a value, a size, two of one. */
const ONE_OF_THEM = [400, 409, 413, 422];

/**
 * Reads the answer to a batch upsert (HubSpot API reference, "Upsert a batch of contacts": 200 `{status, results: [{id, new, properties,
 * objectWriteTraceId}]}`; "Error handling", multi-status errors: 207 with `errors: [{category, context: {objectWriteTraceId: [id]}}]`).
 *
 * Results come in any order and fewer than were sent, so each is found by its trace id, else by its e-mail address; what is not found, or
 * found twice with two meanings, is not known.
 */
export function readHubSpotAnswer(outcome: CallOutcome, sent: readonly SentContact[]): BatchOutcome {
  if (outcome.kind !== 'answered') return { kind: 'all', answer: readNoAnswer(outcome) };
  const { statusCode } = outcome;
  const said = jsonIn(outcome);
  if (statusCode >= 200 && statusCode < 300) {
    if (!isJsonObject(said)) return { kind: 'all', answer: protocolError(outcome) };
    return { kind: 'each', answers: readContacts(outcome, said, sent) };
  }
  const error = classifyHubSpotError(statusCode, said, sent.length === 1 ? sent[0]?.properties : []);
  const answer = answerOf(outcome, {
    success: false,
    errorCode: error?.errorCode ?? null,
    decidedBy: null,
    meaning: error?.meaning,
    retryAfterSeconds: error?.retryAfterSeconds ?? null,
    ...(error === null ? {} : { excerpt: error.excerpt }),
  });
  return ONE_OF_THEM.includes(statusCode) ? { kind: 'refused_together', answer } : { kind: 'all', answer };
}

function readContacts(answered: Answered, said: JsonObject, sent: readonly SentContact[]): DestinationAnswer[] {
  const results = listIn(said['results']);
  const errors = listIn(said['errors']);
  return sent.map((contact) => {
    const taken = results.filter((result) => isOf(result, contact, sent));
    const refused = errors.filter((error) => tracesIn(error).includes(contact.traceId));
    if (new Set(taken.map(({ id }) => id)).size === 1 && refused.length === 0) return readTaken(answered, taken[0] as JsonObject, contact);
    if (taken.length === 0 && refused.length > 0) return readRefused(answered, refused[0] as JsonObject, contact);
    return noResult(answered);
  });
}

function readTaken(answered: Answered, result: JsonObject, { attemptNo }: SentContact): DestinationAnswer {
  const id = idIn(result['id']);
  if (id === null) return noResult(answered);
  const isNew = result['new'];
  const there = attemptNo === 1 ? 'existing' : 'existing_on_retry';
  return answerOf(answered, {
    success: true,
    errorCode: null,
    decidedBy: `hubspot:${typeof isNew !== 'boolean' ? 'written' : isNew ? 'created' : there}`,
    recordId: id,
    excerpt: { id, ...(typeof isNew === 'boolean' ? { new: isNew } : {}) },
  });
}

function readRefused(answered: Answered, error: JsonObject, { properties }: SentContact): DestinationAnswer {
  const said = classifyHubSpotError(null, error, properties);
  return answerOf(answered, {
    success: false,
    errorCode: said?.errorCode ?? null,
    decidedBy: 'hubspot:error',
    meaning: said?.meaning,
    retryAfterSeconds: said?.retryAfterSeconds ?? null,
    excerpt: said?.excerpt ?? {},
  });
}

function isOf(result: JsonObject, { traceId, email }: SentContact, sent: readonly SentContact[]): boolean {
  const traces = tracesIn(result);
  if (traces.length > 0) return traces.includes(traceId);
  const properties = result['properties'];
  const theirs = isJsonObject(properties) ? properties['email'] : undefined;
  if (typeof theirs === 'string') return theirs.toLowerCase() === email;
  // A result that names nothing can only be that of the only one.
  return sent.length === 1;
}

/** Of a result the id itself, of an error a list in its context. */
function tracesIn(said: JsonObject): JsonValue[] {
  const context = said['context'];
  const own = said['objectWriteTraceId'] ?? (isJsonObject(context) ? context['objectWriteTraceId'] : undefined);
  return own === undefined || own === null ? [] : [own].flat();
}

function idIn(value: JsonValue | undefined): string | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && /^[\w-]{1,64}$/.test(value) ? value : null;
}

function listIn(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
