import { classifyAnswer, type LeadId, type Verdict } from '#core';
import { eventually } from '../../../../test/support/eventually.js';
import type { DestinationAnswer, DestinationCall } from '../destination.port.js';
import { aCall, CANARIES, textOf, type DestinationUnderTest } from './destination-under-test.js';

/**
 * What may happen to one call for several leads.
 * - `down`: nothing took effect, and the other side says that it is not well.
 * - `lost_answer`: everything took effect and no answer came.
 * - `cut_answer`: everything took effect and the answer broke off in its middle.
 * - `too_few_results`: everything took effect and the answer says nothing of one of them.
 * - `hangs`: nothing took effect and no answer comes.
 */
export type BatchFault = 'down' | 'lost_answer' | 'cut_answer' | 'too_few_results' | 'hangs';

/** What a kind that sends leads together brings to the suite. */
export interface BatchDestinationUnderTest extends DestinationUnderTest {
  /** The most leads in one call. */
  readonly maxTogether: number;
  /** The payload of one of many people, as the mapping would have written it. */
  payloadOf(person: number): string;
  /** How many leads each call carried, in the order in which the calls came. */
  calls(): readonly number[];
  /** How many records there are over there. */
  records(): number;
  /** How often this delivery took effect. */
  effectsOf(call: Pick<DestinationCall, 'idempotencyKey' | 'leadId'>): number;
  /** These people are refused. */
  refuse(...people: number[]): void;
  /** What happens to the next call. */
  next(fault: BatchFault): void;
}

export interface BatchPromises {
  /** @param timeoutSeconds the destination's time limit */
  readonly start: (given: { timeoutSeconds: number }) => Promise<BatchDestinationUnderTest>;
  /** The faults that can befall it. */
  readonly faults: readonly BatchFault[];
}

/** A delivery of the suite: the person and the number of the delivery, which tells its key and lead. */
interface Sent {
  readonly person: number;
  readonly no: number;
}

const leadOf = ({ no }: Sent): LeadId => `01935f2a-1234-7890-8123-${`${no}`.padStart(12, '0')}` as LeadId;
const callOf = (sent: Sent): Pick<DestinationCall, 'idempotencyKey' | 'leadId'> => ({
  idempotencyKey: `${sent.no}`.padStart(52, 'K'),
  leadId: leadOf(sent),
});
const people = (count: number): Sent[] => Array.from({ length: count }, (_, index) => ({ person: index + 1, no: index + 1 }));

/** What every kind holds that sends several leads in one call: each delivery of a batch gets its own truth. */
export function sendsInBatches({ start, faults }: BatchPromises): void {
  describe('as every destination that sends leads together', () => {
    let one: BatchDestinationUnderTest;
    beforeEach(async () => {
      one = await start({ timeoutSeconds: 30 });
    });
    afterEach(() => one.stop());

    const send = (sent: Sent, given: Partial<DestinationCall> = {}): Promise<DestinationAnswer> =>
      one.destination.send(aCall(one, { payload: one.payloadOf(sent.person), ...callOf(sent), ...given }));
    const sendAll = (all: readonly Sent[], attemptNo = 1): Promise<DestinationAnswer[]> =>
      Promise.all(all.map((sent) => send(sent, { attemptNo })));
    const verdictOf = ({ signal }: DestinationAnswer): Verdict['kind'] =>
      classifyAnswer(one.config.answers, one.config.effect, signal).kind;

    /** Whoever was not delivered is sent once more; then everybody is, and nobody is there twice. */
    async function recover(all: readonly Sent[], answers: readonly DestinationAnswer[]): Promise<void> {
      const verdicts = answers.map(verdictOf);
      const again = all.filter((_, index) => verdicts[index] !== 'delivered');
      expect((await sendAll(again, 2)).map(verdictOf)).toEqual(again.map(() => 'delivered'));
      expect(one.records()).toBe(all.length);
    }

    it('sends what comes at once in one call, and tells each what became of it', async () => {
      const all = people(Math.min(10, one.maxTogether));
      const answers = await sendAll(all);
      expect(one.calls()).toEqual([all.length]);
      expect(answers.map(verdictOf)).toEqual(all.map(() => 'delivered'));
      expect(all.map((sent) => one.effectsOf(callOf(sent)))).toEqual(all.map(() => 1));
    });

    it('lets no lead wait that comes alone', async () => {
      expect(verdictOf(await send({ person: 1, no: 1 }))).toBe('delivered');
      expect(one.calls()).toEqual([1]);
    });

    it('sends no more in one call than the other side takes', async () => {
      const all = people(one.maxTogether * 2 + 1);
      const answers = await sendAll(all);
      expect(answers.map(verdictOf)).toEqual(all.map(() => 'delivered'));
      expect(Math.max(...one.calls())).toBe(one.maxTogether);
      expect(one.records()).toBe(all.length);
    });

    it('tells the refused from the others, and each of the others took effect once', async () => {
      const all = people(Math.min(20, one.maxTogether));
      one.refuse(3, 17);
      const answers = await sendAll(all);
      expect(answers.map(verdictOf)).toEqual(all.map(({ person }) => (person === 3 || person === 17 ? 'refused' : 'delivered')));
      expect(all.map((sent) => one.effectsOf(callOf(sent)))).toEqual(all.map(({ person }) => (person === 3 || person === 17 ? 0 : 1)));
    });

    it('keeps nothing of anybody in the batch', async () => {
      one.refuse(2);
      const canary: Promise<DestinationAnswer> = one.destination.send(aCall(one));
      for (const answer of [await canary, ...(await sendAll(people(3)))]) {
        expect(textOf(answer)).not.toMatch(CANARIES);
        expect(textOf(answer)).not.toMatch(/person-\d|@/);
      }
    });

    it('never has one record in two calls at once, nor twice in one', async () => {
      const leadId = leadOf({ person: 1, no: 1 });
      const answers = await Promise.all([1, 2, 3].map((no) => send({ person: 1, no }, { leadId })));
      expect(answers.map(verdictOf)).toEqual(['delivered', 'delivered', 'delivered']);
      expect(one.calls()).toEqual([1, 1, 1]);
      expect(one.records()).toBe(1);
    });

    for (const fault of faults.filter((name) => name !== 'hangs')) {
      it(`says of nobody that it was taken or refused who met: ${fault}`, async () => {
        const all = people(Math.min(10, one.maxTogether));
        one.next(fault);
        const answers = await sendAll(all);
        const verdicts = answers.map(verdictOf);
        expect(verdicts).toContain('retry');
        if (fault !== 'too_few_results') expect(new Set(verdicts)).toEqual(new Set(['retry']));
        expect(verdicts).not.toContain('refused');
        await recover(all, answers);
      });

      it(`is one failure of its destination, of the first lead, whoever met: ${fault}`, async () => {
        const all = people(Math.min(10, one.maxTogether));
        one.next(fault);
        const answers = await sendAll(all);
        expect(one.calls()[0]).toBe(all.length);
        expect(answers.map(({ subject }) => subject)).toEqual(all.map(() => leadOf(all[0] as Sent)));
      });
    }

    if (faults.includes('hangs')) {
      it('lets nobody wait for a call that hangs, and ends it in time', async () => {
        await one.stop();
        // A third of it may be for a token, and the machine may stand still for a moment before the call goes out.
        one = await start({ timeoutSeconds: 6 });
        one.next('hangs');
        let hangs = true;
        const hanging = sendAll(people(2)).finally(() => (hangs = false));
        await eventually('the call that hangs', async () => (one.calls().length === 1 ? true : undefined));
        // A machine may be so slow that the limit is over by now; what is asked of it is only the order.
        const other = await send({ person: 3, no: 3 });
        if (hangs) expect(verdictOf(other)).toBe('delivered');
        expect((await hanging).map(({ signal }) => signal.kind)).toEqual(['unknown', 'unknown']);
      });

      it('ends with its process: what waits was not sent, what is under way is unknown', async () => {
        const stop = new AbortController();
        const leadId = leadOf({ person: 1, no: 1 });
        one.next('hangs');
        const underWay = send({ person: 1, no: 1 }, { leadId, signal: stop.signal });
        const waiting = send({ person: 1, no: 2 }, { leadId, signal: stop.signal });
        await eventually('the call under way', async () => (one.calls().length === 1 ? true : undefined));
        stop.abort();
        expect((await underWay).signal.kind).toBe('unknown');
        expect((await waiting).signal.kind).toBe('not_sent');
      });
    }
  });
}
