import type { Socket } from 'node:net';
import { answers, ScriptedCrm, type Answer, type ReceivedRequest } from './scripted-crm.js';

interface Input {
  readonly id: string;
  readonly idProperty: string;
  readonly objectWriteTraceId?: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

interface Contact {
  readonly id: string;
  properties: Readonly<Record<string, unknown>>;
}

/**
 * HubSpot's batch upsert of contacts as its API reference describes it ("Upsert a batch of contacts", "Error handling"), and as integrators
 * report where it says nothing: results come back in another order and with small letters; an e-mail address twice refuses the whole call;
 * with `objectWriteTraceId` on every input a bad contact is an error of its own (207), without them, or while `refusesTogether`, of the call.
 */
export class FakeHubSpot {
  readonly contacts = new Map<string, Contact>();
  /** Trace ids in the order in which they took effect. */
  readonly written: string[] = [];
  /** E-mail addresses that HubSpot takes for none. */
  readonly invalid = new Set<string>();
  refusesTogether = false;

  private constructor(
    readonly crm: ScriptedCrm,
    private readonly token: string,
  ) {
    crm.always((socket, request) => this.answer(socket, request));
  }

  static async start(token: string): Promise<FakeHubSpot> {
    return new FakeHubSpot(await ScriptedCrm.start(), token);
  }

  get url(): string {
    return `http://127.0.0.1:${this.crm.port}`;
  }

  inputs(): Input[][] {
    return this.crm.requests.map(({ body }) => (JSON.parse(body) as { inputs: Input[] }).inputs);
  }

  /** Takes effect; the answer is somebody else's to give. */
  readonly answer = (socket: Socket, request: ReceivedRequest, change: (said: Said) => Said = (said) => said): void => {
    const { status, body } = change(this.say(request));
    answers.status(status, { body: JSON.stringify(body) })(socket, request);
  };

  say(request: ReceivedRequest): Said {
    if (request.headers['authorization'] !== `Bearer ${this.token}`)
      return refusal(401, 'INVALID_AUTHENTICATION', 'Authentication credentials not found.');
    if (request.method !== 'POST' || request.path !== '/crm/v3/objects/contacts/batch/upsert') return { status: 404, body: {} };
    const { inputs } = JSON.parse(request.body) as { inputs: Input[] };
    if (inputs.length > 100) return refusal(400, 'VALIDATION_ERROR', 'Maximum batch size exceeded.');
    const ids = inputs.map(({ id }) => id.toLowerCase());
    if (new Set(ids).size !== ids.length) return refusal(400, 'VALIDATION_ERROR', `Duplicate IDs found in batch input: [${ids.join()}].`);
    const bad = inputs.filter(({ id }) => this.invalid.has(id.toLowerCase()));
    const traced = inputs.every(({ objectWriteTraceId }) => objectWriteTraceId !== undefined);
    if (bad[0] !== undefined && (this.refusesTogether || !traced)) return refusal(400, 'VALIDATION_ERROR', invalidEmail(bad[0].id));
    const results = inputs.filter((input) => !bad.includes(input)).map((input) => this.upsert(input));
    const errors = bad.map(({ id, objectWriteTraceId }) => ({
      status: 'error',
      category: 'VALIDATION_ERROR',
      message: invalidEmail(id),
      context: { objectWriteTraceId: [objectWriteTraceId] },
    }));
    const times = { startedAt: '2026-11-22T12:00:00.000Z', completedAt: '2026-11-22T12:00:00.100Z' };
    const body = { status: 'COMPLETE', results: results.toReversed(), ...times };
    return errors.length === 0 ? { status: 200, body } : { status: 207, body: { ...body, numErrors: errors.length, errors } };
  }

  private upsert({ id: email, objectWriteTraceId, properties }: Input): object {
    const address = email.toLowerCase();
    const known = this.contacts.get(address);
    const contact = known ?? { id: `${9000 + this.contacts.size}`, properties: {} };
    contact.properties = { ...contact.properties, ...properties, email: address };
    this.contacts.set(address, contact);
    if (objectWriteTraceId !== undefined) this.written.push(objectWriteTraceId);
    return {
      id: contact.id,
      properties: contact.properties,
      new: known === undefined,
      objectWriteTraceId,
      createdAt: '2026-11-22T12:00:00.000Z',
      updatedAt: '2026-11-22T12:00:00.000Z',
      archived: false,
    };
  }
}

export interface Said {
  readonly status: number;
  readonly body: object;
}

function refusal(status: number, category: string, message: string): Said {
  return { status, body: { status: 'error', message, correlationId: 'd24ec5cd-8998-4674-a928-59603ae6b0eb', category } };
}

/** HubSpot repeats the address. */
function invalidEmail(email: string): string {
  const found = { isValid: false, message: `Email address ${email} is invalid`, error: 'INVALID_EMAIL', name: 'email' };
  return `Property values were not valid: [${JSON.stringify(found)}]`;
}

/** Sends what it would have said, and breaks off in the middle of it. */
export function cutShort(say: (request: ReceivedRequest) => Said): Answer {
  return (socket, request) => {
    const { status, body } = say(request);
    const text = JSON.stringify(body);
    socket.end(
      `HTTP/1.1 ${status} OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text.slice(0, text.length / 2)}`,
    );
  };
}

/** Does what it is asked to, and never says so. */
export function loseAnswer(say: (request: ReceivedRequest) => Said): Answer {
  return (socket, request) => {
    say(request);
    socket.resetAndDestroy();
  };
}
