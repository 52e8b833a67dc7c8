import { createSocket } from 'node:dgram';
import { type BenchContext, COLLECTORS, type CollectorState } from './bench-context.js';
import { LeadGenerator } from './guard/generate-leads.js';
import { sendLeads } from './guard/send-leads.js';
import { type BenchPostgres, startBenchPostgres } from './support/bench-postgres.js';
import { startGateway } from './support/gateway.js';
import { type Server, startServer } from './support/processes.js';
import { median, rounded } from './support/statistics.js';

const TENANT = 't2';
const LEADS_PER_ROUND = 6000;
/** The seed of each load: no two of one run share a lead. */
const FIRST_SEED = 2;

/**
 * What a collector that does not work costs ingestion: the same mix of leads into the guard's route of gateways that differ only in
 * their collector, by turns on one Postgres.
 */
export async function benchTelemetry({ root, rounds, concurrency: connections, collector, say }: BenchContext): Promise<object> {
  const states = COLLECTORS.filter((state) => state === 'off' || collector === undefined || state === collector);
  const postgres = await startBenchPostgres(root);
  const stalled = await startServer(root, 'bench/servers/stalled-collector.js', {});
  const servers = new Map<CollectorState, Server>();
  const rates = new Map<CollectorState, number[]>();
  try {
    for (const state of states)
      servers.set(state, await startGateway(root, postgres, await environmentOf(state, new URL(stalled.url).host)));
    for (let round = 0; round <= rounds; round += 1) {
      for (const state of states) {
        const rps = await load(servers.get(state), postgres, connections, FIRST_SEED + round);
        // Round 0 warms up.
        if (round === 0) continue;
        rates.set(state, [...(rates.get(state) ?? []), rps]);
        say(`round ${round}/${rounds} collector ${state.padEnd(7)} ${rps} leads/s`);
      }
    }
  } finally {
    for (const server of servers.values()) await server.stop('SIGKILL');
    await stalled.stop('SIGKILL');
    await postgres.stop();
  }
  const rps = Object.fromEntries([...rates].map(([state, all]) => [`${state}_rps`, median(all)]));
  // Round by round, because a machine that others use is as fast in one round as it is in that round.
  const off = rates.get('off') ?? [];
  const ratioOf = (all: readonly number[]): number => rounded(median(all.map((rate, round) => rate / (off[round] ?? rate))));
  const ratios = [...rates].filter(([state]) => state !== 'off').map(([state, all]) => [`${state}_vs_off`, ratioOf(all)]);
  return { leads: LEADS_PER_ROUND, ...rps, ...Object.fromEntries(ratios) };
}

async function load(gateway: Server | undefined, postgres: BenchPostgres, connections: number, seed: number): Promise<number> {
  await postgres.empty();
  const generator = new LeadGenerator(seed);
  const { rps } = await sendLeads({
    url: gateway?.url ?? '',
    tenant: TENANT,
    connections,
    count: LEADS_PER_ROUND,
    leadOf: (number) => generator.lead(number),
    onAnswer: () => undefined,
  });
  return rps;
}

async function environmentOf(state: CollectorState, stalled: string): Promise<Record<string, string>> {
  if (state === 'off') return {};
  return { LEADGATE_STATSD: state === 'stalled' ? stalled : `127.0.0.1:${await abandonedPort()}` };
}

/** A UDP port at which nobody listens any more. */
async function abandonedPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
