import type { Verdict as LeadVerdict } from '#pipeline';

/** What a sender that waits for the verdict reads, in every style. `status` is the lead's. */
export interface VerdictMembers {
  readonly decision: string;
  readonly reason_codes: readonly string[];
  readonly duplicate_hint: { readonly matched_on: string; readonly lead_id: string; readonly seen_at: string } | null;
  readonly duplicate_check_skipped: boolean;
  readonly versions: VersionMembers;
  readonly status: string;
}

/** `v<number>`, counted per tenant and kind. */
export interface VersionMembers {
  readonly policy_version: string;
  readonly ruleset_version: string;
  readonly config_version: string;
}

export function verdictMembers({
  decision,
  reasonCodes,
  duplicateOf,
  duplicateCheckSkipped,
  status,
  versions,
}: LeadVerdict): VerdictMembers {
  return {
    decision,
    reason_codes: reasonCodes,
    duplicate_hint:
      duplicateOf === null
        ? null
        : { matched_on: duplicateOf.matchedOn, lead_id: duplicateOf.leadId, seen_at: duplicateOf.seenAt.toISOString() },
    duplicate_check_skipped: duplicateCheckSkipped,
    versions: {
      policy_version: `v${versions.policy}`,
      ruleset_version: `v${versions.ruleset}`,
      config_version: `v${versions.config}`,
    },
    status: status.toLowerCase(),
  };
}
