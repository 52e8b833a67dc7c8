import { pino } from 'pino';
import type { DeliveryId, DestinationId, Job, LeadId, WorkKind } from '#core';
import { Metrics } from '../metrics/metrics.js';
import { Ringer } from './ringer.js';

const ids = (count: number): LeadId[] => Array.from({ length: count }, (_, n) => `lead-${n}` as LeadId);

function aRinger() {
  const missed: { kind: WorkKind; ids: readonly string[] }[] = [];
  const ringer = new Ringer(new Metrics(), pino({ level: 'silent' }), async (kind, lost) => {
    missed.push({ kind, ids: lost });
  });
  return { ringer, missed };
}

describe('Ringer', () => {
  afterEach(() => jest.useRealTimers());

  it('packs ids into jobs, and what comes during an add goes out together in as few of them as it fits in', async () => {
    const { ringer } = aRinger();
    const adds: (readonly Job[])[] = [];
    let letGo: () => void = () => {};
    ringer.use({
      incarnation: async () => 'one',
      add: (jobs) => {
        adds.push(jobs);
        return adds.length === 1 ? new Promise((resolve) => (letGo = resolve)) : Promise.resolve();
      },
    });
    ringer.leads(ids(40));
    ringer.leads(ids(5));
    await Promise.resolve();
    ringer.leads(ids(3));
    ringer.leadAlone('suspect' as LeadId);
    ringer.deliveries('demo/crm' as DestinationId, ['d1' as DeliveryId]);
    ringer.leads(ids(2));
    ringer.deliveries('demo/other' as DestinationId, ['d2' as DeliveryId]);
    ringer.deliveries('demo/crm' as DestinationId, ['d3' as DeliveryId]);
    letGo();
    await ringer.settled();
    expect(adds.map((jobs) => jobs.map((job) => (job.type === 'process_leads.v1' ? job.leadIds.length : job.deliveryIds.length)))).toEqual([
      [20, 20, 5],
      [5, 1, 2, 1],
    ]);
  });

  it('reports what it could not ring once for each kind, however it was rung', async () => {
    const { ringer, missed } = aRinger();
    for (const id of ids(3)) ringer.leads([id]);
    for (const id of ['d1', 'd2']) ringer.deliveries(`demo/${id}` as DestinationId, [id as DeliveryId]);
    ringer.leadAlone('suspect' as LeadId);
    await ringer.settled();
    expect(missed).toEqual([
      { kind: 'leads', ids: [...ids(3), 'suspect'] },
      { kind: 'deliveries', ids: ['d1', 'd2'] },
    ]);
  });

  it('rings what comes in the moment in which it ends', async () => {
    const { ringer } = aRinger();
    const added: (readonly Job[])[] = [];
    ringer.use({ incarnation: async () => 'one', add: async (jobs) => void added.push(jobs) });
    // In every moment up to there and beyond: one of them is the last one of the first add.
    for (let moment = 0; moment < 20; moment += 1) {
      ringer.leads(ids(1));
      for (let step = 0; step < moment; step += 1) await Promise.resolve();
      ringer.leads(ids(1));
      await ringer.settled();
      expect(added.splice(0).flatMap((jobs) => jobs.flatMap((job) => (job.type === 'process_leads.v1' ? job.leadIds : [])))).toHaveLength(
        2,
      );
    }
  });

  it('reports what it could not ring: no queue yet', async () => {
    const { ringer, missed } = aRinger();
    ringer.leads(ids(3));
    await ringer.settled();
    expect(missed).toEqual([{ kind: 'leads', ids: ids(3) }]);
  });

  it('reports what it could not ring: the queue refuses', async () => {
    const { ringer, missed } = aRinger();
    ringer.use({ incarnation: async () => 'one', add: () => Promise.reject(new Error('OOM command not allowed')) });
    ringer.deliveries('demo/crm' as DestinationId, ['d1' as DeliveryId]);
    await ringer.settled();
    expect(missed).toEqual([{ kind: 'deliveries', ids: ['d1'] }]);
  });

  it('gives up an add that hangs, as BullMQ’s does while Redis is away, and goes on with the next', async () => {
    jest.useFakeTimers();
    const { ringer, missed } = aRinger();
    let hanging = true;
    const added: (readonly Job[])[] = [];
    ringer.use({
      incarnation: async () => 'one',
      add: (jobs) => {
        if (hanging) return new Promise(() => {});
        added.push(jobs);
        return Promise.resolve();
      },
    });
    ringer.leads(ids(2));
    const settled = ringer.settled();
    await jest.advanceTimersByTimeAsync(0);
    hanging = false;
    ringer.leads(ids(1));
    await jest.advanceTimersByTimeAsync(2000);
    await settled;
    expect(missed.map(({ ids: lost }) => lost.length)).toEqual([2]);
    expect(added).toHaveLength(1);
  });
});
