import { classifyAnswer, type DestinationConfig, type JsonObject } from '#core';
import { OutboundHttp } from '#platform';
import { cutShort, FakeHubSpot, loseAnswer, type Said } from '../../../../../test/support/fake-hubspot.js';
import { LOOPBACK } from '../../../../../test/support/loopback.js';
import { answers, type Answer, type ScriptedCrm } from '../../../../../test/support/scripted-crm.js';
import { DestinationRegistry } from '../../destination-registry.js';
import type { DestinationAnswer, DestinationCall } from '../../destination.port.js';
import { aCall, aKey, AN_OWNER, CANARY } from '../../testing/destination-under-test.js';
import { keepsItsWord } from '../../testing/keeps-its-word.js';
import { sendsInBatches, type BatchDestinationUnderTest, type BatchFault } from '../../testing/sends-in-batches.js';
import { speaksHttp, type HttpDestinationUnderTest } from '../../testing/speaks-http.js';
import { hubspotDestination } from './hubspot.destination.js';

const TOKEN = 'geheim-private-app-token';
const emailOf = (person: number): string => `person-${person}@example.com`;

type Started = HttpDestinationUnderTest & BatchDestinationUnderTest & { readonly hubspot: FakeHubSpot };

async function start({ timeoutSeconds = 30, refusesTogether = false } = {}): Promise<Started> {
  const hubspot = await FakeHubSpot.start(TOKEN);
  hubspot.refusesTogether = refusesTogether;
  const http = new OutboundHttp({ userAgent: 'leadgate/test', rules: LOOPBACK });
  const config: DestinationConfig = {
    name: 'hubspot',
    kind: 'hubspot',
    url: hubspot.url,
    authentication: { kind: 'bearer', token: TOKEN },
    mapping: 'contact',
    answers: 'standard',
    effect: 'upsert',
    timeout_seconds: timeoutSeconds,
  };
  const { crm } = hubspot;
  return {
    destination: new DestinationRegistry([hubspotDestination(http)], [], LOOPBACK).open(config, AN_OWNER),
    config,
    payload: JSON.stringify({ ...CANARY, firstname: 'Canary' }),
    contentType: 'application/json',
    secrets: [TOKEN],
    received: () =>
      hubspot
        .inputs()
        .flat()
        .map(({ objectWriteTraceId, properties }) => ({ key: objectWriteTraceId, body: JSON.stringify(properties) })),
    hubspot,
    crm,
    taken: hubspot.answer,
    maxTogether: 100,
    payloadOf: (person) => JSON.stringify({ email: emailOf(person), firstname: `Person ${person}` }),
    calls: () => hubspot.inputs().map(({ length }) => length),
    records: () => hubspot.contacts.size,
    effectsOf: ({ idempotencyKey }) => hubspot.written.filter((written) => written === idempotencyKey).length,
    refuse: (...people) => people.forEach((person) => hubspot.invalid.add(emailOf(person))),
    next: (fault) => plan(crm, hubspot, fault),
    stop: async () => {
      await http.close();
      await crm.close().catch(() => undefined);
    },
  };
}

const FAULTS: readonly BatchFault[] = ['down', 'lost_answer', 'cut_answer', 'too_few_results', 'hangs'];

function plan(crm: ScriptedCrm, hubspot: FakeHubSpot, fault: BatchFault): void {
  const say = (request: Parameters<FakeHubSpot['say']>[0]): Said => hubspot.say(request);
  const withoutOne: Answer = (socket, request) => hubspot.answer(socket, request, (said) => ({ ...said, body: withoutFirst(said.body) }));
  const planned: Record<BatchFault, Answer> = {
    down: answers.status(500, { body: '{"status":"error","message":"internal error"}' }),
    lost_answer: loseAnswer(say),
    cut_answer: cutShort(say),
    too_few_results: withoutOne,
    hangs: answers.never(),
  };
  crm.next(planned[fault]);
}

const withoutFirst = (body: object): object => ({ ...body, results: (body as { results: unknown[] }).results.slice(1) });

describe('the HubSpot destination', () => {
  keepsItsWord(start);
  speaksHttp({ start: (timeoutSeconds) => start({ timeoutSeconds }), readsContent: true });
  sendsInBatches({ start, faults: FAULTS });
});

describe('the HubSpot destination, where a bad contact refuses the whole call', () => {
  sendsInBatches({ start: (given) => start({ ...given, refusesTogether: true }), faults: FAULTS });

  it('finds the one among a hundred in few calls', async () => {
    const one = await start({ refusesTogether: true });
    one.refuse(42);
    const sent = Array.from({ length: 100 }, (_, index) =>
      one.destination.send(aCall(one, { payload: one.payloadOf(index + 1), idempotencyKey: `${index}`.padStart(52, 'K') })),
    );
    const refused = (await Promise.all(sent)).filter(({ signal }) => signal.kind !== 'answered' || !signal.successRule);
    expect(refused).toMatchObject([{ errorCode: 'HUBSPOT_INVALID_EMAIL', signal: { statusCode: 400, meaning: { kind: 'refused' } } }]);
    expect(one.calls().length).toBeLessThanOrEqual(15);
    expect(one.records()).toBe(99);
    await one.stop();
  });

  it('does not ask for each when all are bad: some are told, who is left over is tried again', async () => {
    const one = await start({ refusesTogether: true });
    one.refuse(...Array.from({ length: 100 }, (_, index) => index + 1));
    const sent = Array.from({ length: 100 }, (_, index) =>
      one.destination.send(aCall(one, { payload: one.payloadOf(index + 1), idempotencyKey: `${index}`.padStart(52, 'K') })),
    );
    const kinds = (await Promise.all(sent)).map(({ signal }) => classifyAnswer('standard', 'upsert', signal).kind);
    expect(one.calls()).toHaveLength(32);
    expect(new Set(kinds)).toEqual(new Set(['refused', 'retry']));
    await one.stop();
  });
});

describe('the HubSpot destination knows', () => {
  let one: Started;
  beforeEach(async () => {
    one = await start();
  });
  afterEach(() => one.stop());

  const send = (given: Partial<DestinationCall> = {}): Promise<DestinationAnswer> => one.destination.send(aCall(one, given));
  const answered = (status: number, body: object, headers: Record<string, string> = {}): Promise<DestinationAnswer> => {
    one.crm.next(answers.status(status, { body: JSON.stringify(body), headers }));
    return send();
  };

  it('what it asked for', async () => {
    await send({ payload: '{"email":" Ann@Example.com ","firstname":"Ann","score":12345678901234567890}' });
    const [request] = one.crm.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/crm/v3/objects/contacts/batch/upsert' });
    expect(request?.body).toBe(
      `{"inputs":[{"idProperty":"email","id":"ann@example.com","objectWriteTraceId":"${aKey('A')}",` +
        '"properties":{"email":" Ann@Example.com ","firstname":"Ann","score":12345678901234567890}}]}',
    );
  });

  it('a result that came twice from two contacts for one lead', async () => {
    const result = { id: '7', new: false, objectWriteTraceId: aKey('A') };
    expect(await answered(200, { results: [result, { ...result }] })).toMatchObject({ decidedBy: 'hubspot:existing', recordId: '7' });
    expect(await answered(200, { results: [result, { ...result, id: '8' }] })).toMatchObject({ errorCode: 'NO_RESULT', recordId: null });
  });

  it('a new contact from one that was there, and from one that may be our own work', async () => {
    expect(await send()).toMatchObject({ decidedBy: 'hubspot:created', recordId: '9000' });
    expect(await send({ idempotencyKey: aKey('B') })).toMatchObject({ decidedBy: 'hubspot:existing', recordId: '9000' });
    expect(await send({ idempotencyKey: aKey('B'), attemptNo: 2 })).toMatchObject({ decidedBy: 'hubspot:existing_on_retry' });
  });

  it('a contact by its e-mail address where no trace id comes back', async () => {
    const result = { id: '7', new: false, properties: { email: CANARY.email.toUpperCase() } };
    expect(
      await answered(200, { status: 'COMPLETE', results: [{ ...result, id: '6', properties: { email: 'x@y.de' } }, result] }),
    ).toMatchObject({
      recordId: '7',
      decidedBy: 'hubspot:existing',
    });
  });

  it.each<[description: string, body: JsonObject]>([
    ['it says nothing of the contact', { status: 'COMPLETE', results: [] }],
    ['it names another', { results: [{ id: '7', new: true, objectWriteTraceId: 'other' }] }],
    ['it names it twice', { results: ['7', '8'].map((id) => ({ id, new: true, objectWriteTraceId: aKey('A') })) }],
    ['it gives no id', { results: [{ new: true, objectWriteTraceId: aKey('A') }] }],
    ['it is only about to do it', { status: 'PENDING' }],
  ])('that it cannot know: %s', async (_description, body) => {
    const answer = await answered(200, body);
    expect(answer).toMatchObject({ errorCode: 'NO_RESULT', decidedBy: 'protocol:no_result', recordId: null });
    expect(classifyAnswer('standard', 'upsert', answer.signal).kind).toBe('retry');
  });

  it.each<[policy: string, headers: Record<string, string>, seconds: number]>([
    ['TEN_SECONDLY_ROLLING', {}, 10],
    ['DAILY', {}, 3600],
    ['SECONDLY', {}, 1],
    ['DAILY', { 'retry-after': '77' }, 77],
  ])('a limit: %s, with %j, is over in %d s', async (policyName, headers, retryAfterSeconds) => {
    const body = { status: 'error', message: 'You have reached your limit.', errorType: 'RATE_LIMIT', policyName };
    expect(await answered(429, body, headers)).toMatchObject({
      errorCode: `HUBSPOT_${policyName}`,
      signal: { statusCode: 429, retryAfterSeconds, meaning: { kind: 'retry', cause: `HubSpot: RATE_LIMIT, ${policyName}` } },
    });
  });

  it.each<[description: string, status: number, body: JsonObject, code: string | null, verdict: string]>([
    ['a token that lacks a scope', 403, { category: 'MISSING_SCOPES' }, 'HUBSPOT_MISSING_SCOPES', 'refuses_us'],
    ['a token that is none', 401, { category: 'INVALID_AUTHENTICATION' }, 'HUBSPOT_INVALID_AUTHENTICATION', 'refuses_us'],
    ['an account that is locked', 423, {}, 'HUBSPOT_LOCKED', 'retry'],
    ['an account that is moved', 477, {}, 'HUBSPOT_MIGRATION_IN_PROGRESS', 'retry'],
    ['a contact that somebody made meanwhile', 409, { category: 'CONFLICT', message: 'Existing ID: 17' }, 'HUBSPOT_CONFLICT', 'retry'],
    ['a call that is refused', 400, { category: 'VALIDATION_ERROR' }, 'HUBSPOT_VALIDATION_ERROR', 'refused'],
  ])('%s', async (_description, status, body, errorCode, kind) => {
    expect(await answered(status, body)).toMatchObject({ errorCode, signal: { statusCode: status, meaning: { kind } } });
  });

  it('which property was refused, by its name and not by its value', async () => {
    one.hubspot.invalid.add(CANARY.email);
    const answer = await send();
    expect(answer).toMatchObject({
      errorCode: 'HUBSPOT_INVALID_EMAIL',
      decidedBy: 'hubspot:error',
      excerpt: '{"category":"VALIDATION_ERROR","errors":["INVALID_EMAIL (email)"]}',
      signal: { statusCode: 207, meaning: { kind: 'refused', cause: 'HubSpot: VALIDATION_ERROR, INVALID_EMAIL (email)' } },
    });
  });

  it.each(['{"firstname":"Ann"}', '{"email":""}', '[]', 'email=a%40example.com'])(
    'that %s cannot be sent, now or later',
    async (payload) => {
      const answer = await send({ payload });
      expect(answer).toMatchObject({ signal: { kind: 'not_sent', because: 'payload' }, errorCode: 'NO_EMAIL' });
      expect(classifyAnswer('standard', 'upsert', answer.signal).kind).toBe('refused');
      expect(one.crm.requests).toHaveLength(0);
    },
  );
});
