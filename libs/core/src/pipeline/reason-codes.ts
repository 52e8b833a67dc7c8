/** Codes the gateway itself gives. A tenant's own rules bring their own (ZIP_NOT_66XXX …); those live in its configuration. */
export const REASON_CODES = {
  phoneNotValid: 'PHONE_NOT_VALID',
  emailNotValid: 'EMAIL_NOT_VALID',
  mixedScript: 'MIXED_SCRIPT',
  attributeOmitted: 'ATTRIBUTE_OMITTED',
  fieldOmitted: 'FIELD_OMITTED',
  missingTargetField: 'MISSING_TARGET_FIELD',
  duplicateKeys: 'DUPLICATE_KEYS',
  charactersReplaced: 'CHARACTERS_REPLACED',
  testLead: 'TEST_LEAD',
  duplicateConfirmed: 'duplicate_confirmed',
  indexUnavailable: 'index_unavailable',
  noDestination: 'NO_DESTINATION',
  noRoute: 'NO_ROUTE',
  routed: 'ROUTED',
  invalidOptionalPhone: 'WARN_INVALID_OPTIONAL_PHONE',
  invalidOptionalEmail: 'WARN_INVALID_OPTIONAL_EMAIL',
  indexUnavailableWarning: 'WARN_INDEX_UNAVAILABLE',
  invalidEmail: 'REJECT_INVALID_EMAIL',
  invalidPhone: 'REJECT_INVALID_PHONE',
  missingRequired: 'REJECT_MISSING_REQUIRED',
  policyRule: 'REJECT_POLICY_RULE',
  tenantBlocked: 'REJECT_TENANT_BLOCKED',
} as const;

export const HOLD_REASONS = [
  'index_unavailable',
  'duplicate',
  'awaiting_fetch',
  'fetch_failed',
  'poison',
  'unknown_outcome',
  'destination_refuses_us',
] as const;
export type HoldReason = (typeof HOLD_REASONS)[number];
