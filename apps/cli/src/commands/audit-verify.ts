import { type ChainVerdict, type ExpectedHead, parseExpectedHead, verifyAuditChain } from '#audit';
import { UsageProblem, type Call, type Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';

/** A verification reads the whole trail; nothing waits for it. */
const STATEMENT_LIMIT_MS = 6 * 3_600_000;

export const auditVerify: Command = {
  name: 'audit verify',
  summary: 'recompute the hash chain of the audit trail and name the first event that does not fit',
  notes:
    'It finds events that were edited, deleted, moved or put in past the gateway. Needs only SELECT on the audit tables: the read-only role will do.\n' +
    'Exit code 1: the chain is broken.',
  options: {
    tenant: { value: 'ID', summary: "only this tenant's chain" },
    'expect-head': {
      value: 'HEAD',
      many: true,
      summary:
        'a head printed by an earlier run and kept outside the database; it must still be in the chain. Only this shows a tail that was cut off ' +
        'together with its events. <tenant>:<seq>:<hash>, or the hash alone with --tenant',
    },
  },
  async run(call) {
    const tenantId = call.value('tenant');
    const expectedHeads = headsOf(call, tenantId);
    const verdict = await withDatabase(settingsOf(call.world), (pool) => verifyAuditChain(pool, { tenantId, expectedHeads }), {
      statementTimeoutMs: STATEMENT_LIMIT_MS,
    });
    return { exitCode: verdict.ok ? 0 : 1, text: inWords(verdict), json: verdict };
  },
};

function headsOf(call: Call, tenantId: string | undefined): ExpectedHead[] {
  try {
    return call.values('expect-head').map((text) => parseExpectedHead(text, tenantId));
  } catch (error) {
    throw new UsageProblem(error instanceof Error ? error.message : String(error));
  }
}

function inWords({ ok, tenants, problems, problemCount }: ChainVerdict): string {
  const links = tenants.reduce((sum, tenant) => sum + tenant.links, 0);
  const waiting = tenants.reduce((sum, tenant) => sum + tenant.waiting, 0);
  const lines = [
    `audit trail: ${ok ? 'whole' : 'BROKEN'}. ${links} events in ${tenants.length} chains, ${waiting} wait for their place.`,
    ...problems.map(({ tenantId, detail }, index) => `${index === 0 ? 'first: ' : '  then: '}${tenantId}: ${detail}`),
    ...(problemCount > problems.length ? [`  and ${problemCount - problems.length} more`] : []),
    ...tenants
      .map(({ head }) => head)
      .filter((head) => head !== null)
      .map((head) => `head ${head}`),
  ];
  if (ok)
    lines.push(
      'Keep the heads outside the database and hand them to --expect-head next time: a tail that was cut off shows only against them.',
    );
  return `${lines.join('\n')}\n`;
}
