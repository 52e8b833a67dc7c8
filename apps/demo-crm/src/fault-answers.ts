/** What the modes do to an answer: replace it, or spoil the way it goes over the wire. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { retryAfterText, type FaultMode, type FaultPlan } from './fault-modes.js';
import { sendJson, sendText } from './wire.js';

/** What goes back, before a mode delays, spoils or withholds it. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  /** An object is sent as JSON, a text as `type`. */
  readonly body: object | string;
  /** Of a text; HTML unless told. */
  readonly type?: string;
}

const MAINTENANCE_PAGE =
  '<!doctype html><html lang="de"><title>Wartung</title><h1>Wartungsarbeiten</h1><p>Wir sind gleich wieder da.</p></html>';
const JSON_TYPE = 'application/json; charset=utf-8';
const HUGE_BYTES = 1024 ** 3;
const BOMB_BYTES = 100 * 1024 * 1024;
const BOMB_MEMBER_BYTES = 1024 * 1024;
const BIG_HEADER_BYTES = 20 * 1024;
/** The reset may overtake what was written before it: the sender has to have read the headers first. */
const BEFORE_RESET_MS = 50;

/**
 * The answer of a mode that does not look at the request; undefined for the modes that judge it.
 * @param path with its query, as it was called
 */
export function faultAnswer(plan: FaultPlan, path: string): Answer | undefined {
  const { mode } = plan;
  switch (mode) {
    case 'refused':
      return { status: 200, headers: {}, body: { success: false, error: 'this CRM does not want it' } };
    case 'partial':
      return { status: 207, headers: {}, body: { results: [{ index: 0, success: false, error: 'this CRM does not want it' }] } };
    case 'html':
      return { status: 200, headers: {}, body: MAINTENANCE_PAGE };
    case 'empty':
      return { status: 200, headers: {}, body: '', type: JSON_TYPE };
    case 'not_json':
      return { status: 200, headers: {}, body: '{"id":"', type: JSON_TYPE };
    case 'loop':
      return { status: 302, headers: { location: path }, body: {} };
    case 'exists_other':
      return alreadyThere({ id: 'of-another-lead', externalId: 'of-another-lead' });
    default:
      return /^\d/.test(mode) ? statusAnswer(plan) : undefined;
  }
}

/** It has the lead already, under this record and external id. */
export function alreadyThere({ id, externalId }: { id: string; externalId: string | null }): Answer {
  return { status: 409, headers: {}, body: { error: 'already_exists', message: 'This lead already exists.', id, external_id: externalId } };
}

function statusAnswer(plan: FaultPlan): Answer {
  const status = Number(plan.mode);
  const headers: OutgoingHttpHeaders = {};
  const retryAfter = retryAfterText(plan, new Date());
  if (retryAfter !== undefined && (status >= 500 || [408, 425, 429].includes(status))) headers['retry-after'] = retryAfter;
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  if (status < 400) headers['location'] = plan.location;
  const message = `The demo CRM is in mode ${plan.mode}; POST /_mode {"mode":"ok"} ends it.`;
  return { status, headers, body: { error: ERRORS[plan.mode] ?? 'unavailable', message } };
}

const ERRORS: Readonly<Partial<Record<FaultMode, string>>> = {
  '400': 'bad_request',
  '401': 'unauthorized',
  '403': 'forbidden',
  '404': 'not_found',
  '409': 'conflict',
  '410': 'gone',
  '422': 'invalid_lead',
  '429': 'too_many_requests',
  '500': 'internal_error',
};

/** Modes in which no status line reaches the sender. */
export const WITHOUT_A_STATUS: readonly FaultMode[] = ['timeout', 'reset', 'hangup', 'garbage'];

/** Sends the answer in the way of the mode. */
export async function perform(plan: FaultPlan, request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  switch (plan.mode) {
    case 'timeout':
      return;
    case 'reset':
      request.socket.resetAndDestroy();
      return;
    case 'hangup':
      request.socket.destroy();
      return;
    case 'garbage':
      request.socket.end('SSH-2.0-OpenSSH_9.2\r\n');
      return;
    case 'slow':
      return untilClosed(
        response,
        setTimeout(() => send(response, answer), plan.ms),
      );
    case 'drip':
      response.writeHead(answer.status, { 'content-type': JSON_TYPE });
      return untilClosed(
        response,
        setInterval(() => response.write(' '), plan.ms),
      );
    case 'broken':
      response.writeHead(answer.status, { 'content-type': JSON_TYPE, 'content-length': 1000 });
      response.write('{"id":"');
      return untilClosed(
        response,
        setTimeout(() => request.socket.resetAndDestroy(), BEFORE_RESET_MS),
      );
    case 'big_header':
      return send(response, { ...answer, headers: { ...answer.headers, 'x-big': 'x'.repeat(BIG_HEADER_BYTES) } });
    case 'huge':
      response.writeHead(answer.status, { 'content-type': JSON_TYPE, 'content-length': HUGE_BYTES });
      return pipeline(Readable.from(spaces(HUGE_BYTES)), response);
    case 'gzip_bomb': {
      const packed = await bomb();
      response.writeHead(answer.status, { 'content-type': JSON_TYPE, 'content-encoding': 'gzip', 'content-length': packed.length });
      response.end(packed);
      return;
    }
    default:
      return send(response, answer);
  }
}

function untilClosed(response: ServerResponse, timer: NodeJS.Timeout): void {
  response.once('close', () => clearTimeout(timer));
}

function* spaces(bytes: number): Generator<Buffer> {
  const piece = Buffer.alloc(64 * 1024, ' ');
  for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, left);
}

let packing: Promise<Buffer> | undefined;

/** gzip may consist of several members, each packed by itself: the same one as often as it takes. */
async function bomb(): Promise<Buffer> {
  packing ??= promisify(gzip)(Buffer.alloc(BOMB_MEMBER_BYTES, ' '), { level: 9 });
  const member = await packing;
  return Buffer.concat(Array.from({ length: BOMB_BYTES / BOMB_MEMBER_BYTES }, () => member));
}

function send(response: ServerResponse, { status, headers, body, type = 'text/html; charset=utf-8' }: Answer): void {
  if (typeof body === 'string') sendText(response, status, type, body, headers);
  else sendJson(response, status, body, headers);
}
