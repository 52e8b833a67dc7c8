import type { JsonObject } from '#core';

/** The smallest tenant's file that is good: one source, one destination, one mapping with its rules in the file; `changes` replace members. */
export function aTenantFile(changes: JsonObject = {}): JsonObject {
  const tenant = typeof changes.tenant === 'string' ? changes.tenant : 'acme';
  return {
    tenant,
    name: 'Acme',
    sources: [
      {
        name: 'webhook',
        kind: 'json',
        path: `/in/${tenant}`,
        answers: 'webhook',
        authentication: { kind: 'none' },
        idempotency: { ttl_hours: 24, invalid_key: 'ignore' },
      },
    ],
    rules: { active: 'standard', profiles: [{ name: 'standard', rules: [{ code: 'NO_ZIP', field: ['zip'], check: 'present' }] }] },
    normalisation: { email: ['email'], phone: ['phone'], booleans: [] },
    dedup: { identities: ['email'], window_hours: 24, on_duplicate: 'deliver' },
    policy: { mode: 'OFF' },
    mappings: [{ name: 'crm', fields: [{ target: 'email', from: ['email'] }] }],
    destinations: [
      {
        name: 'crm',
        kind: 'http',
        url: 'env:CRM_URL|https://crm.example.com/leads',
        authentication: { kind: 'bearer', token: 'env:CRM_TOKEN|none' },
        mapping: 'crm',
        answers: 'plain',
        effect: 'keyed',
      },
    ],
    ...changes,
  };
}

/** The same with a mapping whose attribute rules stand in a file. */
export function aTenantFileWithMappingFile(file: string, changes: JsonObject = {}): JsonObject {
  return aTenantFile({
    mappings: [
      {
        name: 'crm',
        fields: [
          { target: 'email', from: ['email'] },
          { target: 'attributes', fact: 'attributes' },
        ],
        attributes: { file },
      },
    ],
    ...changes,
  });
}
