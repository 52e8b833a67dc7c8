import { answers, ScriptedCrm, type ReceivedRequest } from './scripted-crm.js';
import type { Said } from './fake-hubspot.js';

interface SentRecord {
  readonly attributes: { readonly type: string };
  readonly [field: string]: unknown;
}

const PATH = /^\/services\/data\/v\d+\.0\/composite\/sobjects\/(\w+)\/(\w+)$/;

/**
 * Salesforce's upsert of a collection of records as its REST API Developer Guide describes it ("Upsert Records Using sObject Collections",
 * "Status Codes and Error Responses"), with the token address of its client credentials flow.
 */
export class FakeSalesforce {
  /** By external id, in small letters. */
  readonly records = new Map<string, { id: string; fields: Readonly<Record<string, unknown>> }>();
  /** External ids in the order in which they took effect. */
  readonly written: string[] = [];
  /** E-mail addresses that a rule of the organisation refuses, and with what. */
  readonly refused = new Map<string, object>();
  /** What is refused, is so with the whole call. */
  refusesTogether = false;
  private token = 1;

  private constructor(
    readonly crm: ScriptedCrm,
    readonly tokens: ScriptedCrm,
  ) {
    crm.always((socket, request) => {
      const { status, body } = this.say(request);
      answers.status(status, { body: JSON.stringify(body) })(socket, request);
    });
    tokens.always((socket, request) => {
      const body = { access_token: this.accessToken, instance_url: this.url, token_type: 'Bearer', issued_at: '1795348800000' };
      answers.status(200, { body: JSON.stringify(body) })(socket, request);
    });
  }

  static async start(): Promise<FakeSalesforce> {
    return new FakeSalesforce(...(await Promise.all([ScriptedCrm.start(), ScriptedCrm.start()])));
  }

  get url(): string {
    return `http://127.0.0.1:${this.crm.port}`;
  }

  get tokenUrl(): string {
    return `http://127.0.0.1:${this.tokens.port}/services/oauth2/token`;
  }

  get accessToken(): string {
    return `geheim-access-token-${this.token}`;
  }

  /** The session is over: only a new token is let in. */
  endSession(): void {
    this.token += 1;
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.crm.close(), this.tokens.close()]);
  }

  sent(): SentRecord[][] {
    return this.crm.requests.map(({ body }) => (JSON.parse(body) as { records: SentRecord[] }).records);
  }

  say(request: ReceivedRequest): Said {
    if (request.headers['authorization'] !== `Bearer ${this.accessToken}`) return refusal(401, 'INVALID_SESSION_ID');
    const [, object, field = ''] = PATH.exec(request.path) ?? [];
    if (request.method !== 'PATCH' || object === undefined) return refusal(404, 'NOT_FOUND');
    const { allOrNone, records } = JSON.parse(request.body) as { allOrNone: boolean; records: SentRecord[] };
    if (records.length > 200 || allOrNone) return refusal(400, 'INVALID_INPUT');
    if (records.some((record) => record.attributes.type !== object || 'id' in record)) return refusal(400, 'INVALID_INPUT');
    const bad = records.find((record) => this.refused.has(emailOf(record)));
    if (bad !== undefined && this.refusesTogether) return refusal(400, 'JSON_PARSER_ERROR', emailOf(bad));
    return { status: 200, body: records.map((record) => this.upsert(record, field)) };
  }

  private upsert(record: SentRecord, field: string): object {
    const refusedWith = this.refused.get(emailOf(record));
    if (refusedWith !== undefined) return { success: false, errors: [refusedWith] };
    const externalId = String(record[field]).toLowerCase();
    const known = this.records.get(externalId);
    const id = known?.id ?? `00Q5g00000${`${this.records.size}`.padStart(5, '0')}AAA`;
    this.records.set(externalId, { id, fields: { ...known?.fields, ...record } });
    this.written.push(externalId);
    return { id, success: true, errors: [], created: known === undefined };
  }
}

const emailOf = (record: SentRecord): string => String(record['Email']).toLowerCase();

function refusal(status: number, errorCode: string, about = 'this call'): Said {
  return { status, body: [{ message: `Something is wrong with ${about}`, errorCode }] };
}
