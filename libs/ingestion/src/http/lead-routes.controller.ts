import type { IncomingMessage, ServerResponse } from 'node:http';
import { applyDecorators, Controller, Post, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiConsumes,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { NotFound, Problem } from '#platform';
import { guardAnswers } from '../answers/guard.js';
import { rawCrmAnswers } from '../answers/raw-crm.js';
import { v1Answers } from '../answers/v1.js';
import { webhookAnswers } from '../answers/webhook.js';
import { GuardFailed, GuardLead, GuardVerdict } from '../shapes/guard-shapes.js';
import { RawCrmFailed, RawCrmLead, RawCrmStored, WebhookAccepted, WebhookFailed, WebhookLead } from '../shapes/lead-shapes.js';
import { AcceptedLead, AcceptedLeads } from '../shapes/v1-shapes.js';
import { type DoorFailures, Failures } from './failure-examples.js';
import { LeadFront } from './lead-front.js';

const TYPES = ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'];

function LeadRoute(): MethodDecorator {
  return applyDecorators(
    ApiConsumes(...TYPES),
    ApiHeader({ name: 'Idempotency-Key', required: false, description: '1 to 255 visible ASCII characters, bare or in double quotes' }),
    ApiHeader({
      name: 'X-Shared-Secret',
      required: false,
      description: 'Where the source has a shared secret; its configuration may name another header',
    }),
    ApiHeader({ name: 'X-Request-Id', required: false, description: 'Echoed when it is 1 to 128 of A-Z a-z 0-9 _ . -' }),
  );
}

const LOCKED = 'The key, secret or signature is missing or wrong (stored, in quarantine)';

const FAILURES = {
  400: ['The body is no JSON object (stored, in quarantine)', 'malformed_json', 'empty_body'],
  401: ['The shared secret is missing or wrong (stored, in quarantine)', 'missing_authentication', 'invalid_authentication'],
  403: ['The source has no authentication and answers only this machine (stored, in quarantine)', 'source_not_open'],
  413: ['The body is over the cap; its first 4 KiB are kept', 'body_too_large'],
  415: ['Not JSON and not a form, compressed, or not UTF-8 (stored, in quarantine)', 'unsupported_media_type'],
  422: ['The Idempotency-Key was used for another body; both are kept', 'idempotency_key_reused'],
  429: ['Too many requests from this address (not stored)', 'rate_limited'],
  503: ['Postgres cannot commit now (not stored); send it again', 'unavailable'],
} as const satisfies DoorFailures;

/** Whose body is judged by a schema, and which tells tenants apart by it. */
const GUARD_FAILURES = {
  401: [LOCKED, 'missing_authentication', 'invalid_authentication'],
  403: FAILURES[403],
  404: ['No such tenant takes leads here (stored, in quarantine)', 'unknown_tenant'],
  413: FAILURES[413],
  415: FAILURES[415],
  429: FAILURES[429],
  503: [
    'Not stored, or stored and not decided in time; send it again, with the same source_id it stays one lead',
    'unavailable',
    'undecided',
  ],
} as const satisfies DoorFailures;

const V1_FAILURES = {
  ...FAILURES,
  400: [
    'The body is no lead, names a member twice, or the Idempotency-Key cannot be used (stored, in quarantine)',
    'malformed_json',
    'duplicate_keys',
    'invalid_idempotency_key',
  ],
  401: [LOCKED, 'missing_authentication', 'invalid_authentication'],
} as const satisfies DoorFailures;

const PREFER = ApiHeader({
  name: 'Prefer',
  required: false,
  example: 'wait=2',
  description: 'wait=1 to wait=10: answer with the verdict if there is one within so many seconds (RFC 7240)',
});
/**
 * The lead routes for OpenAPI, and for an application without the FrontDoorAdapter, which answers them before Nest is asked.
 * Routes of further sources come from the configuration and are answered in the same way.
 */
@ApiTags('door')
@ApiExtraModels(WebhookFailed, RawCrmFailed, AcceptedLead, AcceptedLeads, GuardFailed, Problem)
@Controller()
export class LeadRoutesController {
  constructor(private readonly front: LeadFront) {}

  @Post('webhooks/leads')
  @LeadRoute()
  @PREFER
  @ApiOperation({ summary: 'The customer webhook: 200 means that the lead is committed' })
  @ApiBody({ type: WebhookLead })
  @ApiResponse({ status: 200, type: WebhookAccepted, description: 'Committed; a repeated key gets the first answer again' })
  @Failures(webhookAnswers, WebhookFailed, FAILURES)
  webhook(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.pass(request, response);
  }

  @Post('api/lead')
  @LeadRoute()
  @PREFER
  @ApiOperation({ summary: 'The raw CRM intake: 201 means that the lead is committed' })
  @ApiBody({ type: RawCrmLead })
  @ApiResponse({ status: 201, type: RawCrmStored, description: 'Committed' })
  @ApiResponse({ status: 409, type: RawCrmStored, description: 'The key already had this lead; its senders read this as success' })
  @Failures(rawCrmAnswers, RawCrmFailed, FAILURES)
  rawCrm(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.pass(request, response);
  }

  @Post('v1/leads/ingest')
  @LeadRoute()
  @ApiOperation({ summary: 'The guard: 200 with the verdict, whatever it is; the lead then continues like any other' })
  @ApiBody({ type: GuardLead })
  @ApiResponse({ status: 200, type: GuardVerdict, description: 'Committed and decided; a repeated request gets the first verdict again' })
  @Failures(guardAnswers, GuardFailed, {
    422: ['The body is not as this route takes it (stored, in quarantine)', 'schema_invalid'],
  })
  @Failures(guardAnswers, Problem, GUARD_FAILURES)
  guard(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.pass(request, response);
  }

  @Post('v1/leads')
  @LeadRoute()
  @PREFER
  @ApiBearerAuth('key')
  @ApiOperation({ summary: 'Leads of sources with a key of their own: 202 means that the lead is committed' })
  @ApiBody({ schema: { type: 'object', additionalProperties: true, description: 'As the source’s kind reads it' } })
  @ApiResponse({
    status: 202,
    description: 'Committed; a repeated key gets the first answer again',
    headers: { Location: { description: 'Of a single lead', schema: { type: 'string' } } },
    content: {
      'application/json': { schema: { oneOf: [{ $ref: getSchemaPath(AcceptedLead) }, { $ref: getSchemaPath(AcceptedLeads) }] } },
    },
  })
  @Failures(v1Answers, Problem, V1_FAILURES)
  leads(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.pass(request, response);
  }

  private pass(request: IncomingMessage, response: ServerResponse): void {
    if (!this.front.take(request, response)) throw new NotFound('not_found', 'No source has this path; leadgate config list shows them.');
  }
}
