import type { LeadId } from '#core';
import type { DestinationAnswer, DestinationCall } from '../../destination.port.js';
import { Batches, type BatchedCall, type BatchLimits } from './batches.js';

interface Sent {
  readonly keys: readonly string[];
  readonly limits: BatchLimits;
  readonly answer: (answers?: readonly DestinationAnswer[]) => void;
  readonly fail: (error: Error) => void;
}

const TAKEN: DestinationAnswer = {
  signal: { kind: 'answered', statusCode: 200, successRule: true, retryAfterSeconds: null },
  errorCode: null,
  excerpt: null,
  recordId: null,
};

function aCall(signal = new AbortController().signal, leadId = 'lead' as LeadId): DestinationCall {
  return {
    leadId,
    payload: '{}',
    contentType: 'application/json',
    idempotencyKey: 'key',
    attemptNo: 1,
    traceparent: null,
    signal,
  };
}

/** Batches whose answers the test gives. */
function start({ maxCalls = 3, maxBytes = 100, inFlight = 1, timeoutMs = 60_000 } = {}) {
  const sent: Sent[] = [];
  const waiting: (() => void)[] = [];
  const batches = new Batches<BatchedCall>({
    maxCalls,
    maxBytes,
    inFlight,
    timeoutMs,
    send: (calls, limits) =>
      new Promise((resolve, reject) => {
        sent.push({
          keys: calls.map(({ key }) => key),
          limits,
          answer: (answers = calls.map(() => TAKEN)) => resolve(answers),
          fail: reject,
        });
        for (const wake of waiting.splice(0)) wake();
      }),
  });
  return {
    submit: (key: string, { bytes = 1, signal, leadId }: { bytes?: number; signal?: AbortSignal; leadId?: LeadId } = {}) =>
      batches.submit({ call: aCall(signal, leadId), key, bytes }),
    sent: async (index: number): Promise<Sent> => {
      while (sent.length <= index) await new Promise<void>((wake) => waiting.push(wake));
      return sent[index] as Sent;
    },
    count: () => sent.length,
  };
}

describe('batches', () => {
  it('take what came in one turn, and what gathered while they were under way', async () => {
    const { submit, sent } = start();
    const first = [submit('a'), submit('b')];
    (await sent(0)).answer();
    await Promise.all(first);
    const one = submit('c');
    const running = await sent(1);
    const later = ['d', 'e', 'f', 'g'].map((key) => submit(key));
    running.answer();
    await one;
    expect((await sent(2)).keys).toEqual(['d', 'e', 'f']);
    (await sent(2)).answer();
    expect((await sent(3)).keys).toEqual(['g']);
    (await sent(3)).answer();
    expect(await Promise.all(later)).toMatchObject([TAKEN, TAKEN, TAKEN, TAKEN]);
  });

  it('hold no more bytes than may go together, but for one that is larger alone', async () => {
    const { submit, sent } = start({ inFlight: 3 });
    void submit('a', { bytes: 60 });
    void submit('b', { bytes: 60 });
    void submit('c', { bytes: 600 });
    expect([(await sent(0)).keys, (await sent(1)).keys, (await sent(2)).keys]).toEqual([['a'], ['b'], ['c']]);
    for (const index of [0, 1, 2]) (await sent(index)).answer();
  });

  it('never write one record twice at a time, and let the others pass', async () => {
    const { submit, sent, count } = start({ inFlight: 2 });
    const all = [submit('a'), submit('a'), submit('b')];
    expect((await sent(0)).keys).toEqual(['a', 'b']);
    expect(count()).toBe(1);
    (await sent(0)).answer();
    expect((await sent(1)).keys).toEqual(['a']);
    (await sent(1)).answer();
    expect(await Promise.all(all)).toMatchObject([TAKEN, TAKEN, TAKEN]);
  });

  it('speak to their destination as one: of their first lead', async () => {
    const { submit, sent } = start();
    const all = ['a', 'b', 'c', 'd'].map((key) => submit(key, { leadId: key as LeadId }));
    (await sent(0)).answer();
    (await sent(1)).answer();
    expect((await Promise.all(all)).map(({ subject }) => subject)).toEqual(['a', 'a', 'a', undefined]);
  });

  it('send no call that had no turn in half of its time, and leave the rest to the call', async () => {
    const { submit, sent, count } = start({ timeoutMs: 2000 });
    const one = submit('a');
    const running = await sent(0);
    expect(running.limits.timeoutMs).toBeLessThanOrEqual(2000);
    expect(await submit('b')).toMatchObject({ signal: { kind: 'not_sent', because: 'us' }, errorCode: 'NO_TURN' });
    running.answer();
    await one;
    expect(count()).toBe(1);
  });

  it('send nothing for a process that ends, and break off what is under way', async () => {
    const { submit, sent, count } = start();
    const stop = new AbortController();
    void submit('a', { signal: stop.signal });
    const running = await sent(0);
    const waiting = submit('b', { signal: stop.signal });
    stop.abort();
    expect(await waiting).toMatchObject({ signal: { kind: 'not_sent' }, errorCode: 'CALL_ABORTED' });
    expect(await submit('c', { signal: stop.signal })).toMatchObject({ errorCode: 'CALL_ABORTED' });
    expect(running.limits.signal.aborted).toBe(true);
    expect(count()).toBe(1);
    running.answer();
  });

  it('tell a fault to those it befell, and go on', async () => {
    const { submit, sent } = start();
    const [failed, short] = [submit('a'), submit('b')];
    const outcomes = Promise.allSettled([failed, short]);
    (await sent(0)).answer([TAKEN]);
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    const next = Promise.allSettled([submit('a')]);
    (await sent(1)).fail(new Error('a fault'));
    expect(await next).toMatchObject([{ status: 'rejected' }]);
    const last = submit('a');
    (await sent(2)).answer();
    expect(await last).toBe(TAKEN);
  });
});
