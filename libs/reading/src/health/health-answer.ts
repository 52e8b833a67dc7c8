import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class ComponentAnswer {
  @ApiProperty({ enum: ['up', 'degraded', 'down'] }) status!: 'up' | 'degraded' | 'down';
  @ApiPropertyOptional({ example: 'no answer within 1000 ms' }) detail?: string;
}

export class LivenessAnswer {
  @ApiProperty() ok!: boolean;
  @ApiProperty({ format: 'date-time' }) timestamp!: string;
  @ApiProperty({ enum: ['ok', 'degraded', 'down'] }) status!: 'ok' | 'degraded' | 'down';
  @ApiProperty({ example: '0.1.0' }) version!: string;
}

export class HealthAnswer extends LivenessAnswer {
  @ApiProperty({
    type: 'object',
    additionalProperties: { $ref: '#/components/schemas/ComponentAnswer' },
    description: 'By name: postgres, queue, config, keys, pipeline, audit, telemetry, heartbeat. Only postgres decides the status code.',
  })
  components!: Readonly<Record<string, ComponentAnswer>>;
}

export class ReadyAnswer extends HealthAnswer {
  @ApiProperty() ready!: boolean;
}
