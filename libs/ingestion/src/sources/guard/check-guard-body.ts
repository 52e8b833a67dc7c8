import { isJsonObject, SOURCE_TYPES, type JsonObject } from '#core';
import type { BodyIssue } from '../../body/refusal.js';

/** Members that are text or null. Their values are judged by the tenant's policy, not here. */
const TEXTS_BEFORE_TYPE = ['source_id'] as const;
const TEXTS_AFTER_TYPE = ['email', 'phone', 'first_name', 'last_name', 'company'] as const;

/**
 * The faults of a guard body in the order of its members, as its old clients know them (Pydantic's types and sentences). Null counts as
 * absent, members that are not named here are kept and not looked at. No value is repeated.
 */
export function checkGuardBody(body: JsonObject): BodyIssue[] {
  const issues: BodyIssue[] = [];
  const add = (member: string, type: string, msg: string): void => void issues.push({ type, loc: ['body', member], msg });
  const checkText = (member: string): void => {
    const value = memberOf(body, member);
    if (value !== null && typeof value !== 'string') add(member, 'string_type', 'Input should be a valid string');
  };

  if (!Object.hasOwn(body, 'tenant_id')) add('tenant_id', 'missing', 'Field required');
  else if (typeof body['tenant_id'] !== 'string') add('tenant_id', 'string_type', 'Input should be a valid string');
  else if (body['tenant_id'] === '') add('tenant_id', 'string_too_short', 'String should have at least 1 character');
  TEXTS_BEFORE_TYPE.forEach(checkText);
  const sourceType = memberOf(body, 'source_type');
  if (sourceType !== null && !(SOURCE_TYPES as readonly unknown[]).includes(sourceType)) {
    add('source_type', 'enum', "Input should be 'API', 'WEBHOOK', 'IMPORT' or 'FORM'");
  }
  TEXTS_AFTER_TYPE.forEach(checkText);
  const extra = memberOf(body, 'extra');
  if (extra !== null && !isJsonObject(extra)) add('extra', 'dict_type', 'Input should be a valid dictionary');
  return issues;
}

const memberOf = (body: JsonObject, member: string): JsonObject[string] =>
  Object.hasOwn(body, member) ? (body[member] as JsonObject[string]) : null;
