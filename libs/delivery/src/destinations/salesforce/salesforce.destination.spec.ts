import { classifyAnswer, type DestinationConfig, type JsonObject } from '#core';
import { OutboundHttp } from '#platform';
import { cutShort, loseAnswer } from '../../../../../test/support/fake-hubspot.js';
import { FakeSalesforce } from '../../../../../test/support/fake-salesforce.js';
import { LOOPBACK } from '../../../../../test/support/loopback.js';
import { answers, type Answer } from '../../../../../test/support/scripted-crm.js';
import { DestinationRegistry } from '../../destination-registry.js';
import type { DestinationAnswer, DestinationCall } from '../../destination.port.js';
import { aCall, AN_OWNER, CANARY } from '../../testing/destination-under-test.js';
import { keepsItsWord } from '../../testing/keeps-its-word.js';
import { sendsInBatches, type BatchDestinationUnderTest, type BatchFault } from '../../testing/sends-in-batches.js';
import { speaksHttp, type HttpDestinationUnderTest } from '../../testing/speaks-http.js';
import { salesforceDestination } from './salesforce.destination.js';

const FIELD = 'Leadgate_Id__c';
const VALIDATION = { statusCode: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', message: 'canary: no such person', fields: ['LastName'] };
const emailOf = (person: number): string => `person-${person}@example.com`;

type Started = HttpDestinationUnderTest & BatchDestinationUnderTest & { readonly salesforce: FakeSalesforce };

interface Given {
  readonly timeoutSeconds?: number;
  readonly refusesTogether?: boolean;
  readonly options?: JsonObject;
  readonly config?: Partial<DestinationConfig>;
}

async function start({ timeoutSeconds = 30, refusesTogether = false, options = {}, config: changes = {} }: Given = {}): Promise<Started> {
  const salesforce = await FakeSalesforce.start();
  salesforce.refusesTogether = refusesTogether;
  const http = new OutboundHttp({ userAgent: 'leadgate/test', rules: LOOPBACK });
  const config: DestinationConfig = {
    name: 'salesforce',
    kind: 'salesforce',
    url: salesforce.url,
    authentication: {
      kind: 'oauth2_client_credentials',
      token_url: salesforce.tokenUrl,
      client_id: 'consumer-key',
      client_secret: 'geheim-consumer-secret',
    },
    mapping: 'lead',
    answers: 'standard',
    effect: 'upsert',
    timeout_seconds: timeoutSeconds,
    options: { external_id_field: FIELD, ...options },
    ...changes,
  };
  const { crm } = salesforce;
  return {
    destination: new DestinationRegistry([salesforceDestination(http)], [], LOOPBACK).open(config, AN_OWNER),
    config,
    payload: JSON.stringify({ LastName: 'Canary', Company: 'Canary Ltd', Email: CANARY.email, Phone: CANARY.phone }),
    contentType: 'application/json',
    secrets: ['geheim-consumer-secret', 'geheim-access-token'],
    knownBy: ({ leadId }) => leadId,
    received: () =>
      salesforce
        .sent()
        .flat()
        .map((record) => ({ key: String(record[FIELD]), body: JSON.stringify(record) })),
    salesforce,
    crm,
    taken: (socket, request) => answers.status(200, { body: JSON.stringify(salesforce.say(request).body) })(socket, request),
    maxTogether: 200,
    payloadOf: (person) => JSON.stringify({ LastName: `Person ${person}`, Company: 'Private', Email: emailOf(person) }),
    calls: () => salesforce.sent().map(({ length }) => length),
    records: () => salesforce.records.size,
    effectsOf: ({ leadId }) => salesforce.written.filter((written) => written === leadId).length,
    refuse: (...people) => people.forEach((person) => salesforce.refused.set(emailOf(person), VALIDATION)),
    next: (fault) => crm.next(planned(salesforce, fault)),
    stop: async () => {
      await http.close();
      await salesforce.stop();
    },
  };
}

const FAULTS: readonly BatchFault[] = ['down', 'lost_answer', 'cut_answer', 'too_few_results', 'hangs'];

function planned(salesforce: FakeSalesforce, fault: BatchFault): Answer {
  const say: typeof salesforce.say = (request) => salesforce.say(request);
  const all: Record<BatchFault, Answer> = {
    down: answers.status(503, { body: '[{"errorCode":"SERVER_UNAVAILABLE","message":"down for maintenance"}]' }),
    lost_answer: loseAnswer(say),
    cut_answer: cutShort(say),
    too_few_results: (socket, request) =>
      answers.status(200, { body: JSON.stringify((say(request).body as unknown[]).slice(1)) })(socket, request),
    hangs: answers.never(),
  };
  return all[fault];
}

describe('the Salesforce destination', () => {
  keepsItsWord(start);
  speaksHttp({ start: (timeoutSeconds) => start({ timeoutSeconds }), readsContent: true });
  sendsInBatches({ start, faults: FAULTS });
});

describe('the Salesforce destination, where a bad record refuses the whole call', () => {
  sendsInBatches({ start: (given) => start({ ...given, refusesTogether: true }), faults: FAULTS });
});

describe('the Salesforce destination knows', () => {
  let one: Started;
  beforeEach(async () => {
    one = await start();
  });
  afterEach(() => one.stop());
  async function restart(given: Given): Promise<void> {
    await one.stop();
    one = await start(given);
  }

  const send = (given: Partial<DestinationCall> = {}): Promise<DestinationAnswer> => one.destination.send(aCall(one, given));
  const answered = (status: number, body: unknown): Promise<DestinationAnswer> => {
    one.crm.next(answers.status(status, { body: JSON.stringify(body) }));
    return send();
  };
  const row = (errors: unknown[]): unknown[] => [{ success: false, errors }];

  it('what it asked for', async () => {
    await send({ payload: '{"LastName":"Ann","Score__c":12345678901234567890}' });
    const [request] = one.crm.requests;
    expect(request).toMatchObject({
      method: 'PATCH',
      path: `/services/data/v62.0/composite/sobjects/Lead/${FIELD}`,
      headers: { 'sforce-duplicate-rule-header': 'allowSave=false; includeRecordDetails=false; runAsCurrentUser=false' },
    });
    expect(request?.body).toBe(
      '{"allOrNone":false,"records":[{"LastName":"Ann","Score__c":12345678901234567890,"attributes":{"type":"Lead"},' +
        `"${FIELD}":"01935f2a-1234-7890-8123-123456789012"}]}`,
    );
  });

  it('another object, another version, other duplicate rules', async () => {
    await restart({ options: { object: 'Contact', api_version: '58.0', allow_save: true, run_as_current_user: true } });
    expect(await send()).toMatchObject({ signal: { successRule: true } });
    expect(one.crm.requests[0]).toMatchObject({
      path: `/services/data/v58.0/composite/sobjects/Contact/${FIELD}`,
      headers: { 'sforce-duplicate-rule-header': 'allowSave=true; includeRecordDetails=false; runAsCurrentUser=true' },
    });
  });

  it('an external id that the mapping made', async () => {
    await send({ payload: `{"LastName":"Ann","${FIELD}":"A-1"}` });
    expect([...one.salesforce.records.keys()]).toEqual(['a-1']);
  });

  it('a new record from one that was there, and from our own work', async () => {
    expect(await send()).toMatchObject({ decidedBy: 'salesforce:created', recordId: '00Q5g0000000000AAA' });
    expect(await send({ attemptNo: 2 })).toMatchObject({ decidedBy: 'salesforce:existing_on_retry', recordId: '00Q5g0000000000AAA' });
    expect(await send()).toMatchObject({ decidedBy: 'salesforce:existing' });
  });

  it('that a session ended: another token, once', async () => {
    await send();
    one.salesforce.endSession();
    expect(await send()).toMatchObject({ signal: { successRule: true } });
    expect(one.salesforce.tokens.requests).toHaveLength(2);
    expect(one.crm.requests).toHaveLength(3);
  });

  it('where its instance is, from the token', async () => {
    await restart({ options: { instance: 'from_token' }, config: { url: 'https://login.example.com' } });
    expect(await send()).toMatchObject({ signal: { successRule: true } });
  });

  it.each([undefined, 'nowhere', 'http://10.0.0.1', 'https://user@127.0.0.1/', 'https://127.0.0.1/?x=1'])(
    'that an instance %s is none to call',
    async (instance) => {
      await restart({ options: { instance: 'from_token' } });
      one.salesforce.tokens.next(answers.status(200, { body: JSON.stringify({ access_token: 't', instance_url: instance }) }));
      expect(await send()).toMatchObject({ signal: { kind: 'not_sent' }, errorCode: 'NO_INSTANCE' });
      expect(one.crm.requests).toHaveLength(0);
    },
  );

  it.each<[code: string, kind: string]>([
    ['UNABLE_TO_LOCK_ROW', 'retry'],
    ['REQUEST_LIMIT_EXCEEDED', 'retry'],
    ['REQUIRED_FIELD_MISSING', 'refused'],
    ['FIELD_CUSTOM_VALIDATION_EXCEPTION', 'refused'],
    ['DUPLICATE_VALUE', 'refused'],
    ['SOMETHING_NEW', 'refused'],
  ])('what %s of a record means', async (statusCode, kind) => {
    const answer = await answered(200, row([{ statusCode, message: CANARY.email, fields: ['Email', CANARY.email] }]));
    expect(answer).toMatchObject({
      errorCode: `SALESFORCE_${statusCode}`,
      signal: { statusCode: 200, meaning: { kind, cause: `Salesforce: ${statusCode} (Email)` } },
      excerpt: JSON.stringify({ errors: [statusCode], fields: ['Email'] }),
    });
  });

  it('that a record with several errors is refused where one of them refuses it', async () => {
    const errors = ['UNABLE_TO_LOCK_ROW', 'STRING_TOO_LONG'].map((statusCode) => ({ statusCode, message: '', fields: [] }));
    expect(await answered(200, row(errors))).toMatchObject({
      errorCode: 'SALESFORCE_STRING_TOO_LONG',
      signal: { meaning: { kind: 'refused', cause: 'Salesforce: UNABLE_TO_LOCK_ROW, STRING_TOO_LONG' } },
    });
  });

  const DETECTED = {
    statusCode: 'DUPLICATES_DETECTED',
    message: 'Use one of these records?',
    fields: [],
    duplicateResut: { matchResults: [{ matchRecords: [{ record: { Id: '00Q5g00000Existing', attributes: { type: 'Lead' } } }] }] },
  };

  it('a duplicate, which is none of ours and was not saved', async () => {
    one.salesforce.refused.set(CANARY.email, DETECTED);
    expect(await send()).toMatchObject({
      decidedBy: 'salesforce:duplicate',
      recordId: null,
      excerpt: '{"errors":["DUPLICATES_DETECTED"],"existing":"00Q5g00000Existing"}',
      signal: { successRule: false, meaning: { kind: 'refused' } },
    });
  });

  it('a record that another call of ours made at the same moment, which the next call finds', async () => {
    await restart({ options: { duplicates: 'delivered' } });
    const message = `duplicate value found: ${FIELD.toLowerCase()} duplicates value on record with id: 00Q5g00000Existing`;
    one.salesforce.refused.set(CANARY.email, { statusCode: 'DUPLICATE_VALUE', message, fields: [] });
    expect(await send()).toMatchObject({
      decidedBy: 'salesforce:error',
      errorCode: 'SALESFORCE_DUPLICATE_VALUE',
      signal: { successRule: false, meaning: { kind: 'retry', ofThisLead: true } },
    });
    one.salesforce.refused.clear();
    expect(await send({ attemptNo: 2 })).toMatchObject({ signal: { successRule: true } });
  });

  it.each(['[]', 'LastName=Ann'])('that %s makes no record, now or later', async (payload) => {
    expect(await send({ payload })).toMatchObject({ signal: { kind: 'not_sent', because: 'payload' }, errorCode: 'NO_OBJECT' });
    expect(one.crm.requests).toHaveLength(0);
  });

  it('a token address that refuses us, which pauses the destination', async () => {
    one.salesforce.tokens.next(answers.status(400, { body: '{"error":"invalid_client"}' }));
    const answer = await send();
    expect(answer).toMatchObject({ signal: { kind: 'not_sent', because: 'credentials' }, errorCode: 'TOKEN_REFUSED' });
    expect(classifyAnswer('standard', 'upsert', answer.signal).kind).toBe('pause');
  });

  it('a duplicate that is enough for this tenant', async () => {
    await restart({ options: { duplicates: 'delivered' } });
    one.salesforce.refused.set(CANARY.email, DETECTED);
    expect(await send()).toMatchObject({
      decidedBy: 'salesforce:duplicate',
      recordId: '00Q5g00000Existing',
      errorCode: null,
      signal: { successRule: true },
    });
  });

  it.each<[description: string, status: number, code: string, verdict: string, seconds: number | null]>([
    ['requests are used up', 403, 'REQUEST_LIMIT_EXCEEDED', 'retry', 900],
    ['the user may not', 403, 'INSUFFICIENT_ACCESS', 'pause', null],
    ['something else is forbidden', 403, 'SOMETHING_NEW', 'pause', null],
    ['the organisation has no API', 403, 'API_DISABLED_FOR_ORG', 'pause', null],
    ['there is no such object', 404, 'NOT_FOUND', 'refused', null],
    ['there is no such field', 400, 'INVALID_FIELD', 'refused', null],
    ['it is being mended', 503, 'SERVER_UNAVAILABLE', 'retry', null],
    ['it failed', 500, 'UNKNOWN_EXCEPTION', 'retry', null],
    ['several records have the id', 300, 'MULTIPLE_CHOICES', 'refused', null],
  ])('of a whole call: %s', async (_description, status, errorCode, kind, retryAfterSeconds) => {
    const answer = await answered(status, [{ errorCode, message: CANARY.email }]);
    expect(answer).toMatchObject({ errorCode: `SALESFORCE_${errorCode}`, signal: { statusCode: status, retryAfterSeconds } });
    expect(classifyAnswer('standard', 'upsert', answer.signal).kind).toBe(kind);
  });

  it.each<[description: string, body: unknown]>([
    ['no list', { id: '00Q5g0000000000AAA', success: true }],
    ['one too many', [1, 2].map(() => ({ id: '00Q5g0000000000AAA', success: true, created: true }))],
    ['no word on success', [{ id: '00Q5g0000000000AAA' }]],
    ['success without an id', [{ success: true, created: true }]],
    ['a failure without a code', [{ success: false, errors: [] }]],
  ])('that it cannot know: %s', async (_description, body) => {
    expect(await answered(200, body)).toMatchObject({ errorCode: 'NO_RESULT', decidedBy: 'protocol:no_result', recordId: null });
  });
});

describe('the configuration of a Salesforce destination', () => {
  const registry = new DestinationRegistry([salesforceDestination(new OutboundHttp({ userAgent: 'leadgate/test' }))]);
  const problemsOf = (options: JsonObject | undefined, url = 'https://acme.my.salesforce.com'): string[] =>
    registry.problems({
      name: 'salesforce',
      kind: 'salesforce',
      url,
      authentication: { kind: 'bearer', token: 't' },
      mapping: 'lead',
      answers: 'standard',
      effect: 'upsert',
      ...(options === undefined ? {} : { options }),
    });

  it.each<[description: string, options: JsonObject | undefined, problem: RegExp]>([
    ['no external id', undefined, /^options\.external_id_field: is missing; API name of a text field/],
    ['a field with a path', { external_id_field: 'a/b' }, /^options\.external_id_field: must be the API name/],
    ['an object with a query', { external_id_field: FIELD, object: 'Lead?x' }, /^options\.object: must be the API name/],
    ['an old version', { external_id_field: FIELD, api_version: '46.0' }, /^options\.api_version: must be a version from 52\.0/],
    ['another instance', { external_id_field: FIELD, instance: 'na1' }, /^options\.instance: must be one of: configured, from_token/],
    ['a word for a switch', { external_id_field: FIELD, allow_save: 'yes' }, /^options\.allow_save: must be one of: true, false/],
  ])('with %s is refused', (_description, options, problem) => {
    expect(problemsOf(options)).toEqual([expect.stringMatching(problem)]);
  });

  it('needs an address that paths can be put behind', () => {
    expect(problemsOf({ external_id_field: FIELD }, 'https://acme.my.salesforce.com/?a=1')).toEqual([
      expect.stringMatching(/^url: must end with its host or a path/),
    ]);
    expect(problemsOf({ external_id_field: FIELD })).toEqual([]);
  });
});
