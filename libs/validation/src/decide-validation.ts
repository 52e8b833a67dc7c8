import { faultOfCommonRule, judgeFields, type JsonValue, type Reason, type RulesConfig } from '#core';

/**
 * @param trimmed the lead after trimming, before any conversion: "true" is not `true`, "" is present, null is missing
 * @returns the rules it fails, in rule order; none: it may go on
 * @throws when the active profile is not there, which the check of the configuration rules out
 */
export function decideValidation(rules: RulesConfig, trimmed: JsonValue): Reason[] {
  const profile = rules.profiles.find(({ name }) => name === rules.active);
  if (profile === undefined)
    throw new Error(`The configuration names the rule profile "${rules.active}", which it does not have; correct rules.active`);
  return profile.rules.flatMap((rule) => judgeFields(rule, trimmed, faultOfCommonRule) ?? []);
}
