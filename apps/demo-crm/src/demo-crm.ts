/**
 * A pretend customer CRM: the demo delivers to it, and tests and benchmarks ask it what really arrived.
 *
 *   POST /leads, /lead/receive/*   the customer's API: 201 {"id","lead_token"}, 401, 400, 422
 *   GET  /                         the arrived leads for people
 *   GET  /health                   counts and the mode, without reading the ledger: what to poll
 *   GET  /_requests  /_leads       everything it was sent; one entry per lead that is in the CRM
 *   GET|POST /_mode  POST /_reset  faults on demand (fault-modes.ts); forget everything and be well again
 *
 * The `_` routes and the page need no token: it listens on loopback unless told otherwise, and is no place for real leads.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FAULT_MODES, FaultSwitch, readFaultPlan } from './fault-modes.js';
import { LeadRoute, MAX_BODY_BYTES } from './lead-route.js';
import { PAGE_POLICY, renderPage } from './leads-page.js';
import { LedgerError, RequestLedger } from './request-ledger.js';
import { collectBody, sendJson, sendText } from './wire.js';

export interface DemoCrmOptions {
  /** 0 takes a free one. */
  port: number;
  host: string;
  /** The ndjson file; made when missing. */
  dataFile: string;
  /** The bearer token it expects, `demo-token` by default. */
  token?: string;
  /** Told what an operator should know; never carries anything of a lead. */
  log: (entry: { level: 'info' | 'warn' | 'error'; msg: string; [fact: string]: unknown }) => void;
}

export interface DemoCrm {
  url: string;
  /** Answers what is being written, drops every connection (also those that a mode keeps waiting), closes the file. */
  close(): Promise<void>;
}

/** A start that failed for a reason a person can mend; the message is one sentence for them. */
export class DemoCrmStartError extends Error {}

/** Longer than the pool of any usual client, so that an idle connection is not closed under a request that is just being sent. */
const KEEP_ALIVE_MS = 65_000;
const LEADS_ON_PAGE = 50;

export async function startDemoCrm(options: DemoCrmOptions): Promise<DemoCrm> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
  await listen(server, options);
  // The port comes first: it is what keeps a second process away from the file. No request is read before this turn ends.
  const ledger = openLedger(server, options);
  const faults = new FaultSwitch();
  const leads = new LeadRoute(ledger, faults, options.token ?? 'demo-token');
  server.on('request', (request, response) => {
    answer(request, response).catch((cause: unknown) => fail(response, cause, options.log));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (LeadRoute.serves(path)) return leads.take(request, response);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    switch (`${method} ${path}`) {
      case 'GET /': {
        const page = renderPage({
          leads: await ledger.latestLeads(LEADS_ON_PAGE),
          counts: ledger.counts(),
          plan: faults.current(),
          paths: faults.paths(),
        });
        return sendText(response, 200, 'text/html; charset=utf-8', page, { 'content-security-policy': PAGE_POLICY });
      }
      case 'GET /health':
        return sendHealth(response);
      case 'GET /_requests':
        return sendStream(response, ledger.requestsJson());
      case 'GET /_leads':
        return sendStream(response, ledger.leadsJson());
      case 'GET /_mode':
        return sendMode(response);
      case 'POST /_mode':
        return setMode(request, response);
      case 'POST /_reset':
        ledger.clear();
        faults.clear();
        return sendJson(response, 200, { ok: true });
      default:
        return sendUnknown(response, path);
    }
  }

  function sendHealth(response: ServerResponse): void {
    const ok = ledger.isWritable();
    sendJson(response, ok ? 200 : 503, { ok, service: 'demo-crm', pid: process.pid, mode: faults.current().mode, ...ledger.counts() });
  }

  async function setMode(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await collectBody(request, MAX_BODY_BYTES);
    const reading = readFaultPlan(parseJson(bytes));
    if (!reading.ok) return sendJson(response, 422, { error: 'invalid_mode', message: reading.detail, modes: FAULT_MODES });
    faults.set(reading.plan, reading.path);
    sendMode(response);
  }

  /** The plan of all requests, and beside it the plans of single paths where there are any. */
  function sendMode(response: ServerResponse): void {
    const paths = faults.paths();
    sendJson(response, 200, { ...faults.current(), ...(Object.keys(paths).length > 0 && { paths }) });
  }

  return { url: urlOf(server), close: () => closeAll(server, ledger) };
}

async function listen(server: Server, { port, host }: DemoCrmOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(new DemoCrmStartError(whyNotListening(cause, port, host))));
    server.listen(port, host, resolve);
  });
}

function whyNotListening(cause: NodeJS.ErrnoException, port: number, host: string): string {
  switch (cause.code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken, so the demo CRM cannot start: stop the program that holds it, or set DEMO_CRM_PORT to a free port.`;
    case 'EACCES':
      return `The demo CRM may not open port ${port} on ${host}: set DEMO_CRM_PORT to a port from 1024 up.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `This machine has no address ${host}, so the demo CRM cannot start: set HOST to 127.0.0.1 or to an address of this machine.`;
    default:
      return `The demo CRM cannot listen on ${host}:${port} (${cause.code ?? cause.message}): check HOST and DEMO_CRM_PORT.`;
  }
}

function openLedger(server: Server, { dataFile, log }: DemoCrmOptions): RequestLedger {
  try {
    return RequestLedger.open(dataFile, (bytes) => {
      log({
        level: 'warn',
        msg: 'The last line of the demo CRM ledger was cut short by a crash; it was never answered and is removed.',
        bytes,
      });
    });
  } catch (cause) {
    server.close();
    throw cause instanceof LedgerError ? new DemoCrmStartError(cause.message, { cause }) : cause;
  }
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function sendStream(response: ServerResponse, json: AsyncGenerator<Buffer | string>): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
  await pipeline(Readable.from(json, { objectMode: true }), response);
}

function sendUnknown(response: ServerResponse, path: string): void {
  if (['/_mode', '/_reset', '/_requests', '/_leads', '/', '/health'].includes(path)) {
    return sendJson(response, 405, { error: 'method_not_allowed', message: 'This route exists, but not with this method.' });
  }
  sendJson(response, 404, { error: 'not_found', message: 'Leads go to POST /leads or POST /lead/receive/…; GET / shows what arrived.' });
}

function parseJson(bytes: Buffer | undefined): unknown {
  try {
    return JSON.parse((bytes ?? Buffer.alloc(0)).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** A sender that went away needs no answer; a ledger that cannot be written means nothing may be answered with success. */
function fail(response: ServerResponse, cause: unknown, log: DemoCrmOptions['log']): void {
  if (response.destroyed || response.headersSent) {
    response.destroy();
    return;
  }
  const message = cause instanceof LedgerError ? cause.message : 'The demo CRM failed on a request.';
  log({ level: 'error', msg: message, error: cause instanceof Error ? cause.name : typeof cause });
  sendJson(response, 503, { error: 'unavailable', message });
}

async function closeAll(server: Server, ledger: RequestLedger): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  ledger.close();
  // One turn for the answers of what was just written.
  await new Promise((resolve) => setImmediate(resolve));
  server.closeAllConnections();
  await closed;
}
