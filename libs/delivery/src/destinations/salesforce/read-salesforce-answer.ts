import { isJsonObject, type JsonObject, type JsonValue } from '#core';
import type { CallOutcome } from '#platform';
import type { DestinationAnswer } from '../../destination.port.js';
import { answerOf, jsonIn, noResult, protocolError, type Answered } from '../in-batches/read-json.js';
import type { BatchOutcome } from '../in-batches/send-in-halves.js';
import { readNoAnswer } from '../over-http/read-http-answer.js';
import { classifySalesforceError, recordIdIn } from './classify-salesforce-error.js';

/** A record in a call. */
export interface SentRecord {
  /** From 1: a record that is there in a later attempt is our own work. */
  readonly attemptNo: number;
}

export interface SalesforceRules {
  /** API name of the field that records are found by. */
  readonly externalIdField: string;
  /** A record that a duplicate rule keeps out counts as delivered. */
  readonly duplicatesAreDelivered: boolean;
}

/** A call is refused as a whole for the sake of one record: a field that is none, a value of another type, a size. */
const ONE_OF_THEM = [400, 413, 422];

/**
 * Reads the answer to an upsert of a collection: 200 and a list of `{id, success, created, errors}` "in the same order" as the records
 * (REST API Developer Guide, "Upsert Records Using sObject Collections"). A result does not name its record, so a list of another length
 * says nothing of anybody.
 */
export function readSalesforceAnswer(outcome: CallOutcome, sent: readonly SentRecord[], rules: SalesforceRules): BatchOutcome {
  if (outcome.kind !== 'answered') return { kind: 'all', answer: readNoAnswer(outcome) };
  const { statusCode } = outcome;
  const said = jsonIn(outcome);
  if (statusCode >= 200 && statusCode < 300) {
    if (said === undefined) return { kind: 'all', answer: protocolError(outcome) };
    if (!Array.isArray(said) || said.length !== sent.length) return { kind: 'all', answer: noResult(outcome) };
    const answers = sent.map((record, index) => readRecord(outcome, said[index], record, rules));
    return { kind: 'each', answers };
  }
  const error = classifySalesforceError(said, rules.externalIdField);
  const answer = answerOf(outcome, {
    success: false,
    errorCode: error?.errorCode ?? null,
    decidedBy: null,
    retryAfterSeconds: error?.retryAfterSeconds ?? null,
    // A code of the whole call says more than its status only where it says something else: 403 may be a limit.
    meaning: error === null || !saysMore(statusCode, error.meaning.kind) ? undefined : error.meaning,
    ...(error === null ? {} : { excerpt: error.excerpt }),
  });
  return ONE_OF_THEM.includes(statusCode) ? { kind: 'refused_together', answer } : { kind: 'all', answer };
}

/** 5xx and 429 pass whatever code comes with them, and 404 is an address or a name that is wrong. */
function saysMore(statusCode: number, kind: 'retry' | 'refuses_us' | 'refused'): boolean {
  return kind !== 'refused' || ONE_OF_THEM.includes(statusCode);
}

function readRecord(
  answered: Answered,
  result: JsonValue | undefined,
  { attemptNo }: SentRecord,
  { duplicatesAreDelivered, externalIdField }: SalesforceRules,
): DestinationAnswer {
  if (!isJsonObject(result)) return noResult(answered);
  if (result['success'] === true) return readTaken(answered, result, attemptNo);
  const error = result['success'] === false ? classifySalesforceError(result['errors'], externalIdField) : null;
  if (error === null) return noResult(answered);
  const delivered = error.duplicate && duplicatesAreDelivered;
  return answerOf(answered, {
    success: delivered,
    errorCode: delivered ? null : error.errorCode,
    decidedBy: error.duplicate ? 'salesforce:duplicate' : 'salesforce:error',
    recordId: delivered ? error.existingId : null,
    // A limit is one of the whole organisation, also where a single record tells of it.
    meaning: delivered ? undefined : { ...error.meaning, ofThisLead: error.retryAfterSeconds === null },
    retryAfterSeconds: error.retryAfterSeconds,
    excerpt: error.excerpt,
  });
}

function readTaken(answered: Answered, result: JsonObject, attemptNo: number): DestinationAnswer {
  const id = recordIdIn(result['id']);
  if (id === null) return noResult(answered);
  const { created } = result;
  const there = attemptNo === 1 ? 'existing' : 'existing_on_retry';
  return answerOf(answered, {
    success: true,
    errorCode: null,
    decidedBy: `salesforce:${typeof created !== 'boolean' ? 'written' : created ? 'created' : there}`,
    recordId: id,
    excerpt: { id, ...(typeof created === 'boolean' ? { created } : {}) },
  });
}
