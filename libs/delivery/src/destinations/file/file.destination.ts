import type { DestinationConfig, MappingConfig, TenantId } from '#core';
import type { Destination, DestinationAnswer, DestinationCall, DestinationKind } from '../../destination.port.js';
import { type BatchedCall, Batches } from '../in-batches/batches.js';
import { notSent } from '../over-http/read-http-answer.js';
import { diskFailure } from './disk.js';
import type { DropRules, DropWriter } from './drop-writer.js';
import { FILE_FIELDS, type FileFormat, MAX_AGE_MINUTES, MAX_ROWS } from './file-fields.js';
import type { FileDrops } from './file-drops.js';
import { columnsOf } from './file-rows.js';

const TIMEOUT_SECONDS = 30;
/** Rows that go to the disk together. */
const MOST_TOGETHER = 500;
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Appends leads to files that somebody collects: NDJSON or CSV, whole files only. The effect is keyed, because the files are our own: a
 * delivery whose row is there already, in whatever file, is delivered and not written a second time.
 */
export function fileDestination(drops: FileDrops): DestinationKind {
  return {
    kind: 'file',
    label: 'Files',
    help: 'Drops leads as rows of NDJSON or CSV files into a folder.',
    takes: { authentication: ['none'], answers: ['standard'], effect: ['keyed'], members: ['timeout_seconds'] },
    fields: FILE_FIELDS,
    concurrency: MOST_TOGETHER,
    open: (config, { tenantId, mapping }) => new FileDestination(drops, config, { tenantId, mapping }),
  };
}

class FileDestination implements Destination {
  private readonly writer: DropWriter;
  private readonly batches: Batches<BatchedCall>;

  constructor(
    private readonly drops: FileDrops,
    config: DestinationConfig,
    { tenantId, mapping }: { readonly tenantId: TenantId; readonly mapping: MappingConfig },
  ) {
    const option = (name: string): string | undefined => config.options?.[name] as string | undefined;
    const rules = rulesOf(config.name, mapping, option);
    this.writer = drops.writerOf(tenantId, option('directory') ?? config.name);
    this.batches = new Batches({
      maxCalls: MOST_TOGETHER,
      maxBytes: MOST_BYTES,
      inFlight: 1,
      timeoutMs: (config.timeout_seconds ?? TIMEOUT_SECONDS) * 1000,
      send: (batch, limits) =>
        this.writer.append(
          batch.map(({ call }) => call),
          rules,
          limits,
        ),
    });
  }

  async send(call: DestinationCall): Promise<DestinationAnswer> {
    try {
      await this.drops.prepare();
    } catch (error) {
      const { code, cause } = diskFailure(error);
      return notSent(code, cause);
    }
    return this.batches.submit({ call, key: call.idempotencyKey, bytes: Buffer.byteLength(call.payload) });
  }
}

function rulesOf(name: string, mapping: MappingConfig, option: (name: string) => string | undefined): DropRules {
  const format = (option('format') ?? 'ndjson') as FileFormat;
  return {
    name,
    form: {
      format,
      columns: format === 'csv' ? columnsOf(mapping) : [],
      neutralises: option('formula_cells') !== 'keep',
    },
    maxRows: Number(option('max_rows') ?? MAX_ROWS),
    maxAgeMs: Number(option('max_age_minutes') ?? MAX_AGE_MINUTES) * 60_000,
  };
}
