/** The customer's lead API: reads a request, decides, writes it to the ledger, and only then answers (or does not, as the mode says). */
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FaultPlan, FaultSwitch } from './fault-modes.js';
import { judgeLead, readBody, readIdempotencyKey, type BodyReading } from './lead-intake.js';
import type { RequestLedger } from './request-ledger.js';
import { collectBody, sendJson, sendText } from './wire.js';

export const MAX_BODY_BYTES = 1024 * 1024;

/** What goes back, before a mode delays or withholds it. */
interface Answer {
  status: number;
  headers: OutgoingHttpHeaders;
  body: object | string;
  /** The lead this request made or repeated. */
  lead?: { id: string; leadToken: string };
}

const MAINTENANCE_PAGE =
  '<!doctype html><html lang="de"><title>Wartung</title><h1>Wartungsarbeiten</h1><p>Wir sind gleich wieder da.</p></html>';

export class LeadRoute {
  constructor(
    private readonly ledger: RequestLedger,
    private readonly faults: FaultSwitch,
    private readonly token: string,
  ) {}

  static serves(path: string): boolean {
    return /^\/(leads\/?|lead\/receive(\/.*)?)$/.test(path);
  }

  /** A request whose body is cut off by its sender leaves no line: nothing was asked. */
  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await collectBody(request, MAX_BODY_BYTES);
    const body: BodyReading = bytes === undefined ? { kind: 'too_large' } : readBody(bytes);
    const key = readIdempotencyKey(request.headers['idempotency-key']);

    // From here to append() nothing is awaited: of two requests with one key, one makes the lead and the other repeats it.
    const earlier = key === null ? undefined : this.ledger.leadUnder(key);
    const plan = request.method === 'POST' ? this.faults.take() : undefined;
    const answer = plan === undefined ? METHOD_NOT_ALLOWED : (faultAnswer(plan) ?? this.judge(request, body, earlier));
    const withheld = plan?.mode === 'timeout' || plan?.mode === 'reset';
    await this.ledger.append(
      {
        at: new Date().toISOString(),
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        status: withheld ? null : answer.status,
        key,
        repeat: earlier !== undefined,
        effect: answer.lead !== undefined && earlier === undefined,
        id: answer.lead?.id ?? null,
        leadToken: answer.lead?.leadToken ?? null,
        mode: plan?.mode ?? 'ok',
      },
      body,
    );
    perform(plan, request, response, answer);
  }

  private judge(request: IncomingMessage, body: BodyReading, earlier: Answer['lead']): Answer {
    const refusal = judgeLead(body, request.headers.authorization, this.token);
    if (refusal !== undefined) {
      const { status, ...problem } = refusal;
      const headers = status === 401 ? { 'www-authenticate': 'Bearer' } : {};
      return { status, headers, body: problem };
    }
    const lead = earlier ?? { id: randomUUID(), leadToken: randomBytes(16).toString('hex') };
    const headers: OutgoingHttpHeaders = earlier === undefined ? {} : { 'idempotent-replayed': 'true' };
    return { status: 201, headers, body: { id: lead.id, lead_token: lead.leadToken }, lead };
  }
}

const METHOD_NOT_ALLOWED: Answer = {
  status: 405,
  headers: { allow: 'POST' },
  body: { error: 'method_not_allowed', message: 'Leads are sent with POST.' },
};

/** The answer of a mode that does not look at the request; undefined for the modes that judge it. */
function faultAnswer({ mode, retryAfter }: FaultPlan): Answer | undefined {
  const headers: OutgoingHttpHeaders = retryAfter === null ? {} : { 'retry-after': String(retryAfter) };
  const message = `The demo CRM is in mode ${mode}; POST /_mode {"mode":"ok"} ends it.`;
  switch (mode) {
    case '500':
      return { status: 500, headers, body: { error: 'internal_error', message } };
    case '503':
      return { status: 503, headers, body: { error: 'unavailable', message } };
    case '429':
      return { status: 429, headers, body: { error: 'too_many_requests', message } };
    case '400':
      return { status: 400, headers: {}, body: { error: 'bad_request', message } };
    case '401':
      return { status: 401, headers: { 'www-authenticate': 'Bearer' }, body: { error: 'unauthorized', message } };
    case 'html':
      return { status: 200, headers: {}, body: MAINTENANCE_PAGE };
    case 'ok':
    case 'slow':
    case 'timeout':
    case 'reset':
      return undefined;
  }
}

function perform(plan: FaultPlan | undefined, request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (plan?.mode === 'timeout') return;
  if (plan?.mode === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  if (plan?.mode === 'slow') {
    const timer = setTimeout(() => send(response, answer), plan.ms);
    response.once('close', () => clearTimeout(timer));
    return;
  }
  send(response, answer);
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  if (typeof body === 'string') sendText(response, status, 'text/html; charset=utf-8', body, headers);
  else sendJson(response, status, body, headers);
}
