import { createApiKey, KEY_SCOPES, type KeyHolder, type KeyScope } from '#access';
import { sourceIdOf, type SourceId, type TenantId } from '#core';
import type { Pool } from '#platform';
import { CommandProblem, UsageProblem, type Call, type Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { keyAsJson } from './api-key-words.js';

export const apiKeysCreate: Command = {
  name: 'api-keys create',
  summary: 'make a key; it is shown once, here',
  notes:
    'A key of scope source sends leads to one source, one of scope tenant reads the leads of one tenant and gives feedback on them, one of scope ' +
    'operator reads everything. Only a hash of it is stored. Running gateways take it within 5 seconds.',
  options: {
    scope: { value: 'SCOPE', summary: `${KEY_SCOPES.join(', ')}` },
    tenant: { value: 'ID', summary: 'whose key it is; needed for scope tenant' },
    source: { value: 'ID', summary: 'for scope source: <tenant>/<source name>, or the name beside --tenant' },
    name: { value: 'TEXT', summary: 'what it is for, as the list of keys shows it' },
  },
  async run(call) {
    const wanted = holderOf(call);
    const name = nameOf(call);
    const { row, key, hint } = await withDatabase(settingsOf(call.world), async (pool) => {
      const note = await checkHolder(pool, wanted);
      return { ...(await createApiKey(pool, { holder: wanted, name, actor: 'cli' })), hint: note };
    });
    return {
      exitCode: 0,
      text: [
        key,
        '',
        `This is the only time the key is shown; its id is ${row.id}. It is sent as: Authorization: Bearer <key>`,
        ...(hint === undefined ? [] : [hint]),
      ].join('\n'),
      json: { ok: true, key, ...keyAsJson(row), ...(hint === undefined ? {} : { hint }) },
    };
  },
};

/** @throws UsageProblem when the options name nobody, or somebody a key of that scope does not have */
function holderOf(call: Call): KeyHolder {
  const scope = call.value('scope');
  const tenant = call.value('tenant');
  const source = call.value('source');
  switch (KEY_SCOPES.find((one) => one === scope) satisfies KeyScope | undefined) {
    case 'operator':
      if (tenant !== undefined || source !== undefined) throw new UsageProblem('A key of scope operator has no --tenant and no --source.');
      return { scope: 'operator' };
    case 'tenant':
      if (tenant === undefined || source !== undefined)
        throw new UsageProblem('A key of scope tenant needs --tenant ID and has no --source.');
      return { scope: 'tenant', tenantId: tenant as TenantId };
    case 'source':
      return { scope: 'source', ...sourceOf(tenant, source) };
    default:
      throw new UsageProblem(`--scope needs one of ${KEY_SCOPES.join(', ')}.`);
  }
}

function sourceOf(tenant: string | undefined, source: string | undefined): { tenantId: TenantId; sourceId: SourceId } {
  const [first = '', name] = source?.split('/') ?? [];
  const owner = name === undefined ? tenant : first;
  if (source === undefined || owner === undefined || (tenant !== undefined && tenant !== owner)) {
    throw new UsageProblem('A key of scope source needs --source TENANT/NAME, or --tenant ID --source NAME.');
  }
  return { tenantId: owner as TenantId, sourceId: sourceIdOf(owner, name ?? first) };
}

function nameOf(call: Call): string {
  const name = call.value('name')?.trim() ?? '';
  if (!/^[^\p{C}]{1,100}$/u.test(name)) throw new UsageProblem('--name needs 1 to 100 printable characters that say what the key is for.');
  return name;
}

/** @returns what the person should still do, if anything. @throws CommandProblem when the tenant or the source does not exist */
async function checkHolder(pool: Pool, holder: KeyHolder): Promise<string | undefined> {
  if (holder.scope === 'operator') return undefined;
  const { rowCount } = await pool.query('SELECT FROM tenants WHERE id = $1', [holder.tenantId]);
  if (rowCount === 0) throw new CommandProblem(`There is no tenant ${holder.tenantId}. \`leadgate config list\` names them.`);
  if (holder.scope === 'tenant') return undefined;
  const { rows } = await pool.query<{ authentication: string }>('SELECT authentication FROM sources WHERE id = $1 AND enabled', [
    holder.sourceId,
  ]);
  const authentication = rows[0]?.authentication;
  if (authentication === undefined) {
    throw new CommandProblem(`There is no source ${holder.sourceId} in the active configuration. \`leadgate config apply\` brings one in.`);
  }
  if (authentication === 'api_key') return undefined;
  return `The source does not ask for keys yet (authentication: ${authentication}): write \`authentication: { kind: api_key }\` into its configuration.`;
}
