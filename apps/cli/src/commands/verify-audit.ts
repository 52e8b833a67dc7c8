import { parseArgs } from 'node:util';
import { type ChainVerdict, parseExpectedHead, verifyAuditChain } from '#audit';
import { createPgPool } from '#platform';

export const VERIFY_AUDIT_USAGE = `leadgate audit verify [--tenant ID] [--expect-head HEAD]... [--json]

Recomputes the hash chain of the audit trail and names the first event that was edited, deleted, moved or put in past the gateway.
  --tenant ID         only this tenant's chain
  --expect-head HEAD  a head printed by an earlier run and kept outside the database; it must still be in the chain. Only this shows
                      a tail that was cut off together with its events. <tenant>:<seq>:<hash>, or the hash alone with --tenant
  --json              the verdict as one JSON object
Exit code: 0 the chain is whole, 1 it is broken, 2 the command was not understood.`;

/** A verification reads the whole trail; nothing waits for it. */
const STATEMENT_LIMIT_MS = 6 * 3_600_000;

/**
 * `leadgate audit verify`. Needs only SELECT on the audit tables, so the read-only role will do.
 *
 * @param args what follows `audit verify`
 * @returns the exit code
 */
export async function verifyAudit(args: readonly string[], databaseUrl: string, write: (text: string) => void): Promise<0 | 1 | 2> {
  const asked = read(args);
  if (typeof asked === 'string') {
    write(`${asked}\n\n${VERIFY_AUDIT_USAGE}\n`);
    return 2;
  }
  const pool = createPgPool({ url: databaseUrl, applicationName: 'leadgate-audit-verify', max: 1, statementTimeoutMs: STATEMENT_LIMIT_MS });
  try {
    const verdict = await verifyAuditChain(pool, asked.options);
    write(asked.json ? `${JSON.stringify(verdict)}\n` : inWords(verdict));
    return verdict.ok ? 0 : 1;
  } finally {
    await pool.end();
  }
}

function read(args: readonly string[]): { json: boolean; options: Parameters<typeof verifyAuditChain>[1] } | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { tenant: { type: 'string' }, 'expect-head': { type: 'string', multiple: true }, json: { type: 'boolean', default: false } },
    });
    const tenantId = values.tenant;
    const expectedHeads = (values['expect-head'] ?? []).map((text) => parseExpectedHead(text, tenantId));
    return { json: values.json, options: { tenantId, expectedHeads } };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
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
