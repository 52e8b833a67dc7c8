import { readBody, type BodyToRead } from '../../body/read-body.js';
import type { OnDuplicateKeys } from '../../body/read-json.js';
import { isRefusal, refuse, type BodyIssue, type Refusal } from '../../body/refusal.js';
import type { AddressedRequest, SourceKind } from '../source-kind.js';
import { checkGuardBody } from './check-guard-body.js';

/**
 * The guard's request, CONTRACTS 3: one lead and, beside it in the same object, the tenant it is for and the sender's own id of it. The
 * whole body is the lead's payload, `tenant_id` included, so that what was sent can be seen as it was sent.
 */
export const guardSource: SourceKind = {
  kind: 'guard',
  label: 'Guard',
  help: 'One lead a request: tenant_id, source_id, source_type, email, phone, first_name, last_name, company, extra. Its sources share a path; tenant_id says which one is meant.',
  read: async (request, onDuplicateKeys) => (await readGuard(request, onDuplicateKeys)).read,
  readForTenant: readGuard,
};

async function readGuard(body: BodyToRead, onDuplicateKeys: OnDuplicateKeys): Promise<AddressedRequest> {
  const read = await readBody(body, onDuplicateKeys);
  if (isRefusal(read)) return { tenant: null, read: { ...read, issues: issuesOf(read, body.bytes) } };
  const { payload, verbatim, flags } = read;
  const named = Object.hasOwn(payload, 'tenant_id') ? payload['tenant_id'] : null;
  const tenant = typeof named === 'string' && named !== '' ? named : null;
  const issues = checkGuardBody(payload);
  if (issues.length > 0) {
    const members = issues.map(({ loc }) => loc[1]).join(', ');
    return { tenant, read: { ...refuse('schema_invalid', `Not as this route takes them: ${members}.`), issues } };
  }
  return { tenant, read: { items: [{ payload, verbatim, flags, nativeId: null }], fingerprint: read } };
}

/** A body that is no object at all, in the words of the old guard where it had some. */
function issuesOf({ verdict, detail }: Refusal, bytes: Buffer): BodyIssue[] {
  const loc = ['body'];
  switch (verdict) {
    case 'empty_body':
      return ['', 'null'].includes(bytes.toString('utf8', 0, 64).trim())
        ? [{ type: 'missing', loc, msg: 'Field required' }]
        : [{ type: 'model_attributes_type', loc, msg: NO_OBJECT }];
    case 'not_an_object':
      return [{ type: 'model_attributes_type', loc, msg: NO_OBJECT }];
    case 'malformed_json':
      return [{ type: 'json_invalid', loc, msg: 'JSON decode error' }];
    default:
      return [{ type: verdict, loc, msg: detail }];
  }
}

const NO_OBJECT = 'Input should be a valid dictionary or object to extract fields from';
