import type { DestinationConfig, JsonValue } from '#core';
import { isHeaderText, type CallOutcome, type OutboundHttp } from '#platform';
import type { Destination, DestinationAnswer, DestinationCall, DestinationKind } from '../../destination.port.js';
import { Batches, type BatchedCall, type BatchLimits } from '../in-batches/batches.js';
import { objectIn } from '../in-batches/read-json.js';
import { sendInHalves, type BatchOutcome } from '../in-batches/send-in-halves.js';
import { baseAddressProblem, baseOf } from '../over-http/base-address.js';
import { callShowing } from '../over-http/call-showing.js';
import { openCredentials } from '../over-http/credentials.js';
import type { Credentials, Proof } from '../over-http/proof.js';
import { notSent } from '../over-http/read-http-answer.js';
import { readSalesforceAnswer, type SentRecord } from './read-salesforce-answer.js';
import { SALESFORCE_FIELDS } from './salesforce-fields.js';

/** "The list can contain up to 200 objects." */
const MAX_RECORDS = 200;
const MAX_BYTES = 2 * 1024 * 1024;
const IN_FLIGHT = 2;
/** Submission to last byte, of all calls that a record needs. */
const TIMEOUT_SECONDS = 30;
const MAX_ANSWER_BYTES = 1024 * 1024;
const API_VERSION = '62.0';

/**
 * Creates or updates records by an external id, two hundred in one call (REST API Developer Guide, "Upsert Records Using sObject
 * Collections", and "Duplicate Rule Header").
 *
 * The external id is the id of the lead: one lead is one record, however often it is sent again and whatever a later mapping makes of it,
 * and both sides can be searched for it. A mapping that fills the external id field itself wins: its value then says what is one record.
 */
export function salesforceDestination(http: OutboundHttp): DestinationKind {
  return {
    kind: 'salesforce',
    label: 'Salesforce',
    help: 'Creates or updates a record for every lead, found by an external id.',
    takes: {
      authentication: ['oauth2_client_credentials', 'bearer'],
      answers: ['standard'],
      effect: ['upsert'],
      members: ['timeout_seconds'],
    },
    fields: SALESFORCE_FIELDS,
    concurrency: MAX_RECORDS * IN_FLIGHT,
    recordUrl: ({ url, options }) =>
      options?.['instance'] === 'from_token' || !URL.canParse(url) ? undefined : `${baseOf(url).origin}/{record_id}`,
    open: (config) => new Salesforce(http, config),
  };
}

interface SalesforceRecord extends BatchedCall, SentRecord {
  /** As it is sent. */
  readonly text: string;
}

class Salesforce implements Destination {
  private readonly path: string;
  private readonly duplicateRule: string;
  private readonly credentials: Credentials;
  private readonly batches: Batches<SalesforceRecord>;
  private readonly object: string;
  private readonly externalIdField: string;

  constructor(
    private readonly http: OutboundHttp,
    private readonly config: DestinationConfig,
  ) {
    const option = (name: string): string | undefined => textIn(config.options?.[name]);
    this.object = option('object') ?? 'Lead';
    this.externalIdField = option('external_id_field') ?? '';
    this.path = `/services/data/v${option('api_version') ?? API_VERSION}/composite/sobjects/${this.object}/${this.externalIdField}`;
    const switched = (name: string): boolean => config.options?.[name] === true;
    this.duplicateRule = `allowSave=${switched('allow_save')}; includeRecordDetails=false; runAsCurrentUser=${switched('run_as_current_user')}`;
    const timeoutMs = (config.timeout_seconds ?? TIMEOUT_SECONDS) * 1000;
    this.credentials = openCredentials(config.authentication, http, timeoutMs);
    this.batches = new Batches({
      maxCalls: MAX_RECORDS,
      maxBytes: MAX_BYTES,
      inFlight: IN_FLIGHT,
      timeoutMs,
      send: (records, limits) => this.sendAll(records, limits),
    });
  }

  send(call: DestinationCall): Promise<DestinationAnswer> {
    const record = this.recordOf(call);
    return record === null ? Promise.resolve(NO_OBJECT) : this.batches.submit(record);
  }

  private sendAll(records: readonly SalesforceRecord[], { timeoutMs, signal }: BatchLimits): Promise<DestinationAnswer[]> {
    const began = performance.now();
    const left = (): number => timeoutMs - (performance.now() - began);
    return sendInHalves(
      records,
      (group) => this.upsert(group, { timeoutMs: Math.max(1, Math.ceil(left())), signal }),
      () => left() > timeoutMs / 4,
    );
  }

  private async upsert(records: readonly SalesforceRecord[], { timeoutMs, signal }: BatchLimits): Promise<BatchOutcome> {
    const { call: first } = records[0] as SalesforceRecord;
    const body = `{"allOrNone":false,"records":[${records.map(({ text }) => text).join(',')}]}`;
    // A call for several has no one trace.
    const traceparent = records.length === 1 ? first.traceparent : null;
    const outcome = await callShowing(this.credentials, { ...first, payload: body, signal }, timeoutMs, (proof, callMs) =>
      this.patch(body, proof, { timeoutMs: callMs, signal, traceparent }),
    );
    return readSalesforceAnswer(outcome, records, {
      externalIdField: this.externalIdField,
      duplicatesAreDelivered: this.config.options?.['duplicates'] === 'delivered',
    });
  }

  private patch(
    body: string,
    proof: Proof,
    { traceparent, ...limits }: BatchLimits & { traceparent: string | null },
  ): Promise<CallOutcome> {
    const base = this.baseFor(proof);
    if (base === null) return Promise.resolve(NO_INSTANCE);
    return this.http.patch({
      origin: base.origin,
      path: base.path + this.path,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'sforce-duplicate-rule-header': this.duplicateRule,
        ...proof.headers,
        ...(traceparent !== null && isHeaderText(traceparent) ? { traceparent } : {}),
      },
      body,
      keepConnection: true,
      maxAnswerBytes: MAX_ANSWER_BYTES,
      ...limits,
    });
  }

  /** null: the token came without a place where calls could go. */
  private baseFor({ instanceUrl }: Proof): { origin: string; path: string } | null {
    if (this.config.options?.['instance'] !== 'from_token') return baseOf(this.config.url);
    if (instanceUrl === undefined || baseAddressProblem(instanceUrl) !== undefined) return null;
    return this.http.rules.problemOf(instanceUrl) === undefined ? baseOf(instanceUrl) : null;
  }

  /** The payload as it is, with the record's type and its external id behind it; null: it makes no record. */
  private recordOf(call: DestinationCall): SalesforceRecord | null {
    const parsed = objectIn(call);
    if (parsed === null) return null;
    const mapped = textIn(parsed[this.externalIdField]);
    const attributes = `"attributes":{"type":${JSON.stringify(this.object)}}`;
    const externalId = mapped === undefined ? `,${JSON.stringify(this.externalIdField)}:${JSON.stringify(call.leadId)}` : '';
    const members = call.payload.slice(0, call.payload.lastIndexOf('}'));
    const text = `${members}${Object.keys(parsed).length === 0 ? '' : ','}${attributes}${externalId}}`;
    // An external id is compared without regard to capitals unless its field says otherwise.
    return { call, key: (mapped ?? call.leadId).toLowerCase(), bytes: text.length, text, attemptNo: call.attemptNo };
  }
}

function textIn(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const NO_OBJECT = notSent('NO_OBJECT', 'The payload is no JSON object, so it makes no record; reprocess the lead', 'payload');

const NO_INSTANCE: CallOutcome = {
  kind: 'not_sent',
  code: 'NO_INSTANCE',
  cause: 'The answer of the token address names no instance_url that may be called',
};
