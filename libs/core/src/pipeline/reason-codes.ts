/** Codes the gateway itself gives. A tenant's own rules bring their own (ZIP_NOT_66XXX …); those live in its configuration. */
export const REASON_CODES = {
  phoneNotValid: 'PHONE_NOT_VALID',
  emailNotValid: 'EMAIL_NOT_VALID',
  attributeOmitted: 'ATTRIBUTE_OMITTED',
  fieldOmitted: 'FIELD_OMITTED',
  missingTargetField: 'MISSING_TARGET_FIELD',
  duplicateKeys: 'DUPLICATE_KEYS',
  charactersReplaced: 'CHARACTERS_REPLACED',
  duplicateConfirmed: 'duplicate_confirmed',
  indexUnavailable: 'index_unavailable',
  noDestination: 'NO_DESTINATION',
} as const;

export const HOLD_REASONS = [
  'index_unavailable',
  'duplicate',
  'awaiting_fetch',
  'poison',
  'unknown_outcome',
  'destination_refuses_us',
] as const;
export type HoldReason = (typeof HOLD_REASONS)[number];
