import { writePath, type JsonObject, type JsonValue } from '../../json.js';

/** The content of a tenant's file in which nothing is wrong; `changes` are dot paths into it (list indexes are members). */
export function aTenantFile(changes: Readonly<Record<string, JsonValue | undefined>> = {}): JsonObject {
  const file: JsonObject = {
    tenant: 'acme',
    name: 'Acme',
    sources: [
      {
        name: 'form',
        kind: 'json',
        path: '/in/form',
        answers: 'webhook',
        authentication: { kind: 'none' },
        idempotency: { ttl_hours: 24, invalid_key: 'ignore' },
      },
    ],
    rules: { active: 'basic', profiles: [{ name: 'basic', rules: [{ code: 'NO_ZIP', field: ['zip'], check: 'present' }] }] },
    normalisation: { email: ['email'], phone: ['phone'], booleans: [] },
    dedup: { identities: ['email'], window_hours: 24, on_duplicate: 'deliver' },
    policy: { mode: 'OFF' },
    mappings: [
      {
        name: 'plain',
        fields: [
          { target: 'lead.phone', from: ['phone'], as: 'text', required_as: 'phone' },
          { target: 'attributes', fact: 'attributes' },
        ],
        attributes: { rules: { area: { attribute_type: 'range', is_numeric: true, values: null } }, labels: { area: 'How large?' } },
      },
    ],
    destinations: [
      {
        name: 'crm',
        kind: 'http',
        url: 'http://127.0.0.1:3900/leads',
        authentication: { kind: 'bearer', token: 'token' },
        mapping: 'plain',
        answers: 'plain',
        effect: 'keyed',
      },
    ],
  };
  for (const [path, value] of Object.entries(changes)) change(file, path, value);
  return file;
}

function change(file: JsonObject, path: string, value: JsonValue | undefined): void {
  const steps = path.split('.');
  const last = steps.pop() as string;
  const holder = steps.reduce((at, step) => at[step] as JsonObject, file);
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else if (Array.isArray(holder)) Reflect.set(holder, last, value);
  else writePath(holder, last, value);
}
