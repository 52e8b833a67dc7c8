import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import {
  DECISIONS,
  DELIVERY_STATUSES,
  FAILURE_CLASSES,
  IDENTITY_KINDS,
  LEAD_STATUSES,
  STAGE_NAMES,
  type LeadStatus,
  type OmittedField,
  type Reason,
} from '#core';
import { PageAnswer } from '#platform';
import type { JsonText } from './json-text.js';
import { WAITS_FOR, type WaitsFor } from './waits-for.js';

/** How many leads stand where. `total` is the sum of the others: an erased lead is no longer counted. */
export class LeadCounts {
  @ApiProperty({ type: 'integer' }) received!: number;
  @ApiProperty({ type: 'integer' }) rejected!: number;
  @ApiProperty({ type: 'integer' }) ready!: number;
  @ApiProperty({ type: 'integer' }) delivered!: number;
  @ApiProperty({ type: 'integer' }) failed!: number;
  @ApiProperty({ type: 'integer' }) permanently_failed!: number;
  @ApiProperty({ type: 'integer' }) held!: number;
  @ApiProperty({ type: 'integer' }) kept!: number;
  @ApiProperty({ type: 'integer', description: 'The sum of the others' }) total!: number;
}

export class RecentLead {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'date-time' }) received_at!: Date;
  @ApiProperty({ enum: LEAD_STATUSES }) status!: LeadStatus;
  @ApiProperty({ type: String, nullable: true }) rejection_reason!: string | null;
}

/** One line of a list: no data of the person, so a list needs no audit event. */
export class ListedLead extends RecentLead {
  @ApiProperty() tenant!: string;
  @ApiProperty() source!: string;
  @ApiProperty({ format: 'date-time' }) updated_at!: Date;
  @ApiProperty({ type: String, nullable: true }) hold_reason!: string | null;
  @ApiProperty({ enum: DECISIONS, nullable: true }) decision!: string | null;
  @ApiProperty({ type: [String] }) reason_codes!: readonly string[];
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) duplicate_of!: string | null;
  @ApiProperty({ description: 'Its duplicate check could not be made yet' }) duplicate_check_skipped!: boolean;
  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The first lead that came under the same id of its sender, with other content',
  })
  resubmission_of!: string | null;
  @ApiProperty({ type: [String], example: ['DUPLICATE_KEYS'] }) flags!: readonly string[];
  @ApiProperty({ example: '/v1/leads/0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11' }) href!: string;
}

export class LeadsPage extends PageAnswer {
  @ApiProperty({ type: [ListedLead], description: 'Newest first' }) leads!: ListedLead[];
}

@ApiSchema({ name: 'Reason' })
export class ReasonShape implements Reason {
  @ApiProperty({ example: 'ZIP_NOT_66XXX' }) code!: string;
  @ApiProperty() detail!: string;
}

@ApiSchema({ name: 'Stage' })
export class StageShape {
  @ApiProperty({ enum: STAGE_NAMES }) stage!: string;
  @ApiProperty({ enum: ['continue', 'reject', 'hold', 'fail'] }) verdict!: string;
  @ApiProperty({ type: [ReasonShape] }) reasons!: readonly Reason[];
  @ApiProperty({ type: 'integer' }) duration_micros!: number;
}

@ApiSchema({ name: 'Versions' })
export class VersionsShape {
  @ApiProperty({ example: 'v1' }) policy_version!: string;
  @ApiProperty({ example: 'v1' }) ruleset_version!: string;
  @ApiProperty({ example: 'v1' }) config_version!: string;
}

@ApiSchema({ name: 'DuplicateHint' })
export class DuplicateHintShape {
  @ApiProperty({ enum: IDENTITY_KINDS }) matched_on!: string;
  @ApiProperty({ format: 'uuid', description: 'The earlier lead' }) lead_id!: string;
  @ApiProperty({ format: 'date-time', description: 'When the earlier lead claimed it' }) seen_at!: Date;
}

@ApiSchema({ name: 'FeedbackEvent' })
export class FeedbackEventShape {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ example: 'lead_created' }) type!: string;
  @ApiProperty({ type: String, nullable: true }) crm_record_id!: string | null;
  @ApiProperty({ type: 'integer', description: 'How many identity claims of the lead it released' }) released!: number;
  @ApiProperty({ format: 'date-time' }) received_at!: Date;
}

/** One run of the pipeline over the lead. */
@ApiSchema({ name: 'Journey' })
export class JourneyShape {
  @ApiProperty({ type: 'integer' }) journey_no!: number;
  @ApiProperty({ enum: ['continue', 'reject', 'hold', 'fail'] }) outcome!: string;
  @ApiProperty({ type: String, nullable: true }) reason!: string | null;
  @ApiProperty({ enum: DECISIONS }) decision!: string;
  @ApiProperty({ type: [String] }) reason_codes!: readonly string[];
  @ApiProperty({ type: DuplicateHintShape, nullable: true }) duplicate_hint!: DuplicateHintShape | null;
  @ApiProperty() duplicate_check_skipped!: boolean;
  @ApiProperty({ type: [StageShape], description: 'In the order of the run' }) stages!: readonly StageShape[];
  @ApiProperty({ type: VersionsShape }) versions!: VersionsShape;
  @ApiProperty({ format: 'date-time' }) decided_at!: Date;
  @ApiProperty({ type: 'integer' }) duration_micros!: number;
}

@ApiSchema({ name: 'Transition' })
export class TransitionShape {
  @ApiProperty({ enum: LEAD_STATUSES, nullable: true }) from!: string | null;
  @ApiProperty({ enum: LEAD_STATUSES }) to!: string;
  @ApiProperty({ format: 'date-time' }) at!: Date;
  @ApiProperty({ example: 'pipeline' }) actor!: string;
  @ApiProperty({ type: String, nullable: true }) reason!: string | null;
}

/** An attempt as older clients read it. */
export class AttemptLine {
  @ApiProperty({ type: 'integer' }) attempt_no!: number;
  @ApiProperty({ format: 'date-time' }) attempted_at!: Date;
  @ApiProperty({ example: 'customer-api' }) destination!: string;
  @ApiProperty() success!: boolean;
  @ApiProperty({ type: 'integer', nullable: true }) status_code!: number | null;
  @ApiProperty({ type: String, nullable: true }) error_message!: string | null;
  @ApiProperty({ enum: ['not_sent', 'unknown', 'answered'] }) sent_state!: string;
}

/** `GET /stats/leads/{id}/history`. Names and order of the members are those of CONTRACTS 1; older clients read them. */
export class LeadHistory extends RecentLead {
  @ApiProperty({ enum: DECISIONS, nullable: true }) decision!: string | null;
  @ApiProperty({ type: [String] }) reason_codes!: readonly string[];
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'What the sender said, parsed' }) raw_payload!: JsonText;
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true }) normalized_payload!: JsonText | null;
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'What the customer is sent; of several deliveries the newest',
  })
  customer_payload!: JsonText | null;
  @ApiProperty({ type: [AttemptLine] }) delivery_attempts!: readonly AttemptLine[];
  @ApiProperty({ type: [TransitionShape] }) transitions!: readonly TransitionShape[];
  @ApiProperty({ type: JourneyShape, nullable: true, description: 'The newest' }) journey!: JourneyShape | null;
}

@ApiSchema({ name: 'Attempt' })
export class AttemptShape {
  @ApiProperty({ type: 'integer' }) attempt_no!: number;
  @ApiProperty({ format: 'date-time' }) started_at!: Date;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) finished_at!: Date | null;
  @ApiProperty({ enum: ['not_sent', 'unknown', 'answered'] }) sent_state!: string;
  @ApiProperty({ enum: ['delivered', 'retry', 'refused', 'held'], nullable: true }) outcome!: string | null;
  @ApiProperty({ type: 'integer', nullable: true }) status_code!: number | null;
  @ApiProperty({ type: String, nullable: true }) error_code!: string | null;
  @ApiProperty({ type: String, nullable: true }) error_message!: string | null;
  @ApiProperty({ type: 'integer', nullable: true }) duration_ms!: number | null;
  @ApiProperty({
    type: String,
    nullable: true,
    example: 'duplicate[0]',
    description: 'The rule over the answer that decided; null: its status did',
  })
  decided_by!: string | null;
}

@ApiSchema({ name: 'OmittedField' })
export class OmittedFieldShape implements OmittedField {
  @ApiProperty({ example: 'lead_attributes.solar_roof_age' }) field!: string;
  @ApiProperty({ example: 'ATTRIBUTE_OMITTED' }) code!: string;
  @ApiProperty() detail!: string;
}

@ApiSchema({ name: 'WaitsFor' })
export class WaitsForShape implements WaitsFor {
  @ApiProperty({
    enum: WAITS_FOR,
    description:
      'person: it is held · answer: a call is under way · resume: its destination is paused · quiet: its destination asked for it · ' +
      'probe: its destination fails · time: its own · turn: those before it',
  })
  what!: WaitsFor['what'];
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When that is over by itself' }) until!: Date | null;
  @ApiProperty({ type: String, nullable: true, description: 'A code; of a hold or a pause' }) reason!: string | null;
}

@ApiSchema({ name: 'Delivery' })
export class DeliveryShape {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ['deliver', 'fetch'], description: 'fetch: the call that brought a lead which was sent as an id only' })
  purpose!: string;
  @ApiProperty({ example: 'customer-api' }) destination!: string;
  @ApiProperty({ type: 'integer' }) epoch!: number;
  @ApiProperty({ enum: DELIVERY_STATUSES }) status!: string;
  @ApiProperty() idempotency_key!: string;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'Every attempt sends this' }) payload!: JsonText;
  @ApiProperty({ type: [OmittedFieldShape], description: 'Optional values the destination would refuse' })
  omitted_fields!: readonly OmittedField[];
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) next_attempt_at!: Date | null;
  @ApiProperty({ type: WaitsForShape, nullable: true, description: 'What has to happen first; null: it came to an end' })
  waits_for!: WaitsForShape | null;
  @ApiProperty({ type: String, nullable: true }) last_error!: string | null;
  @ApiProperty({ enum: FAILURE_CLASSES, nullable: true, description: 'Why it failed for good' }) failure_class!: string | null;
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When a later delivery or decision took its place; it says nothing about the lead any more',
  })
  superseded_at!: Date | null;
  @ApiProperty({ type: String, nullable: true }) crm_record_id!: string | null;
  @ApiProperty({
    type: String,
    format: 'uri',
    nullable: true,
    description: 'Where a person looks at the record, if the destination has a link configured',
  })
  record_url!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) finished_at!: Date | null;
  @ApiProperty({ type: [AttemptShape] }) attempts!: readonly AttemptShape[];
}

/** `GET /v1/leads/{id}`: the same story in full, with every journey and every delivery. */
@ApiSchema({ name: 'Lead' })
export class LeadShape extends ListedLead {
  @ApiProperty({
    type: String,
    nullable: true,
    description:
      'For people: what it waits for and what can be done; where several destinations need something a line for each, with its name before it. null: nothing is left to do',
  })
  what_next!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) hold_until!: Date | null;
  @ApiProperty({ format: 'uuid' }) correlation_id!: string;
  @ApiProperty() request_id!: string;
  @ApiProperty({ type: 'object', additionalProperties: true }) payload!: JsonText;
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true }) normalized_payload!: JsonText | null;
  @ApiProperty({ type: DuplicateHintShape, nullable: true, description: 'Of the newest journey' })
  duplicate_hint!: DuplicateHintShape | null;
  @ApiProperty({ type: [JourneyShape] }) journeys!: readonly JourneyShape[];
  @ApiProperty({ type: [DeliveryShape] }) deliveries!: readonly DeliveryShape[];
  @ApiProperty({ type: [TransitionShape] }) transitions!: readonly TransitionShape[];
  @ApiProperty({ type: [FeedbackEventShape], description: 'What the CRM told about it' }) feedback!: readonly FeedbackEventShape[];
}
