import { waitsFor, type ServiceStanding, type WaitingDelivery } from './waits-for.js';

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1) + seconds * 1000);
const NOW = at(0);
const DUE: WaitingDelivery = { status: 'RETRYING', holdReason: null, nextAttemptAt: at(-1), supersededAt: null };
const WORKS: ServiceStanding = { state: 'closed', probeAt: null, probeUntil: null, holdUntil: null, pausedAt: null, pauseReason: null };
const OPEN: ServiceStanding = { ...WORKS, state: 'open', probeAt: at(300) };

describe('what a delivery waits for', () => {
  it.each<[string, Partial<WaitingDelivery>, Partial<ServiceStanding> | undefined, object | null]>([
    ['nothing, once it is delivered', { status: 'DELIVERED' }, {}, null],
    ['nothing, once it failed for good', { status: 'PERMANENTLY_FAILED' }, OPEN, null],
    ['nothing, once another one took its place', { supersededAt: at(-5) }, {}, null],
    ['a person, with the reason', { status: 'HELD', holdReason: 'unknown_outcome' }, {}, { what: 'person', reason: 'unknown_outcome' }],
    ['the answer to its call', { status: 'SENDING' }, OPEN, { what: 'answer' }],
    ['its turn', {}, undefined, { what: 'turn' }],
    ['its time', { nextAttemptAt: at(30) }, {}, { what: 'time', until: at(30) }],
    [
      'whoever resumes its destination',
      { nextAttemptAt: at(30) },
      { pausedAt: at(-9), pauseReason: 'gone', holdUntil: at(9) },
      { what: 'resume', reason: 'gone' },
    ],
    ['the end of the quiet', {}, { holdUntil: at(120) }, { what: 'quiet', until: at(120) }],
    ['nothing of a quiet that is over', {}, { holdUntil: at(-1) }, { what: 'turn' }],
    ['its time, where that is later than the quiet', { nextAttemptAt: at(480) }, { holdUntil: at(120) }, { what: 'time', until: at(480) }],
    ['the probe', { nextAttemptAt: at(30) }, OPEN, { what: 'probe', until: at(300) }],
    ['the end of the probe', {}, { ...OPEN, state: 'half_open', probeUntil: at(60) }, { what: 'probe', until: at(60) }],
    ['the quiet, where it outlasts the wait for the probe', {}, { ...OPEN, holdUntil: at(900) }, { what: 'quiet', until: at(900) }],
    ['the probe, where that is later than the quiet', {}, { ...OPEN, holdUntil: at(9) }, { what: 'probe', until: at(300) }],
  ])('%s', (_description, delivery, service, expected) => {
    const found = waitsFor({ ...DUE, ...delivery }, service && { ...WORKS, ...service }, NOW);
    expect(found).toEqual(expected && { until: null, reason: null, ...expected });
  });
});
