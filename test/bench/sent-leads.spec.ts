import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readBenchArguments } from '../../bench/bench-arguments.js';
import { LeadGenerator } from '../../bench/guard/generate-leads.js';
import type { LabelledLead } from '../../bench/guard/labels.js';
import { sendLeads } from '../../bench/guard/send-leads.js';
import { Tally } from '../../bench/guard/tally.js';
import { ProgressBar } from '../../bench/support/progress.js';

const COUNT = 600;
const generator = new LeadGenerator(1);
const leads = Array.from({ length: COUNT }, (_, number) => generator.lead(number));

interface Received {
  readonly sourceId: string;
  readonly tenant: string;
}

/** Answers as a guard that knows the labels would, except where a test says otherwise. */
class LabelReader {
  readonly received: Received[] = [];
  private readonly first = new Map<string, object>();
  private readonly labels = new Map(leads.filter(({ isReplay }) => !isReplay).map((lead) => [lead.fields['source_id'], lead]));
  wrong: (lead: LabelledLead) => boolean = () => false;
  broken: (lead: LabelledLead) => boolean = () => false;
  private server: Server | undefined;

  async start(): Promise<string> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { source_id: string; tenant_id: string };
        this.received.push({ sourceId: body.source_id, tenant: body.tenant_id });
        const lead = this.labels.get(body.source_id) as LabelledLead;
        if (this.broken(lead)) return response.writeHead(500).end();
        const decision = this.wrong(lead) ? 'REJECT' : lead.allowed[body.tenant_id === 't2' ? 'STRICT' : 'SALVAGE'][0];
        const submission = `${body.tenant_id}/${body.source_id}`;
        const answer = this.first.get(submission) ?? {
          request_id: `00000000-0000-7000-8000-${String(this.received.length).padStart(12, '0')}`,
          decision,
          reason_codes: [],
          duplicate_check_skipped: false,
        };
        this.first.set(submission, answer);
        return response.end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server?.close(() => resolve()));
  }
}

describe('sending labelled leads', () => {
  let guard: LabelReader;
  let url: string;
  beforeEach(async () => {
    guard = new LabelReader();
    url = await guard.start();
  });
  afterEach(() => guard.stop());

  const run = async (policy: 'STRICT' | 'SALVAGE', given: { perSecond?: number; connections?: number } = {}): Promise<Tally> => {
    const tally = new Tally(policy, COUNT);
    await sendLeads({
      url,
      tenant: policy === 'STRICT' ? 't2' : 't1',
      leadOf: (number) => leads[number] as LabelledLead,
      count: COUNT,
      connections: 16,
      onAnswer: (lead, answer) => tally.answered(lead, answer),
      ...given,
    });
    return tally;
  };

  it.each([{ loop: 'closed' }, { loop: 'open', perSecond: 3000 }])(
    '$loop loop: every lead once, and all of them right',
    async ({ perSecond }) => {
      const tally = await run('STRICT', perSecond === undefined ? {} : { perSecond });
      expect(guard.received).toHaveLength(COUNT);
      expect(tally).toMatchObject({ accuracy: 1, falsePositives: 0, nearDuplicateRecall: expect.any(Number), undecided: 0, mistakes: [] });
      expect(tally.sameReplays).toBe(tally.replays);
      expect(tally.replays).toBeGreaterThan(0);
      expect((await run('SALVAGE')).nearDuplicateRecall).toBe(1);
    },
  );

  it('a copy is sent after its original was answered, also with more connections than leads', async () => {
    await run('STRICT', { connections: COUNT });
    const orderOf = new Map(guard.received.map(({ sourceId }, order) => [sourceId, order]));
    for (const lead of leads) {
      if (lead.copyOf === null || lead.isReplay) continue;
      const original = String(leads[lead.copyOf]?.fields['source_id']);
      expect(orderOf.get(original)).toBeLessThan(orderOf.get(String(lead.fields['source_id'])) as number);
    }
  });

  it('a lead that should pass and does not is counted and named without its content', async () => {
    guard.wrong = ({ number }) => number === 3;
    const tally = await run('STRICT');
    const { kind } = leads[3] as LabelledLead;
    expect(kind).toBe('clean');
    expect(tally.falsePositives).toBeGreaterThanOrEqual(1);
    expect(tally.accuracy).toBeLessThan(1);
    expect(tally.mistakes[0]).toEqual({ number: 3, kind, allowed: ['PASS'], decision: 'REJECT', reasonCodes: [] });
  });

  it('an answer without a decision is a mistake, and releases its copies', async () => {
    guard.broken = ({ kind }) => kind === 'dirty';
    const tally = await run('STRICT');
    expect(tally.undecided).toBeGreaterThanOrEqual(120);
    expect(guard.received).toHaveLength(COUNT);
  });
});

describe('the command line of the benchmarks', () => {
  it('has the presets of the contract', () => {
    expect(readBenchArguments(['guard'])).toMatchObject({
      name: 'guard',
      options: { leads: 100_000, seed: 1, concurrency: 64, again: false, restart: false },
    });
  });

  it.each([
    { args: [], says: 'Name a benchmark.' },
    { args: ['gaurd'], says: 'There is no benchmark "gaurd".' },
    { args: ['guard', 'ingest'], says: '"ingest" is too much: one benchmark at a time.' },
    { args: ['guard', '--leads', '1e5'], says: '--leads must be a whole number from 1 to 1000000.' },
    { args: ['telemetry', '--collector', 'slow'], says: '--collector is one of off, absent, stalled.' },
  ])('$says', ({ args, says }) => expect(readBenchArguments(args)).toEqual({ problem: says }));
});

describe('the progress bar', () => {
  const draw = (isTTY: boolean): string[] => {
    const written: string[] = [];
    const bar = new ProgressBar('guard', 1000, { isTTY, write: (text: string | Uint8Array) => written.push(String(text)) > 0 });
    for (let done = 1; done <= 1000; done += 1) bar.at(done);
    return written;
  };

  it('redraws one line on a terminal and ends it', () => {
    const written = draw(true);
    expect(written.every((text) => text.startsWith('\r'))).toBe(true);
    expect(written.at(-1)).toMatch(/100 %.*\n$/);
  });

  it('writes ten lines elsewhere', () => expect(draw(false)).toHaveLength(10));
});
