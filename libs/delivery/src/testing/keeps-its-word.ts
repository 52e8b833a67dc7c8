import type { LeadId } from '#core';
import type { DestinationCall } from '../destination.port.js';
import { aCall, aKey, CANARIES, textOf, type DestinationUnderTest } from './destination-under-test.js';

/** What every kind of destination holds, whatever it speaks. @param start with everything as it should be: each call would be taken */
export function keepsItsWord(start: () => Promise<DestinationUnderTest>): void {
  describe('as every destination', () => {
    let one: DestinationUnderTest;
    beforeEach(async () => {
      one = await start();
    });
    afterEach(() => one.stop());
    const knownBy = (call: DestinationCall): string => one.knownBy?.(call) ?? call.idempotencyKey;

    it('says that it took what it took', async () => {
      const answer = await one.destination.send(aCall(one));
      expect(answer).toMatchObject({ signal: { kind: 'answered', successRule: true }, errorCode: null });
      expect(one.received()).toHaveLength(1);
    });

    it('sends every attempt of a delivery under one key, with the same bytes', async () => {
      for (const attemptNo of [1, 2, 6]) await one.destination.send(aCall(one, { attemptNo }));
      const [first, ...others] = one.received();
      expect(first?.key).toBe(knownBy(aCall(one)));
      expect(others).toEqual([first, first]);
    });

    it('keeps calls that run at once apart', async () => {
      const calls = [...'ABCDEFGHIJKLMNOPQRST'].map((letter, no) =>
        aCall(one, { idempotencyKey: aKey(letter), leadId: `01935f2a-1234-7890-8123-${`${no}`.padStart(12, '0')}` as LeadId }),
      );
      const answers = await Promise.all(calls.map((call) => one.destination.send(call)));
      expect(answers.filter(({ signal }) => signal.kind === 'answered' && signal.successRule)).toHaveLength(calls.length);
      expect(new Set(one.received().map(({ key }) => key))).toEqual(new Set(calls.map(knownBy)));
    });

    it('keeps nothing of the person and none of its secrets', async () => {
      const kept = textOf(await one.destination.send(aCall(one)));
      expect(kept).not.toMatch(CANARIES);
      for (const secret of one.secrets) expect(kept).not.toContain(secret);
    });
  });
}
