import { forTenant } from './for-tenant.js';
import type { LeadRecord } from './lead-record.js';

const leadWith = (errorCode: string | null, cause: string | null): LeadRecord =>
  ({
    id: 'lead',
    deliveries: [
      {
        lastError: cause === null ? null : `Max retries exhausted: ${cause}`,
        attempts: [{ attemptNo: 1, errorCode, errorMessage: cause }],
      },
    ],
    transitions: [{ to: 'PERMANENTLY_FAILED', reason: cause }],
  }) as unknown as LeadRecord;

const viewOf = (errorCode: string | null, cause: string | null): unknown => {
  const { deliveries, transitions } = forTenant(leadWith(errorCode, cause));
  return { deliveries, transitions };
};

describe('what a tenant sees of a call that reached nobody', () => {
  const refused = viewOf('ECONNREFUSED', 'Connection refused');

  it.each([
    ['ADDRESS_NOT_ALLOWED', 'Address not allowed; an operator can allow it with LEADGATE_ALLOWED_PRIVATE_ADDRESSES'],
    ['ENOTFOUND', 'Host name not found'],
    ['EAI_AGAIN', 'Host name could not be looked up'],
    ['DNS_TIMEOUT', 'Host name could not be looked up in time'],
    ['EHOSTUNREACH', 'Host unreachable'],
    ['UND_ERR_CONNECT_TIMEOUT', 'Connect timeout'],
  ])('%s reads like every other', (code, cause) => {
    expect(viewOf(code, cause)).toEqual(refused);
    expect(JSON.stringify(viewOf(code, `No access token: ${cause}`))).not.toMatch(/LEADGATE_|refused|found|looked up|timeout/i);
  });

  it.each([
    [null, 'Client error: 422'],
    ['CERT_HAS_EXPIRED', 'TLS failed: CERT_HAS_EXPIRED'],
    ['CALL_TIMEOUT', 'Timeout after 30 s'],
    [null, null],
  ])('%s: %s stays as it is, for it comes from their own address', (code, cause) => {
    expect(forTenant(leadWith(code, cause))).toEqual(leadWith(code, cause));
  });
});
