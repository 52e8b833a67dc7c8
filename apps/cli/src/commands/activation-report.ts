import type { ActivationResult } from '#platform';
import type { Report } from '../command.js';

/** @param file whose problems they are, where it is a file's */
export function activationReport(result: ActivationResult, file?: string): Report {
  if (result.kind === 'refused') {
    const { problems } = result;
    return {
      exitCode: 1,
      text: [
        file === undefined ? 'Nothing was changed:' : `Nothing was changed. ${file}:`,
        ...problems.map((problem) => `  - ${problem}`),
      ].join('\n'),
      json: { ok: false, result: 'refused', problems },
    };
  }
  const { tenantId, version, rulesetVersion, policyVersion, origin } = result.version;
  const sentence =
    result.kind === 'activated'
      ? `is active now (rules v${rulesetVersion}, policy v${policyVersion}); running gateways follow within 2 seconds`
      : 'was active already; nothing was changed';
  return {
    exitCode: 0,
    text: `Version ${version} of tenant ${tenantId} ${sentence}.`,
    json: {
      ok: true,
      result: result.kind,
      tenant: tenantId,
      version,
      ruleset_version: rulesetVersion,
      policy_version: policyVersion,
      origin,
    },
  };
}
