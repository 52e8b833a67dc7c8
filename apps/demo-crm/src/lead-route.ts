/** The customer's lead API: reads a request, decides, writes it to the ledger, and only then answers (or does not, as the mode says). */
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { alreadyThere, faultAnswer, perform, WITHOUT_A_STATUS, type Answer } from './fault-answers.js';
import { NO_FAULT, type FaultPlan, type FaultSwitch } from './fault-modes.js';
import { externalIdOf, judgeLead, readBody, readIdempotencyKey, type BodyReading } from './lead-intake.js';
import type { RequestLedger } from './request-ledger.js';
import { collectBody } from './wire.js';

export const MAX_BODY_BYTES = 1024 * 1024;

/** An answer to a lead request. */
interface LeadAnswer extends Answer {
  /** The lead this request made or repeated. */
  readonly lead?: { id: string; leadToken: string };
}

export class LeadRoute {
  /** Of mode flap: the paths whose next request is answered well. */
  private readonly flapped = new Set<string>();

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
    const plan = request.method === 'POST' ? this.planFor(request) : undefined;
    const answer = plan === undefined ? METHOD_NOT_ALLOWED : this.answer(plan, request, body, earlier);
    await this.ledger.append(
      {
        at: new Date().toISOString(),
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        status: plan !== undefined && WITHOUT_A_STATUS.includes(plan.mode) ? null : answer.status,
        key,
        repeat: earlier !== undefined,
        effect: answer.lead !== undefined && earlier === undefined,
        id: answer.lead?.id ?? null,
        leadToken: answer.lead?.leadToken ?? null,
        mode: plan?.mode ?? 'ok',
      },
      body,
    );
    await perform(plan ?? NO_FAULT, request, response, answer);
  }

  private planFor(request: IncomingMessage): FaultPlan {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const plan = this.faults.take(path);
    if (plan.mode !== 'flap') return plan;
    if (this.flapped.delete(path)) return { ...plan, mode: 'ok' };
    this.flapped.add(path);
    return { ...plan, mode: '500' };
  }

  private answer(plan: FaultPlan, request: IncomingMessage, body: BodyReading, earlier: LeadAnswer['lead']): LeadAnswer {
    const fault = faultAnswer(plan, request.url ?? '');
    if (fault !== undefined) return fault;
    const judged = this.judge(request, body, earlier);
    if (plan.mode !== 'exists' || judged.lead === undefined) return judged;
    return { ...alreadyThere({ id: judged.lead.id, externalId: externalIdOf(body) }), lead: judged.lead };
  }

  private judge(request: IncomingMessage, body: BodyReading, earlier: LeadAnswer['lead']): LeadAnswer {
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

const METHOD_NOT_ALLOWED: LeadAnswer = {
  status: 405,
  headers: { allow: 'POST' },
  body: { error: 'method_not_allowed', message: 'Leads are sent with POST.' },
};
