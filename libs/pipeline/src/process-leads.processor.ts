import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import type { ProcessLeadsJob } from '#core';
import { PROCESS_QUEUE, sanitised, WORKER_OPTIONS } from '#platform';
import { ProcessLeads } from './process-leads.js';

@Processor(PROCESS_QUEUE, { ...WORKER_OPTIONS })
export class ProcessLeadsProcessor extends WorkerHost {
  constructor(private readonly processLeads: ProcessLeads) {
    super();
  }

  override async process(job: Job<ProcessLeadsJob>): Promise<void> {
    await sanitised(() => this.processLeads.run(job.data.leadIds));
  }
}
