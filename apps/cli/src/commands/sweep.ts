import { AuditTrail } from '#audit';
import { SWEPT_KINDS, SweepExpired, type SweptKind } from '#retention';
import type { Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { columns } from '../help.js';

const WORDS: Readonly<Record<SweptKind, string>> = {
  expired_claims: 'claims that expired more than a day ago',
  idempotency_records: 'idempotency records that expired more than an hour ago',
  quarantine: 'refused requests older than LEADGATE_QUARANTINE_DAYS that became no lead',
  excerpts_of_erased_leads: 'excerpts of CRM answers about erased leads',
  old_excerpts: 'excerpts of CRM answers older than 90 days',
  operator_events: 'operator events older than 30 days',
};

export const sweep: Command = {
  name: 'sweep',
  summary: 'remove what has served its time',
  notes: `The relay does it once an hour. What goes are ${Object.values(WORDS).join('; ')}.`,
  async run(call) {
    const settings = settingsOf(call.world);
    const { elsewhere, rows } = await withDatabase(settings, (pool) =>
      new SweepExpired(pool, { quarantineDays: settings.quarantine.days }, new AuditTrail()).run('cli'),
    );
    return {
      exitCode: 0,
      text: elsewhere
        ? 'Another process is sweeping just now; nothing was done here.'
        : columns(SWEPT_KINDS.map((kind) => [`${rows[kind]}`, WORDS[kind]])).join('\n'),
      json: { ok: true, elsewhere, rows },
    };
  },
};
