import { BullModule } from '@nestjs/bullmq';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import type { WorkerHost } from '@nestjs/bullmq';
import type { ConnectionOptions } from 'bullmq';
import { DELIVER_QUEUE, JOB_OPTIONS, PROCESS_QUEUE } from '#platform';
import { DeliverLeads, DeliverLeadsProcessor } from '#delivery';
import { ProcessLeads, ProcessLeadsProcessor } from '#pipeline';

/** Which processor a role runs. */
export const PROCESSORS = { pipeline: ProcessLeadsProcessor, delivery: DeliverLeadsProcessor } as const;

/** A consumer and how many jobs it has in hand at once. */
export interface Consumer {
  readonly processor: Type<WorkerHost>;
  readonly concurrency: number;
}

export interface QueueParts {
  readonly connection: ConnectionOptions;
  readonly consumers: readonly Consumer[];
  readonly processLeads: ProcessLeads;
  readonly deliverLeads: DeliverLeads;
}

/** The queues and the consumers of this process's roles. Built when the queue's server answers, see queue-host.ts. */
@Module({})
export class QueueModule {
  static with({ connection, consumers, processLeads, deliverLeads }: QueueParts): DynamicModule {
    return {
      module: QueueModule,
      imports: [
        BullModule.forRoot({ connection, prefix: 'leadgate' }),
        BullModule.registerQueue(
          { name: PROCESS_QUEUE, defaultJobOptions: { ...JOB_OPTIONS } },
          { name: DELIVER_QUEUE, defaultJobOptions: { ...JOB_OPTIONS } },
        ),
      ],
      providers: [
        { provide: ProcessLeads, useValue: processLeads },
        { provide: DeliverLeads, useValue: deliverLeads },
        ...consumers.map(({ processor }) => processor),
      ],
    };
  }
}
