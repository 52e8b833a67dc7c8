// A process that decides leads: the pipeline with claims in Postgres, as the gateway builds it. It is forked and told what to do.
//
// DATABASE_URL; TENANTS: JSON, [{id, config}] with one version per tenant; RING: JSON, {current: {id, hex}, previous: [...]} or null.
// Messages: {decide: [[lead ids of one job], …]} is answered {decided: true} or {error}. {ring} changes the keys.
import { pino } from 'pino';
import { ActiveConfig, Doorbell } from '#core';
import { dedupStage, PgClaimIndex } from '#dedup';
import { leadPipeline, NoDecisionSink, PgLeadStore, ProcessLeads, TellDecisions } from '#pipeline';
import { createPgPool, Metrics } from '#platform';

const { DATABASE_URL, TENANTS, RING } = process.env;
const logger = pino({ level: 'silent' });
const metrics = new Metrics();
const tenants = new Map(JSON.parse(TENANTS).map((resolved) => [resolved.tenantId, resolved]));

const keyOf = ({ id, hex }) => ({ id, secret: Buffer.from(hex, 'hex') });
const ringOf = (ring) => (ring === null ? null : { current: keyOf(ring.current), previous: ring.previous.map(keyOf) });
let ring = ringOf(JSON.parse(RING));

class FixedConfig extends ActiveConfig {
  tenant(id) {
    return tenants.get(id);
  }
  tenants() {
    return [...tenants.values()];
  }
  sourcesAt() {
    return [];
  }
}

class SilentDoorbell extends Doorbell {
  reserve() {
    return false;
  }
  ringLeads() {}
  ringDeliveries() {}
}

const pool = (applicationName, limits) => createPgPool({ url: DATABASE_URL, applicationName, ...limits });
const work = pool('leadgate-work', { max: 8, statementTimeoutMs: 20_000, acquireTimeoutMs: 20_000 });
const claims = pool('leadgate-claims', { max: 3, statementTimeoutMs: 20_000, acquireTimeoutMs: 20_000, lockTimeoutMs: 10_000 });
// Many processes claim the same at once, and each waits for the other's commit. A gateway gives that 250 ms and goes on unchecked; how long a
// slow machine takes for it is not what these tests are about.
const CLAIM_WAIT_MS = 10_000;
const index = new PgClaimIndex(claims, { ringOf: () => ring }, logger, metrics);
const pipeline = leadPipeline((factory) => (factory === dedupStage ? dedupStage(index) : factory()));
const processLeads = new ProcessLeads(
  pipeline,
  new PgLeadStore(work, new SilentDoorbell(), metrics, CLAIM_WAIT_MS),
  new FixedConfig(),
  new TellDecisions(metrics, logger, new NoDecisionSink()),
  logger,
);

// The pools connect before anybody measures.
await Promise.all([work.query('select 1'), claims.query('select 1'), claims.query('select 1')]);

process.on('message', (message) => {
  if ('ring' in message) ring = ringOf(message.ring);
  else
    Promise.all(message.decide.map((ids) => processLeads.run(ids))).then(
      () => process.send({ decided: true }),
      (error) => process.send({ error: `${error.name}: ${error.message}` }),
    );
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
