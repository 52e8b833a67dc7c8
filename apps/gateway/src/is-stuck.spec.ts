import { isStuck, type ConsumerSigns } from './is-stuck.js';

const STUCK: ConsumerSigns = { quietSeconds: 31, oldestLeadSeconds: 0, oldestDeliverySeconds: 31, sending: false, jobsWait: true };

describe('are the consumers of a queue stuck?', () => {
  it.each<[string, Partial<ConsumerSigns>, boolean]>([
    ['old deliveries, jobs that wait, nothing completes', {}, true],
    ['old leads likewise, also while calls are under way', { oldestLeadSeconds: 31, oldestDeliverySeconds: 0, sending: true }, true],
    ['a CRM that hangs: calls are under way and the deliveries behind them grow old', { sending: true }, false],
    ['another process has every job there is', { jobsWait: false }, false],
    ['something completed lately', { quietSeconds: 29 }, false],
    ['nothing old is due', { oldestDeliverySeconds: 29 }, false],
  ])('%s', (_case, signs, stuck) => expect(isStuck({ ...STUCK, ...signs })).toBe(stuck));
});
