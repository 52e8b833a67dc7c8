import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Metrics } from '#platform';

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Without a key, as scrapers expect: labels are ids of configuration, route templates and codes, never data of people. Who must not
 * see even those keeps the port inside (HOST) or the path out of the proxy.
 */
@ApiTags('health')
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @Header('content-type', PROMETHEUS_TEXT)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Metrics in the Prometheus text format; names as in libs/core/src/glossary.md' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  read(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
