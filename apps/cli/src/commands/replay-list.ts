import type { TenantId } from '#core';
import { listReplays, replayAsJson } from '#replay';
import type { Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { progressBar } from '../replays.js';
import { table } from '../table.js';

const NEWEST = 50;

export const replayList: Command = {
  name: 'replay list',
  summary: 'replays, the newest first, and how far each is',
  options: { tenant: { value: 'ID', summary: 'only this tenant' } },
  async run(call) {
    const tenantId = (call.value('tenant') ?? null) as TenantId | null;
    const replays = await withDatabase(settingsOf(call.world), (pool) => listReplays(pool, { tenantId, before: null, limit: NEWEST }));
    const rows = replays.map((replay) => [
      replay.id,
      replay.tenantId,
      replay.kind,
      replay.status,
      progressBar(replay),
      replay.createdAt.toISOString(),
      replay.reason,
    ]);
    const text =
      rows.length === 0 ? 'There are no replays.' : table([['id', 'tenant', 'kind', 'status', 'progress', 'started', 'reason'], ...rows]);
    return { exitCode: 0, text, json: { replays: replays.map(replayAsJson) } };
  },
};
