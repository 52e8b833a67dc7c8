import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BadRequestException, InternalServerErrorException, NotFoundException, PayloadTooLargeException } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { pino } from 'pino';
import { Conflict, HttpProblem, InvalidRequest, Unavailable } from './http-problem.js';
import type { Problem } from './problem.js';
import { ProblemFilter } from './problem.filter.js';

/** What errors of databases and frameworks carry in their messages and must never reach a caller or the log. */
const CANARY = 'max.mustermann@example.com';

let server: Server;
let thrown: unknown;
let early = false;
let log: string;

beforeAll(async () => {
  const filter = new ProblemFilter(pino({ level: 'trace' }, { write: (line: string) => (log += line) }));
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (early) response.write('half an answer');
    filter.catch(thrown, new ExecutionContextHost([request, response]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  log = '';
  early = false;
});

async function answerTo(error: unknown): Promise<{ response: Response; problem: Problem }> {
  thrown = error;
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a?b=${CANARY}`, {
    headers: { 'x-request-id': 'r-1' },
  });
  return { response, problem: (await response.json()) as Problem };
}

const withMembers = (message: string, members: object): Error => Object.assign(new Error(message), members);
const ofPrisma = (cause: object): Error =>
  withMembers(`Invalid prisma.lead.findMany() invocation ${CANARY}`, { code: 'P2039', meta: { driverAdapterError: { cause } } });

describe('the exception filter', () => {
  it('speaks an HttpProblem as it is', async () => {
    const errors = [{ pointer: '/limit', code: 'invalid_value', detail: 'limit must be a number' }];
    const { response, problem } = await answerTo(new InvalidRequest('invalid_query', 'The query cannot be used.', errors));
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('x-request-id')).toBe('r-1');
    expect(problem).toEqual({
      type: 'urn:leadgate:problem:invalid_query',
      title: 'The request is not valid',
      status: 400,
      detail: 'The query cannot be used.',
      instance: 'urn:leadgate:request:r-1',
      errors,
      requestId: 'r-1',
    });
    expect(log).toBe('');
  });

  it.each<{ description: string; error: unknown; status: number; code: string; logged: boolean }>([
    { description: 'a conflict', error: new Conflict('busy', 'Busy.'), status: 409, code: 'busy', logged: false },
    { description: 'unavailable', error: new Unavailable('away', 'Away.'), status: 503, code: 'away', logged: true },
    {
      description: 'an unknown route of Nest',
      error: new NotFoundException(`Cannot GET /${CANARY}`),
      status: 404,
      code: 'not_found',
      logged: false,
    },
    { description: 'a pipe of Nest', error: new BadRequestException([CANARY]), status: 400, code: 'invalid_request', logged: false },
    { description: 'a body over the cap', error: new PayloadTooLargeException(CANARY), status: 413, code: 'body_too_large', logged: false },
    { description: 'a fault of Nest', error: new InternalServerErrorException(CANARY), status: 500, code: 'internal_error', logged: true },
    { description: 'a bug', error: new TypeError(`cannot read ${CANARY}`), status: 500, code: 'internal_error', logged: true },
    { description: 'a thrown text', error: CANARY, status: 500, code: 'internal_error', logged: true },
    { description: 'nothing', error: undefined, status: 500, code: 'internal_error', logged: true },
    {
      description: 'bad SQL',
      error: withMembers(`syntax error near ${CANARY}`, { code: '42601' }),
      status: 500,
      code: 'internal_error',
      logged: true,
    },
    {
      description: 'a value Postgres refuses, through Prisma',
      error: ofPrisma({ originalCode: '22P02', kind: 'InvalidInputValue', message: CANARY }),
      status: 500,
      code: 'internal_error',
      logged: true,
    },
    ...[
      { description: 'a refused connection', error: withMembers(CANARY, { code: 'ECONNREFUSED' }) },
      { description: 'a restart', error: withMembers(CANARY, { code: '57P01' }) },
      { description: 'no connection left', error: withMembers(CANARY, { code: '53300' }) },
      { description: 'a lock', error: withMembers(CANARY, { code: '55P03' }) },
      { description: 'a statement that took too long', error: withMembers(CANARY, { code: '57014' }) },
      { description: 'a read-only server', error: withMembers(CANARY, { code: '25006' }) },
      { description: 'an exhausted pool', error: new Error('timeout exceeded when trying to connect') },
      { description: 'a broken connection', error: new Error('Connection terminated unexpectedly') },
      { description: 'a frozen server', error: new Error('Query read timeout') },
      { description: 'a refused connection, through Prisma', error: ofPrisma({ kind: 'DatabaseNotReachable', host: CANARY }) },
      { description: 'a lock, through Prisma', error: ofPrisma({ kind: 'postgres', originalCode: '57014' }) },
    ].map((away) => ({ ...away, status: 503, code: 'database_unavailable', logged: true })),
  ])('answers $description with $status and says nothing of its own words', async ({ error, status, code, logged }) => {
    const { response, problem } = await answerTo(error);
    expect(response.status).toBe(status);
    expect(problem).toMatchObject({ status, type: `urn:leadgate:problem:${code}`, requestId: 'r-1' });
    if (status === 503) expect(response.headers.get('retry-after')).toBe('2');
    expect(JSON.stringify(problem) + log).not.toContain(CANARY);
    expect(JSON.stringify(problem)).not.toMatch(/\bat .*:\d+|prisma|select/i);
    expect(log.includes('"request_id":"r-1"')).toBe(logged);
  });

  it('logs kind, code and frames of a fault and of its cause', async () => {
    await answerTo(new Unavailable('away', 'Away.', [], { cause: withMembers(CANARY, { code: '57P01' }) }));
    expect(JSON.parse(log)).toMatchObject({ kind: 'Unavailable', code: 'away', cause: { kind: 'Error', code: '57P01' } });
    expect((JSON.parse(log) as { frames: string[] }).frames[0]).toMatch(/^at .*problem\.filter\.spec/);
  });

  it('breaks the connection off when an answer has already begun', async () => {
    early = true;
    await expect(answerTo(new Error('too late'))).rejects.toThrow(/terminated|fetch failed/);
  });

  it('gives every kind of problem its own status', () => {
    const kinds = [InvalidRequest, Conflict, Unavailable].map((Kind) => new Kind('code', 'detail'));
    expect(kinds.every((kind) => kind instanceof HttpProblem && kind.message === 'detail')).toBe(true);
    expect(kinds.map(({ status, name }) => `${name} ${status}`)).toEqual(['InvalidRequest 400', 'Conflict 409', 'Unavailable 503']);
  });
});
