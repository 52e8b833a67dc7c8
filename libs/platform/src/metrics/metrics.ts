import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Every metric of the gateway, named as in the glossary. Labels are ids of configuration and codes: bounded, never personal. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  private readonly on = { registers: [this.registry] };

  readonly requests = new Counter({
    name: 'leadgate_requests_total',
    help: 'Requests by route template and status code',
    labelNames: ['route', 'status'],
    ...this.on,
  });
  readonly acceptSeconds = new Histogram({
    name: 'leadgate_accept_seconds',
    help: 'From the last byte of a lead request to its answer',
    buckets: SECONDS,
    ...this.on,
  });
  readonly leads = new Counter({
    name: 'leadgate_leads_total',
    help: 'Journeys by tenant and outcome',
    labelNames: ['tenant', 'outcome'],
    ...this.on,
  });
  readonly policyDivergences = new Counter({
    name: 'leadgate_policy_divergences_total',
    help: 'Sampled leads that the shadow policy would have decided otherwise, by both decisions',
    labelNames: ['tenant', 'active', 'shadow'],
    ...this.on,
  });
  readonly policyShadowDropped = new Counter({
    name: 'leadgate_policy_shadow_dropped_total',
    help: 'Sampled leads that the shadow policy did not get to judge or count',
    ...this.on,
  });
  readonly stageSeconds = new Histogram({
    name: 'leadgate_stage_seconds',
    help: 'Time of one stage for one lead',
    labelNames: ['stage'],
    buckets: SECONDS,
    ...this.on,
  });
  readonly attempts = new Counter({
    name: 'leadgate_attempts_total',
    help: 'Delivery attempts by destination and outcome',
    labelNames: ['destination', 'outcome'],
    ...this.on,
  });
  readonly attemptSeconds = new Histogram({
    name: 'leadgate_attempt_seconds',
    help: 'Time of one call to a destination',
    labelNames: ['destination'],
    buckets: SECONDS,
    ...this.on,
  });
  readonly dueWork = new Gauge({ name: 'leadgate_due_work', help: 'Rows due now, by kind', labelNames: ['kind'], ...this.on });
  readonly oldestDueSeconds = new Gauge({
    name: 'leadgate_oldest_due_seconds',
    help: 'Age of the oldest due row, by kind',
    labelNames: ['kind'],
    ...this.on,
  });
  readonly destinationState = new Gauge({
    name: 'leadgate_destination_state',
    help: '1 for the state a destination is in, 0 for the others',
    labelNames: ['destination', 'state'],
    ...this.on,
  });
  readonly destinationWaiting = new Gauge({
    name: 'leadgate_destination_waiting',
    help: 'Deliveries of a destination that are due and wait, at most 10,000',
    labelNames: ['destination'],
    ...this.on,
  });
  readonly destinationPace = new Gauge({
    name: 'leadgate_destination_calls_per_second',
    help: 'Calls a second that a destination is given after answers of 429 or an outage; absent while nothing was taken away',
    labelNames: ['destination'],
    ...this.on,
  });
  readonly tenantClosed = new Gauge({
    name: 'leadgate_tenant_closed',
    help: '1 while the leads of a tenant wait because its configuration cannot be used; absent otherwise; the same in every process',
    labelNames: ['tenant'],
    ...this.on,
  });
  readonly rings = new Counter({
    name: 'leadgate_rings_total',
    help: 'Ids that were rung, by kind and result: put on the queue (rung), not taken by it (missed), kept by the process that decided them (here)',
    labelNames: ['kind', 'result'],
    ...this.on,
  });
  readonly flushRows = new Histogram({
    name: 'leadgate_flush_rows',
    help: 'Rows per group commit',
    labelNames: ['coalescer'],
    buckets: [1, 2, 5, 10, 20, 50, 100],
    ...this.on,
  });
  readonly flushSeconds = new Histogram({
    name: 'leadgate_flush_seconds',
    help: 'Time of one group commit',
    labelNames: ['coalescer'],
    buckets: SECONDS,
    ...this.on,
  });
  readonly lateDuplicates = new Counter({
    name: 'leadgate_late_duplicates_total',
    help: 'Leads that went on without their duplicate check and turned out to be duplicates, by tenant',
    labelNames: ['tenant'],
    ...this.on,
  });
  readonly telemetryDropped = new Counter({
    name: 'leadgate_telemetry_dropped_total',
    help: 'Decisions the StatsD collector was not told of',
    ...this.on,
  });

  readonly operatorEvents = new Counter({
    name: 'leadgate_operator_events_total',
    help: 'Operator events this process took up, by type',
    labelNames: ['type'],
    ...this.on,
  });
  readonly operatorCalls = new Counter({
    name: 'leadgate_operator_calls_total',
    help: 'Calls to the receiver of operator events, by result: told, failed, given_up',
    labelNames: ['result'],
    ...this.on,
  });
  readonly alarms = new Gauge({
    name: 'leadgate_alarm',
    help: '1 while an alarm is raised, by alarm and what it is about; the same in every process',
    labelNames: ['alarm', 'subject'],
    ...this.on,
  });
  readonly oldestUndecidedSeconds = new Gauge({
    name: 'leadgate_oldest_undecided_seconds',
    help: 'How long the lead that waits longest has waited for its decision; the same in every process',
    ...this.on,
  });
  readonly ledger = new Gauge({
    name: 'leadgate_ledger',
    help: 'Leads of the last hours by source and what became of them; the same in every process',
    labelNames: ['source', 'state'],
    ...this.on,
  });
  readonly ledgerUnbalanced = new Gauge({
    name: 'leadgate_ledger_unbalanced',
    help: 'Leads, requests and deliveries that contradict each other in the last hours; 0 is well',
    ...this.on,
  });
  readonly duplicateChecksSkipped = new Counter({
    name: 'leadgate_duplicate_checks_skipped_total',
    help: 'Leads that went on without their duplicate check, by tenant',
    labelNames: ['tenant'],
    ...this.on,
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** For a Coalescer's `onFlush`. */
  flushOf(coalescer: string): (rows: number, seconds: number) => void {
    return (rows, seconds) => {
      this.flushRows.observe({ coalescer }, rows);
      this.flushSeconds.observe({ coalescer }, seconds);
    };
  }
}
