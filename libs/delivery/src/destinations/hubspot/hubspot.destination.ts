import type { DestinationConfig } from '#core';
import { isHeaderText, type OutboundHttp } from '#platform';
import type { Destination, DestinationAnswer, DestinationCall, DestinationKind } from '../../destination.port.js';
import { Batches, type BatchedCall, type BatchLimits } from '../in-batches/batches.js';
import { objectIn } from '../in-batches/read-json.js';
import { sendInHalves, type BatchOutcome } from '../in-batches/send-in-halves.js';
import { baseOf } from '../over-http/base-address.js';
import { callShowing } from '../over-http/call-showing.js';
import { openCredentials } from '../over-http/credentials.js';
import type { Credentials } from '../over-http/proof.js';
import { notSent } from '../over-http/read-http-answer.js';
import { HUBSPOT_FIELDS } from './hubspot-fields.js';
import { readHubSpotAnswer, type SentContact } from './read-hubspot-answer.js';

/** HubSpot: "limited to 100 records per request." */
const MAX_CONTACTS = 100;
const MAX_BYTES = 1024 * 1024;
const IN_FLIGHT = 2;
/** Submission to last byte, of all calls that a contact needs. */
const TIMEOUT_SECONDS = 30;
/** A contact comes back with all of its standard properties, one or two KiB. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const PATH = '/crm/v3/objects/contacts/batch/upsert';

/**
 * Creates or updates contacts by their e-mail address, a hundred in one call (HubSpot API reference, "Upsert a batch of contacts"). The
 * mapping makes the contact's properties: `email`, `firstname`, … A contact that was there already is a duplicate hint on its attempt.
 */
export function hubspotDestination(http: OutboundHttp): DestinationKind {
  return {
    kind: 'hubspot',
    label: 'HubSpot',
    help: 'Creates or updates a contact for every lead, found by its e-mail address.',
    takes: { authentication: ['bearer'], answers: ['standard'], effect: ['upsert'], members: ['timeout_seconds'] },
    fields: HUBSPOT_FIELDS,
    requiredTargets: ['email'],
    concurrency: MAX_CONTACTS * IN_FLIGHT,
    recordUrl: ({ options }) =>
      typeof options?.['portal_id'] === 'string'
        ? `https://app.hubspot.com/contacts/${options['portal_id']}/record/0-1/{record_id}`
        : undefined,
    open: (config) => new HubSpot(http, config),
  };
}

interface Contact extends BatchedCall, SentContact {}

class HubSpot implements Destination {
  private readonly origin: string;
  private readonly path: string;
  private readonly credentials: Credentials;
  private readonly batches: Batches<Contact>;

  constructor(
    private readonly http: OutboundHttp,
    config: DestinationConfig,
  ) {
    const base = baseOf(config.url);
    this.origin = base.origin;
    this.path = base.path + PATH;
    const timeoutMs = (config.timeout_seconds ?? TIMEOUT_SECONDS) * 1000;
    this.credentials = openCredentials(config.authentication, http, timeoutMs);
    this.batches = new Batches({
      maxCalls: MAX_CONTACTS,
      maxBytes: MAX_BYTES,
      inFlight: IN_FLIGHT,
      timeoutMs,
      send: (contacts, limits) => this.sendAll(contacts, limits),
    });
  }

  send(call: DestinationCall): Promise<DestinationAnswer> {
    const contact = contactOf(call);
    return contact === null ? Promise.resolve(NO_EMAIL) : this.batches.submit(contact);
  }

  private sendAll(contacts: readonly Contact[], { timeoutMs, signal }: BatchLimits): Promise<DestinationAnswer[]> {
    const began = performance.now();
    const left = (): number => timeoutMs - (performance.now() - began);
    return sendInHalves(
      contacts,
      (group) => this.upsert(group, { timeoutMs: Math.max(1, Math.ceil(left())), signal }),
      () => left() > timeoutMs / 4,
    );
  }

  private async upsert(contacts: readonly Contact[], { timeoutMs, signal }: BatchLimits): Promise<BatchOutcome> {
    const { call: first } = contacts[0] as Contact;
    const body = `{"inputs":[${contacts.map(inputOf).join(',')}]}`;
    // A call for several has no one trace.
    const traceparent = contacts.length === 1 ? first.traceparent : null;
    const outcome = await callShowing(this.credentials, { ...first, payload: body, signal }, timeoutMs, (proof, callMs) =>
      this.http.post({
        origin: this.origin,
        path: this.path,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...proof.headers,
          ...(traceparent !== null && isHeaderText(traceparent) ? { traceparent } : {}),
        },
        body,
        timeoutMs: callMs,
        keepConnection: true,
        maxAnswerBytes: MAX_ANSWER_BYTES,
        signal,
      }),
    );
    return readHubSpotAnswer(outcome, contacts);
  }
}

/** null: there is nothing to find the contact by. */
function contactOf(call: DestinationCall): Contact | null {
  const properties = objectIn(call);
  const email = properties?.['email'];
  if (properties === null || typeof email !== 'string' || email.trim() === '') return null;
  const { idempotencyKey: traceId, attemptNo, payload } = call;
  const found = email.trim().toLowerCase();
  return { call, key: found, bytes: payload.length + 256, traceId, email: found, attemptNo, properties: Object.keys(properties) };
}

/** The payload as it is: every attempt sends the bytes that were stored. */
function inputOf({ email, traceId, call }: Contact): string {
  return `{"idProperty":"email","id":${JSON.stringify(email)},"objectWriteTraceId":${JSON.stringify(traceId)},"properties":${call.payload}}`;
}

/** The check of the configuration has the mapping ask for an e-mail address; this is for payloads from before it did. */
const NO_EMAIL = notSent('NO_EMAIL', 'The payload has no e-mail address to find the contact by; reprocess the lead', 'payload');
