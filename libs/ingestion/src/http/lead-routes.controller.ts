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
import { NotFound, Problem, PROBLEM_CONTENT_TYPE } from '#platform';
import { GuardFailed, GuardLead, GuardVerdict } from '../shapes/guard-shapes.js';
import { RawCrmFailed, RawCrmLead, RawCrmStored, WebhookAccepted, WebhookFailed, WebhookLead } from '../shapes/lead-shapes.js';
import { AcceptedLead, AcceptedLeads } from '../shapes/v1-shapes.js';
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

function Failures(shape: typeof WebhookFailed | typeof RawCrmFailed, failures: Readonly<Record<number, string>>): MethodDecorator {
  return applyDecorators(
    ...Object.entries(failures).map(([status, description]) => ApiResponse({ status: Number(status), description, type: shape })),
  );
}

const FAILURES = {
  400: 'The body is no JSON object (stored, in quarantine)',
  401: 'The shared secret is missing or wrong (stored, in quarantine)',
  403: 'The source has no authentication and answers only this machine (stored, in quarantine)',
  413: 'The body is over the cap; its first 4 KiB are kept',
  415: 'Not JSON and not a form, compressed, or not UTF-8 (stored, in quarantine)',
  422: 'The Idempotency-Key was used for another body; both are kept',
  429: 'Too many requests from this address (not stored)',
  503: 'Postgres cannot commit now (not stored); send it again',
};

/** Our own routes answer faults as application/problem+json. */
function Problems(failures: Readonly<Record<number, string>>): MethodDecorator {
  return applyDecorators(
    ...Object.entries(failures).map(([status, description]) =>
      ApiResponse({
        status: Number(status),
        description,
        content: { [PROBLEM_CONTENT_TYPE]: { schema: { $ref: getSchemaPath(Problem) } } },
      }),
    ),
  );
}

const PREFER = ApiHeader({
  name: 'Prefer',
  required: false,
  example: 'wait=2',
  description: 'wait=1 to wait=10: answer with the verdict if there is one within so many seconds (RFC 7240)',
});
const LOCKED = 'The key, secret or signature is missing or wrong (stored, in quarantine)';

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
  @Failures(WebhookFailed, FAILURES)
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
  @Failures(RawCrmFailed, FAILURES)
  rawCrm(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.pass(request, response);
  }

  @Post('v1/leads/ingest')
  @LeadRoute()
  @ApiOperation({ summary: 'The guard: 200 with the verdict, whatever it is; the lead then continues like any other' })
  @ApiBody({ type: GuardLead })
  @ApiResponse({ status: 200, type: GuardVerdict, description: 'Committed and decided; a repeated request gets the first verdict again' })
  @ApiResponse({
    status: 422,
    description: 'The body is not as this route takes it (stored, in quarantine)',
    content: { [PROBLEM_CONTENT_TYPE]: { schema: { $ref: getSchemaPath(GuardFailed) } } },
  })
  @Problems({
    401: LOCKED,
    403: FAILURES[403],
    404: 'No such tenant takes leads here (stored, in quarantine)',
    413: FAILURES[413],
    415: FAILURES[415],
    429: FAILURES[429],
    503: 'Not stored, or stored and not decided in time; send it again, with the same source_id it stays one lead',
  })
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
  @Problems({
    ...FAILURES,
    400: 'The body is no lead, names a member twice, or the Idempotency-Key cannot be used (stored, in quarantine)',
    401: LOCKED,
  })
  leads(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.pass(request, response);
  }

  private pass(request: IncomingMessage, response: ServerResponse): void {
    if (!this.front.take(request, response)) throw new NotFound('not_found', 'No source has this path; leadgate config list shows them.');
  }
}
