import { classifyAnswer, type Verdict } from '#core';
import { answers, ScriptedCrm, type Answer } from '../../../../test/support/scripted-crm.js';
import type { DestinationAnswer } from '../destination.port.js';
import { aCall, CANARIES, textOf, type DestinationUnderTest } from './destination-under-test.js';

export interface HttpDestinationUnderTest extends DestinationUnderTest {
  readonly crm: ScriptedCrm;
  /** The answer that says the lead was taken. */
  readonly taken: Answer;
}

export interface HttpPromises {
  /** Starts with a time limit of one second for a call. */
  readonly start: () => Promise<HttpDestinationUnderTest>;
  /** Its rules read the answer's content, so a success whose body is missing is none. */
  readonly readsContent: boolean;
}

/** What every kind of destination that calls over HTTP holds, whatever the other side does (docs: FAULTS B.4). */
export function speaksHttp({ start, readsContent }: HttpPromises): void {
  describe('as every destination over HTTP', () => {
    let one: HttpDestinationUnderTest;
    beforeEach(async () => {
      one = await start();
    });
    afterEach(() => one.stop());

    async function sent(answer: Answer): Promise<{ verdict: Verdict; answer: DestinationAnswer; tookMs: number }> {
      one.crm.next(answer);
      const began = performance.now();
      const known = await one.destination.send(aCall(one));
      return {
        verdict: classifyAnswer(one.config.answers, one.config.effect, known.signal),
        answer: known,
        tookMs: performance.now() - began,
      };
    }

    it.each([400, 404, 405, 409, 410, 413, 422])('is refused for good by %i', async (status) => {
      expect((await sent(answers.status(status))).verdict).toEqual({ kind: 'refused', error: `Client error: ${status}` });
    });

    it.each([403, 407])('is not let in with %i', async (status) => {
      const error = `Client error: ${status}`;
      expect((await sent(answers.status(status))).verdict).toEqual(
        one.config.answers === 'plain' ? { kind: 'refused', error } : { kind: 'pause', reason: 'destination_refuses_us', error },
      );
    });

    it.each([408, 425, 429, 500, 502, 503, 504, 520])('tries again after %i', async (status) => {
      expect((await sent(answers.status(status))).verdict).toMatchObject({ kind: 'retry', retryAfterSeconds: null });
    });

    it.each([
      ['seconds', { 'retry-after': '120' }, 120],
      ['a date', { 'retry-after': 'Sun, 22 Nov 2026 12:02:00 GMT', date: 'Sun, 22 Nov 2026 12:00:00 GMT' }, 120],
      ['a date gone by', { 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT', date: 'Sun, 22 Nov 2026 12:00:00 GMT' }, 0],
      ['neither', { 'retry-after': 'soon' }, null],
      ['a negative number', { 'retry-after': '-5' }, null],
      ['two numbers, as behind a proxy that adds its own', { 'retry-after': '120', 'Retry-After': '7' }, 120],
      ['thirty years', { 'retry-after': '1000000000' }, 1_000_000_000],
    ])('hears Retry-After as %s', async (_form, headers, retryAfterSeconds) => {
      expect((await sent(answers.status(429, { headers }))).verdict).toMatchObject({ kind: 'retry', retryAfterSeconds });
    });

    it('follows no redirect', async () => {
      const elsewhere = await ScriptedCrm.start();
      const { verdict } = await sent(answers.redirect(elsewhere.url));
      expect(verdict).toEqual({ kind: 'refused', error: 'Client error: 302' });
      expect(elsewhere.requests).toEqual([]);
      await elsewhere.close();
    });

    it('takes no page for people for a success', async () => {
      const { verdict, answer } = await sent(answers.html(200));
      expect(verdict).toEqual({ kind: 'retry', cause: 'Unexpected answer: 200', retryAfterSeconds: null });
      expect(answer).toMatchObject({ errorCode: 'PROTOCOL_ERROR', decidedBy: 'protocol:html_page', recordId: null });
    });

    it.each([
      ['was reset inside its body', answers.resetInsideBody(201)],
      ['was closed inside its body', answers.closeAfterHead(201)],
      ['has a body of 20 MB', answers.hugeBody(201, 20_000_000)],
      ['has a body that never ends', answers.dripBody(201, 50)],
    ])('reads an answer that %s by its status, in time and within bounds', async (_description, broken) => {
      const { verdict, answer, tookMs } = await sent(broken);
      expect(answer.signal).toMatchObject({ kind: 'answered', statusCode: 201, successRule: !readsContent });
      expect(verdict.kind).toBe(readsContent ? 'retry' : 'delivered');
      expect(Buffer.byteLength(answer.excerpt ?? '')).toBeLessThanOrEqual(4096);
      expect(tookMs).toBeLessThan(2500);
    });

    it.each([
      ['hangs', answers.never()],
      ['sends headers without end', answers.dripHeaders(50)],
      ['resets the connection', answers.resetBeforeHeaders()],
      ['resets it inside the headers', answers.resetInsideHeaders()],
      ['sends headers of 20 KB', answers.hugeHeaders(20_000)],
      ['does not speak HTTP', answers.garbage()],
    ])('does not know the outcome when the other side %s, and says so in time', async (_description, broken) => {
      const { answer, tookMs } = await sent(broken);
      expect(answer).toMatchObject({
        signal: { kind: 'unknown' },
        errorCode: expect.stringMatching(/^[A-Z_]+$/) as string,
        recordId: null,
      });
      expect(tookMs).toBeLessThan(2500);
    });

    it('knows that nothing was sent when nobody listens', async () => {
      await one.crm.close();
      expect(await one.destination.send(aCall(one))).toMatchObject({ signal: { kind: 'not_sent' }, errorCode: 'ECONNREFUSED' });
    });

    it('ends with its process: not sent before, unknown within a call', async () => {
      expect((await one.destination.send(aCall(one, { signal: AbortSignal.abort() }))).signal.kind).toBe('not_sent');
      one.crm.next(answers.never());
      const stop = new AbortController();
      const call = one.destination.send(aCall(one, { signal: stop.signal }));
      await one.crm.received(1);
      stop.abort();
      expect((await call).signal.kind).toBe('unknown');
    });

    it('carries a trace through and lets none write headers', async () => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      await one.destination.send(aCall(one, { traceparent }));
      await one.destination.send(aCall(one, { traceparent: `${traceparent}\r\nx-evil: 1` }));
      const [good, bad] = one.crm.requests;
      expect(good?.headers['traceparent']).toBe(traceparent);
      expect(bad?.headers).not.toHaveProperty('traceparent');
      expect(bad?.headers).not.toHaveProperty('x-evil');
    });

    it('keeps no secret and nothing of the person, also when the other side repeats all of it', async () => {
      const echo =
        (status: number): Answer =>
        (socket, request) => {
          const said = JSON.stringify({ error: 'unprocessable', headers: request.headers, body: request.body });
          answers.status(status, { body: said })(socket, request);
        };
      for (const status of [200, 422, 500]) {
        const kept = textOf((await sent(echo(status))).answer);
        expect(kept).not.toMatch(CANARIES);
        for (const secret of one.secrets) expect(kept).not.toContain(secret);
      }
    });
  });
}
