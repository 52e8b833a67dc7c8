import type { TenantId } from '../ids.js';
import type { SourceType } from '../config/source-config.js';
import type { Decision } from './facts.js';

/** One decision, for telemetry: nothing in it tells of a person. */
export interface DecisionEvent {
  readonly tenantId: TenantId;
  readonly decision: Decision;
  readonly sourceType: SourceType;
  /** From the moment the pipeline had the lead to its commit. */
  readonly latencyMs: number;
  readonly duplicateCheckSkipped: boolean;
}

/** Where decisions are told. Never throws and never makes the teller wait. Abstract class, so that it is also the injection token. */
export abstract class DecisionSink {
  abstract decided(event: DecisionEvent): void;
}
