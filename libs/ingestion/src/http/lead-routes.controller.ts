import type { IncomingMessage, ServerResponse } from 'node:http';
import { applyDecorators, Controller, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiExtraModels, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { NotFound } from '#platform';
import { RawCrmFailed, RawCrmLead, RawCrmStored, WebhookAccepted, WebhookFailed, WebhookLead } from '../shapes/lead-shapes.js';
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

/**
 * The two lead routes for OpenAPI, and for an application without the FrontDoorAdapter, which answers them before Nest is asked.
 * Routes of further sources come from the configuration and are answered in the same way.
 */
@ApiTags('leads')
@ApiExtraModels(WebhookFailed, RawCrmFailed)
@Controller()
export class LeadRoutesController {
  constructor(private readonly front: LeadFront) {}

  @Post('webhooks/leads')
  @LeadRoute()
  @ApiOperation({ summary: 'The customer webhook: 200 means that the lead is committed' })
  @ApiBody({ type: WebhookLead })
  @ApiResponse({ status: 200, type: WebhookAccepted, description: 'Committed; a repeated key gets the first answer again' })
  @Failures(WebhookFailed, FAILURES)
  webhook(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.pass(request, response);
  }

  @Post('api/lead')
  @LeadRoute()
  @ApiOperation({ summary: 'The raw CRM intake: 201 means that the lead is committed' })
  @ApiBody({ type: RawCrmLead })
  @ApiResponse({ status: 201, type: RawCrmStored, description: 'Committed' })
  @ApiResponse({ status: 409, type: RawCrmStored, description: 'The key already had this lead; its senders read this as success' })
  @Failures(RawCrmFailed, FAILURES)
  rawCrm(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.pass(request, response);
  }

  private pass(request: IncomingMessage, response: ServerResponse): void {
    if (!this.front.take(request, response)) throw new NotFound('not_found', 'No source has this path; leadgate config list shows them.');
  }
}
