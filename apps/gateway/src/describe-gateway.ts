import { NestFactory } from '@nestjs/core';
import { appendAuditEvents } from '#audit';
import { createLogger, readSettings } from '#platform';
import { describeApi } from '#reading';
import { GatewayModule } from './gateway.module.js';

/**
 * The text of openapi.json, from the controllers of a gateway with every role. A preview application creates no providers, so nothing is
 * connected to and nothing needs to run.
 */
export async function describeGateway(): Promise<string> {
  const parts = {
    settings: readSettings({}),
    logger: createLogger('silent', false),
    databaseUrl: 'postgresql://nobody@127.0.0.1/none',
    env: {},
    appendAuditEvents,
  };
  const app = await NestFactory.create(GatewayModule.with(parts), { preview: true, logger: false, abortOnError: false });
  return `${JSON.stringify(describeApi(app), null, 2)}\n`;
}
