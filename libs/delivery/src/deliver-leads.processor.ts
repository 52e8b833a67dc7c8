import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import type { DeliverLeadsJob } from '#core';
import { DELIVER_QUEUE, sanitised, WORKER_OPTIONS } from '#platform';
import { DeliverLeads } from './deliver-leads.js';

@Processor(DELIVER_QUEUE, { ...WORKER_OPTIONS })
export class DeliverLeadsProcessor extends WorkerHost {
  constructor(private readonly deliverLeads: DeliverLeads) {
    super();
  }

  /** A job rings; it does not wait for the calls. */
  override async process(job: Job<DeliverLeadsJob>): Promise<void> {
    await sanitised(() => this.deliverLeads.take(job.data.deliveryIds));
  }
}
