import type { Pool } from 'pg';
import { GATEWAY_SUBJECT } from '#core';
import { inTransaction, type Metrics, oldestUndecided } from '#platform';
import { type AlarmState, setAlarm } from '../set-alarm.js';
import { decideSilence, usualLeads } from './decide-silence.js';
import { isRaised, newestDeadLetters, raisedAlarms } from './pg-alarm-facts.js';
import { countSourceHours, readSourceHours } from './pg-source-hours.js';
import { takeTurn } from './pg-watches.js';

/** Leads that nobody decides and leads that fail for good are looked for this often, sources that fall silent once a minute. */
const LOOK_EVERY_SECONDS = 10;
const COUNT_EVERY_SECONDS = 60;
/** Less than what counts as stuck, so that a backlog whose oldest lead is about as old as the limit is not told of over and over. */
const MOVING_SHARE = 0.5;

/**
 * Watches what nobody would otherwise notice: leads that are not decided, destinations that begin to refuse leads for good, sources that fall
 * silent. Any number of processes may run it; one looks, all show what was seen.
 */
export class WatchGateway {
  constructor(
    private readonly pool: Pool,
    private readonly stuckSeconds: number,
    private readonly metrics: Metrics,
  ) {}

  async runOnce(): Promise<void> {
    if (await takeTurn(this.pool, 'alarms', LOOK_EVERY_SECONDS)) await this.look();
    if (await takeTurn(this.pool, 'sources', COUNT_EVERY_SECONDS)) await this.listen();
    await this.show();
  }

  async look(): Promise<void> {
    await this.set([await this.stuck()]);
    await this.set(await this.deadLetters());
  }

  async listen(): Promise<void> {
    await countSourceHours(this.pool);
    const hours = await readSourceHours(this.pool);
    const changes = hours.flatMap((hour): AlarmState[] => {
      const silence = decideSilence(hour);
      if (silence === 'unchanged') return [];
      const detail = {
        leads: hour.heard,
        usual: usualLeads(hour),
        share_of_hour: Math.round(hour.share * 100) / 100,
        hour: hour.hour.toISOString(),
      };
      return [{ alarm: 'source_silent', subject: hour.sourceId, tenantId: hour.tenantId, raised: silence === 'silent', detail }];
    });
    await this.set(changes);
  }

  private async stuck(): Promise<AlarmState> {
    const oldest = await oldestUndecided(this.pool);
    const seconds = Math.round(oldest?.seconds ?? 0);
    const wasRaised = await isRaised(this.pool, 'leads_stuck', GATEWAY_SUBJECT);
    const raised = seconds >= this.stuckSeconds * (wasRaised ? MOVING_SHARE : 1);
    const detail = {
      waits_seconds: seconds,
      limit_seconds: this.stuckSeconds,
      ...(raised && oldest !== null ? { lead_id: oldest.leadId } : {}),
    };
    return { alarm: 'leads_stuck', subject: GATEWAY_SUBJECT, tenantId: null, raised, detail };
  }

  private async deadLetters(): Promise<AlarmState[]> {
    return (await newestDeadLetters(this.pool)).map(({ destinationId, tenantId, fresh, detail }) => ({
      alarm: 'dead_letters',
      subject: destinationId,
      tenantId,
      raised: fresh,
      detail,
    }));
  }

  /** In the order of their subjects, so that two processes never wait for each other in a circle. */
  private async set(states: readonly AlarmState[]): Promise<void> {
    for (const state of states) await inTransaction(this.pool, (client) => setAlarm(client, state));
  }

  private async show(): Promise<void> {
    const [oldest, raised] = [await oldestUndecided(this.pool), await raisedAlarms(this.pool)];
    this.metrics.oldestUndecidedSeconds.set(oldest?.seconds ?? 0);
    this.metrics.alarms.reset();
    for (const { alarm, subject } of raised) this.metrics.alarms.set({ alarm, subject }, 1);
  }
}
