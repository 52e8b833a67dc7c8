/**
 * The one list of where data of persons may be: everything that redacts, erases, expires or searches reads it, and a canary test fails
 * when a person's e-mail, phone, name or body turns up in a column or file that is not here. A new column for such data begins with a
 * line here.
 */

/**
 * - `value`: what a person or a form said, as it is or normalised, or what a CRM said about it.
 * - `fingerprint`: a hash made from it. Nothing can be read in it, but it still tells whether two leads are the same person.
 */
export type PersonalDataKind = 'value' | 'fingerprint';

/** Table → column → what it may hold. */
export const PERSONAL_COLUMNS = {
  inbound_requests: {
    body: 'value',
    body_text: 'value',
    headers: 'value',
    query: 'value',
    remote_address: 'value',
    body_sha256: 'fingerprint',
  },
  leads: {
    native_id: 'value',
    payload: 'value',
    normalized_payload: 'value',
    email_fingerprint: 'fingerprint',
    phone_fingerprint: 'fingerprint',
    sender_key_sha256: 'fingerprint',
  },
  idempotency_records: {
    body_fingerprint: 'fingerprint',
  },
  identity_claims: {
    fingerprint: 'fingerprint',
  },
  feedback_events: {
    crm_record_id: 'value',
  },
  crm_leads: {
    click_id: 'value',
    country: 'value',
    creo: 'value',
    description: 'value',
    domain: 'value',
    email: 'value',
    first_name: 'value',
    ip: 'value',
    lang: 'value',
    last_name: 'value',
    marker: 'value',
    offer: 'value',
    phone: 'value',
    sourcetype: 'value',
  },
  deliveries: {
    payload: 'value',
    crm_record_id: 'value',
  },
  delivery_attempts: {
    response_excerpt: 'value',
  },
  what_if_claims: {
    fingerprint: 'fingerprint',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, PersonalDataKind>>>>;

/** Files and folders in the data directory, relative to it. */
export const PERSONAL_FILES = {
  /** The tables' own files. */
  postgres: 'the embedded database',
  /** What the demo CRM was sent, one request per line. */
  'demo-crm.ndjson': 'the ledger of the demo CRM',
  /** Of destinations of the kind file: theirs who collect them, as soon as they have their name. LEADGATE_FILE_DROP_DIR may name another place. */
  drop: 'files of leads that wait to be collected',
} as const satisfies Readonly<Record<string, string>>;

/** May this column hold data of a person, as a value or as a fingerprint? */
export function mayHoldPersonalData(table: string, column: string): boolean {
  const columns: Readonly<Record<string, Readonly<Record<string, PersonalDataKind>>>> = PERSONAL_COLUMNS;
  return Object.hasOwn(columns, table) && Object.hasOwn(columns[table] ?? {}, column);
}
