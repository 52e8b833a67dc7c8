import type { ServerResponse } from 'node:http';
import { Controller, Get, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { VERSION } from '#platform';
import { CheckHealth, type Health } from './check-health.js';
import { ComponentAnswer, HealthAnswer, LivenessAnswer, ReadyAnswer } from './health-answer.js';
import { Readiness } from './readiness.js';

@ApiTags('health')
@ApiExtraModels(ComponentAnswer)
@Controller()
export class HealthController {
  constructor(
    private readonly health: CheckHealth,
    private readonly readiness: Readiness,
  ) {}

  @Get('health')
  @ApiOperation({ summary: '200 while Postgres answers; everything else only degrades' })
  @ApiOkResponse({ type: HealthAnswer })
  @ApiServiceUnavailableResponse({ type: HealthAnswer, description: 'Postgres does not answer' })
  async overall(@Res({ passthrough: true }) response: ServerResponse): Promise<HealthAnswer> {
    const health = await this.health.run();
    return answer(response, health.ok, answerOf(health));
  }

  @Get('health/live')
  @ApiOperation({ summary: '200 while the process runs; depends on nothing' })
  @ApiOkResponse({ type: LivenessAnswer })
  live(): LivenessAnswer {
    return { ok: true, timestamp: new Date().toISOString(), status: 'ok', version: VERSION };
  }

  @Get('health/ready')
  @ApiOperation({ summary: '200 while this process wants traffic: Postgres answers, everything has started and no shutdown has begun' })
  @ApiOkResponse({ type: ReadyAnswer })
  @ApiServiceUnavailableResponse({ type: ReadyAnswer })
  async ready(@Res({ passthrough: true }) response: ServerResponse): Promise<ReadyAnswer> {
    const health = await this.health.run();
    const ready = health.ok && this.readiness.isOpen;
    return answer(response, ready, { ...answerOf(health), ready });
  }

  @Get('ready')
  @ApiOperation({ summary: 'The same as /health/ready, for older clients' })
  @ApiOkResponse({ type: ReadyAnswer })
  @ApiServiceUnavailableResponse({ type: ReadyAnswer })
  readyForOlderClients(@Res({ passthrough: true }) response: ServerResponse): Promise<ReadyAnswer> {
    return this.ready(response);
  }
}

function answerOf({ ok, status, components }: Health): HealthAnswer {
  return { ok, timestamp: new Date().toISOString(), status, components, version: VERSION };
}

function answer<Body>(response: ServerResponse, good: boolean, body: Body): Body {
  response.statusCode = good ? 200 : 503;
  response.setHeader('cache-control', 'no-store');
  if (!good) response.setHeader('retry-after', '2');
  return body;
}
