import { isJsonObject, type AnswerMeaning, type JsonObject, type JsonValue } from '#core';
import { codeIn } from '../in-batches/read-json.js';

/** What Salesforce says went wrong, of a whole call or of one record. */
export interface SalesforceError {
  /** `SALESFORCE_<code>`. */
  readonly errorCode: string;
  readonly meaning: AnswerMeaning;
  /** null: it names no time. */
  readonly retryAfterSeconds: number | null;
  /** A duplicate rule or a unique field keeps the record out: there is one like it. */
  readonly duplicate: boolean;
  /** The record that is there already, where the error names it. */
  readonly existingId: string | null;
  /** Codes, API names of fields and record ids, for people. */
  readonly excerpt: JsonObject;
}

const DUPLICATE = ['DUPLICATES_DETECTED', 'DUPLICATE_VALUE'];
const REFUSES_US = ['INVALID_SESSION_ID', 'INVALID_AUTH_HEADER', 'API_DISABLED_FOR_ORG', 'API_CURRENTLY_DISABLED', 'INSUFFICIENT_ACCESS'];
const PASSES = [
  'UNABLE_TO_LOCK_ROW',
  'SERVER_UNAVAILABLE',
  'REQUEST_LIMIT_EXCEEDED',
  'REQUEST_RUNNING_TOO_LONG',
  'CONCURRENT_REQUEST_LIMIT_EXCEEDED',
  'QUERY_TIMEOUT',
  'STORAGE_LIMIT_EXCEEDED',
  'PROCESSING_HALTED',
  'UNKNOWN_EXCEPTION',
];
/** Requests are counted over the last 24 hours, so some become free every minute. */
const LIMIT_SECONDS = 900;

/**
 * What Salesforce's errors mean (REST API Developer Guide, "Status Codes and Error Responses" and "Upsert Records Using sObject
 * Collections"; SOAP API Developer Guide, "Core Data Types Used in API Calls", StatusCode). A whole call answers `[{errorCode, message}]`,
 * a record `{success: false, errors: [{statusCode, message, fields}]}`.
 *
 * | code                                                                     | meaning                                             |
 * |--------------------------------------------------------------------------|-----------------------------------------------------|
 * | UNABLE_TO_LOCK_ROW, SERVER_UNAVAILABLE, …                                | retry: it passes                                    |
 * | REQUEST_LIMIT_EXCEEDED                                                   | retry, a quarter of an hour later                   |
 * | INVALID_SESSION_ID, API_DISABLED_FOR_ORG, …                              | refuses us                                          |
 * | DUPLICATE_VALUE of the external id                                       | retry: our own call made it, the next one finds it  |
 * | DUPLICATES_DETECTED, DUPLICATE_VALUE of another field                    | a duplicate: refused, unless that counts as success |
 * | REQUIRED_FIELD_MISSING, FIELD_CUSTOM_VALIDATION_EXCEPTION, any other one | refused: this record as it is                       |
 *
 * Messages are never repeated: they quote what was sent. Of a record with several errors the first that is no retry counts.
 * @param errors the answer of a call, or `errors` of a record
 * @param externalIdField API name of the field that records are found by
 * @returns null when there is no code in it
 */
export function classifySalesforceError(errors: JsonValue | undefined, externalIdField: string): SalesforceError | null {
  const found = (Array.isArray(errors) ? errors : [])
    .filter(isJsonObject)
    .map((error) => ({ error, code: codeIn(error['statusCode']) ?? codeIn(error['errorCode']) }))
    .filter((one): one is { error: JsonObject; code: string } => one.code !== null);
  const passes = ({ code, error }: { code: string; error: JsonObject }): boolean =>
    PASSES.includes(code) || (code === 'DUPLICATE_VALUE' && isDuplicateOf(externalIdField, error['message']));
  const [telling] = [...found.filter((one) => !passes(one)), ...found];
  if (telling === undefined) return null;
  const { error, code } = telling;
  const fields = fieldsIn(error['fields']);
  const existingId = existingIdIn(error);
  const codes = [...new Set(found.map((one) => one.code))];
  return {
    errorCode: `SALESFORCE_${code}`,
    meaning: {
      kind: passes(telling) ? 'retry' : REFUSES_US.includes(code) ? 'refuses_us' : 'refused',
      cause: `Salesforce: ${codes.join(', ')}${fields.length === 0 ? '' : ` (${fields.join(', ')})`}`,
    },
    retryAfterSeconds: code === 'REQUEST_LIMIT_EXCEEDED' ? LIMIT_SECONDS : null,
    duplicate: DUPLICATE.includes(code) && !passes(telling),
    existingId,
    excerpt: { errors: codes, ...(fields.length === 0 ? {} : { fields }), ...(existingId === null ? {} : { existing: existingId }) },
  };
}

/** `duplicate value found: Leadgate_Id__c duplicates value on record with id: …`: two calls for one lead met over there. */
function isDuplicateOf(field: string, message: JsonValue | undefined): boolean {
  const named = typeof message === 'string' ? /^duplicate value found: (\w+) duplicates value/.exec(message)?.[1] : undefined;
  return named?.toLowerCase() === field.toLowerCase();
}

/** API names, which are words of a configuration and not of a person. */
function fieldsIn(fields: JsonValue | undefined): string[] {
  const names = Array.isArray(fields) ? fields : [];
  return names
    .filter((name) => typeof name === 'string')
    .filter((name) => /^[A-Za-z][A-Za-z0-9_]{0,79}$/.test(name))
    .slice(0, 10);
}

/** `duplicateResult.matchResults[].matchRecords[].record.Id`; the REST API has long spelled it `duplicateResut`. */
function existingIdIn(error: JsonObject): string | null {
  const result = error['duplicateResult'] ?? error['duplicateResut'];
  for (const match of listAt(result, 'matchResults')) {
    for (const found of listAt(match, 'matchRecords')) {
      const record = isJsonObject(found) ? found['record'] : undefined;
      const id = isJsonObject(record) ? recordIdIn(record['Id']) : null;
      if (id !== null) return id;
    }
  }
  return null;
}

const listAt = (holder: JsonValue | undefined, member: string): JsonValue[] => {
  const list = isJsonObject(holder) ? holder[member] : undefined;
  return Array.isArray(list) ? list : [];
};

/** Fifteen letters and digits, or eighteen. */
export function recordIdIn(value: JsonValue | undefined): string | null {
  return typeof value === 'string' && /^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/.test(value) ? value : null;
}
