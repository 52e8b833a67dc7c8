import { expectAhead } from '../support/expect-ahead.js';
import { answers, ScriptedCrm, type Answer } from '../support/scripted-crm.js';
import { DeliveryWorld, type AttemptRow, type DeliveryRow, type Worker } from './support/delivery-world.js';

let world: DeliveryWorld;
let worker: Worker;

beforeAll(async () => {
  world = await DeliveryWorld.create();
  worker = world.aWorker();
});
afterAll(() => world.close());

interface Case {
  readonly description: string;
  readonly answer: Answer;
  readonly lead: string;
  readonly delivery: Partial<DeliveryRow>;
  readonly attempt: Partial<AttemptRow>;
  /** Seconds until the next attempt. */
  readonly gap?: number;
}

/** A request has to go out within it, also from a process that stands still for a moment. */
const TIMEOUT_SECONDS = 5;
const retried = (cause: string) => ({ lead: 'FAILED', delivery: { status: 'RETRYING', last_error: cause }, gap: 30 });
const refused = (status: number) => ({
  lead: 'PERMANENTLY_FAILED',
  delivery: { status: 'PERMANENTLY_FAILED', last_error: `Client error: ${status}` },
  attempt: { outcome: 'refused', sent_state: 'answered', status_code: status, error_message: `Client error: ${status}` },
});

const delivered = { lead: 'DELIVERED', delivery: { status: 'DELIVERED', last_error: null } };

const CASES: readonly Case[] = [
  {
    description: '201 with an id',
    answer: answers.status(201, { body: '{"id":"crm-7","lead_token":"s3cr3t"}' }),
    ...delivered,
    delivery: { status: 'DELIVERED', crm_record_id: 'crm-7' },
    attempt: {
      outcome: 'delivered',
      sent_state: 'answered',
      status_code: 201,
      response_excerpt: '{"id":"crm-7","lead_token":"[redacted]"}',
    },
  },
  {
    description: '204 without a body',
    answer: answers.status(204),
    ...delivered,
    attempt: { outcome: 'delivered', response_excerpt: null },
  },
  {
    description: '200 that is no JSON',
    answer: answers.status(200, { body: 'OK', headers: { 'content-type': 'text/html' } }),
    ...delivered,
    delivery: { status: 'DELIVERED', crm_record_id: null },
    attempt: { outcome: 'delivered', response_excerpt: 'OK' },
  },
  {
    description: '201, then a reset inside the body',
    answer: answers.resetInsideBody(201),
    ...delivered,
    attempt: { outcome: 'delivered', sent_state: 'answered', status_code: 201 },
  },
  {
    description: '201 with a body of 10 MB',
    answer: answers.hugeBody(201, 10_000_000),
    ...delivered,
    attempt: { outcome: 'delivered', status_code: 201 },
  },
  {
    description: 'a page for people with status 200',
    answer: answers.html(200),
    ...retried('Unexpected answer: 200'),
    attempt: { outcome: 'retry', sent_state: 'answered', status_code: 200, error_message: 'Unexpected answer: 200' },
  },
  ...[500, 501, 502, 503, 504].map((status) => ({
    description: `${status}`,
    answer: answers.status(status),
    ...retried(`Server error: ${status}`),
    attempt: { outcome: 'retry', sent_state: 'answered', status_code: status },
  })),
  ...[408, 425, 429].map((status) => ({
    description: `${status}`,
    answer: answers.status(status),
    ...retried(`Client error: ${status}`),
    attempt: { outcome: 'retry', status_code: status, retry_after_seconds: null },
  })),
  {
    description: '429 with Retry-After in seconds',
    answer: answers.status(429, { headers: { 'retry-after': '120' } }),
    ...retried('Client error: 429'),
    gap: 120,
    attempt: { retry_after_seconds: 120 },
  },
  {
    description: '503 with Retry-After as a date',
    answer: answers.status(503, {
      headers: { 'retry-after': 'Sun, 22 Nov 2026 12:02:00 GMT', date: 'Sun, 22 Nov 2026 12:00:00 GMT' },
    }),
    ...retried('Server error: 503'),
    gap: 120,
    attempt: { retry_after_seconds: 120 },
  },
  {
    description: '429 with a Retry-After that is neither',
    answer: answers.status(429, { headers: { 'retry-after': 'soon' } }),
    ...retried('Client error: 429'),
    attempt: { retry_after_seconds: null },
  },
  {
    description: '429 with a negative Retry-After',
    answer: answers.status(429, { headers: { 'retry-after': '-5' } }),
    ...retried('Client error: 429'),
    attempt: { retry_after_seconds: null },
  },
  {
    description: '429 with a Retry-After of 30 years',
    answer: answers.status(429, { headers: { 'retry-after': '1000000000' } }),
    ...retried('Client error: 429'),
    gap: 3600,
    attempt: { retry_after_seconds: 1_000_000_000 },
  },
  ...[400, 401, 403, 404, 409, 410, 422].map((status) => ({
    description: `${status}`,
    answer: answers.status(status),
    ...refused(status),
  })),
  { description: 'a redirect', answer: answers.redirect('http://169.254.169.254/'), ...refused(302) },
  {
    description: 'no answer',
    answer: answers.never(),
    ...retried(`Timeout after ${TIMEOUT_SECONDS} s`),
    attempt: { outcome: 'retry', sent_state: 'unknown', status_code: null, error_code: 'CALL_TIMEOUT' },
  },
  {
    description: 'headers that never end',
    answer: answers.dripHeaders(100),
    ...retried(`Timeout after ${TIMEOUT_SECONDS} s`),
    attempt: { sent_state: 'unknown', error_code: 'CALL_TIMEOUT' },
  },
  {
    description: 'a reset before the headers',
    answer: answers.resetBeforeHeaders(),
    ...retried('Connection lost'),
    attempt: { sent_state: 'unknown', error_code: 'ECONNRESET' },
  },
  {
    description: 'headers of 20 KB',
    answer: answers.hugeHeaders(20_000),
    ...retried('Answer with too large headers'),
    attempt: { sent_state: 'unknown', error_code: 'UND_ERR_HEADERS_OVERFLOW' },
  },
  {
    description: 'something that is not HTTP',
    answer: answers.garbage(),
    ...retried('Answer is not HTTP'),
    attempt: { sent_state: 'unknown', error_code: 'NOT_HTTP' },
  },
];

describe('what a CRM answers and what becomes of the lead', () => {
  it.each(CASES)('$description → $lead', async ({ answer, lead, delivery, attempt, gap }) => {
    // Long enough for a slow machine where the other side ends it, and for a request to go out where it never does.
    world.configure({ timeout_seconds: attempt?.['error_code'] === 'CALL_TIMEOUT' ? TIMEOUT_SECONDS : 30 });
    const { leadId, id } = await world.aDelivery();
    world.crm.next(answer);
    const began = performance.now();
    await worker.deliver.run([id]);

    const row = await world.delivery(id);
    expect(row).toMatchObject({ attempt_no: 1, lease_until: null, rung_at: null, ...delivery });
    expect(await world.attempts(id)).toEqual([expect.objectContaining({ attempt_no: 1, finished: true, ...attempt })]);
    expect((await world.lead(leadId)).status).toBe(lead);
    expect(row.finished_at !== null).toBe(row.status !== 'RETRYING');
    if (gap !== undefined) expectAhead(row.due_in_s, gap, began);
  });

  it('nobody listening: nothing was sent, and the lead is retried', async () => {
    const gone = await ScriptedCrm.start();
    await gone.close();
    world.configure({ url: gone.url });
    const { id } = await world.aDelivery();
    await worker.deliver.run([id]);
    expect(await world.delivery(id)).toMatchObject({ status: 'RETRYING', last_error: 'Connection refused' });
    expect(await world.attempts(id)).toEqual([expect.objectContaining({ sent_state: 'not_sent', error_code: 'ECONNREFUSED' })]);
  });

  it('sends what the contract names and nothing else', async () => {
    world.configure();
    const { leadId, id } = await world.aDelivery();
    await worker.deliver.run([id]);
    const request = world.crm.requests.at(-1);
    expect(request).toMatchObject({ method: 'POST', path: '/leads' });
    expect(JSON.parse(request?.body ?? '')).toMatchObject({ meta_attributes: { unique_id: leadId } });
    expect(request?.headers).toEqual({
      host: `127.0.0.1:${world.crm.port}`,
      connection: 'keep-alive',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      'content-length': `${Buffer.byteLength(request?.body ?? '')}`,
      authorization: 'Bearer demo-token',
      'idempotency-key': expect.stringMatching(/^[A-Z2-7]{52}$/) as string,
      'x-attempt': '1',
      'user-agent': 'leadgate/test',
    });
  });

  it.each([
    { token: 'Bearer already', sent: 'Bearer already' },
    { token: 'plain', sent: 'Bearer plain' },
  ])('token $token goes out as $sent', async ({ token, sent }) => {
    world.configure({ authentication: { kind: 'bearer', token } });
    const { id } = await world.aDelivery();
    await worker.deliver.run([id]);
    expect(world.crm.requests.at(-1)?.headers['authorization']).toBe(sent);
  });

  it('writes one line per attempt, with ids and codes and nothing of the person', async () => {
    world.configure();
    const { leadId, id } = await world.aDelivery();
    world.logged.length = 0;
    world.crm.next(answers.status(422, { body: '{"error":"canary@example.com is known"}' }));
    await worker.deliver.run([id]);
    expect(world.logged).toHaveLength(1);
    expect(world.logged[0]).toMatchObject({
      event: 'attempt',
      request_id: 'req-1',
      lead_id: leadId,
      delivery_id: id,
      destination_id: 'demo/crm',
      attempt_no: 1,
      outcome: 'refused',
      status_code: 422,
    });
    expect(JSON.stringify(world.logged)).not.toMatch(/canary|1608912308|demo-token/);
  });
});
