import { classifyAnswer, type Verdict } from '#core';
import { answers, ScriptedCrm, type Answer } from '../../../../test/support/scripted-crm.js';
import { MOST_TRIES } from '../../../../test/support/took-at-most.js';
import type { DestinationAnswer } from '../destination.port.js';
import { aCall, CANARIES, textOf, type DestinationUnderTest } from './destination-under-test.js';

export interface HttpDestinationUnderTest extends DestinationUnderTest {
  readonly crm: ScriptedCrm;
  /** The answer that says the lead was taken. */
  readonly taken: Answer;
}

export interface HttpPromises {
  /** Starts with this time limit for a call. */
  readonly start: (timeoutSeconds: number) => Promise<HttpDestinationUnderTest>;
  /** Its rules read the answer's content, so a success whose body is missing is none. */
  readonly readsContent: boolean;
}

/** Of a call that ends by itself, however slow the machine; and of one that never does. */
const [ENDS, NEVER_ENDS] = [30, 2];

/** What every kind of destination that calls over HTTP holds, whatever the other side does (docs: FAULTS B.4). */
export function speaksHttp({ start, readsContent }: HttpPromises): void {
  describe('as every destination over HTTP', () => {
    let one: HttpDestinationUnderTest;
    beforeEach(async () => {
      one = await start(ENDS);
    });
    afterEach(() => one.stop());

    async function sent(answer: Answer): Promise<{ verdict: Verdict; answer: DestinationAnswer }> {
      one.crm.next(answer);
      const known = await one.destination.send(aCall(one));
      return {
        verdict: classifyAnswer(one.config.answers, one.config.effect, known.signal),
        answer: known,
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

    async function sentWithin(timeoutSeconds: number, answer: Answer): ReturnType<typeof sent> {
      await one.stop();
      one = await start(timeoutSeconds);
      return sent(answer);
    }

    /**
     * What is known of a call that goes out and, if that is what is expected, has the head of its answer. A machine that stands still lets its
     * time run out before that: then it is made once more.
     */
    async function sentInTime(kind: 'answered' | 'unknown', ...given: Parameters<typeof sentWithin>): ReturnType<typeof sent> {
      for (let tries = 1; ; tries += 1) {
        const known = await sentWithin(...given);
        const stoodStill =
          known.answer.signal.kind === 'not_sent'
            ? one.crm.requests.length === 0
            : known.answer.signal.kind === 'unknown' && kind === 'answered';
        if (!stoodStill || given[0] !== NEVER_ENDS || tries === MOST_TRIES) return known;
      }
    }

    it.each([
      ['was reset inside its body', answers.resetInsideBody(201), ENDS],
      ['was closed inside its body', answers.closeAfterHead(201), ENDS],
      ['has a body of 20 MB', answers.hugeBody(201, 20_000_000), ENDS],
      ['has a body that never ends', answers.dripBody(201, 50), NEVER_ENDS],
    ])('reads an answer that %s by its status, in time and within bounds', async (_description, broken, timeoutSeconds) => {
      const { verdict, answer } = await sentInTime('answered', timeoutSeconds, broken);
      expect(answer.signal).toMatchObject({ kind: 'answered', statusCode: 201, successRule: !readsContent });
      expect(verdict.kind).toBe(readsContent ? 'retry' : 'delivered');
      expect(Buffer.byteLength(answer.excerpt ?? '')).toBeLessThanOrEqual(4096);
    });

    it.each([
      ['hangs', answers.never(), NEVER_ENDS],
      ['sends headers without end', answers.dripHeaders(50), NEVER_ENDS],
      ['resets the connection', answers.resetBeforeHeaders(), ENDS],
      ['resets it inside the headers', answers.resetInsideHeaders(), ENDS],
      ['sends headers of 20 KB', answers.hugeHeaders(20_000), ENDS],
      ['does not speak HTTP', answers.garbage(), ENDS],
    ])('does not know the outcome when the other side %s, and says so in time', async (_description, broken, timeoutSeconds) => {
      const { answer } = await sentInTime('unknown', timeoutSeconds, broken);
      // It is the limit that ends what never ends, and never what ends by itself.
      const code = timeoutSeconds === NEVER_ENDS ? /^CALL_TIMEOUT$/ : /^(?!CALL_TIMEOUT)[A-Z_]+$/;
      expect(answer).toMatchObject({ signal: { kind: 'unknown' }, errorCode: expect.stringMatching(code) as string, recordId: null });
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
