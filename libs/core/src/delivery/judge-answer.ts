import { RE2JS } from 're2js';
import { statusRange, type AnswerRule, type DestinationConfig } from '../config/destination-config.js';
import type { JsonValue } from '../json.js';
import { comparableText } from '../rules/judge-fields.js';
import { isHtmlPage, readAnswerJson, readAnswerPath, recordIdAt } from './read-answer.js';

/** An answer as it arrived. */
export interface ReceivedAnswer {
  readonly statusCode: number;
  /** The body as text, as far as it was read. */
  readonly text: string;
  /** false: it broke off, took too long or was larger than what is read. */
  readonly complete: boolean;
}

export type AnswerRules = Pick<DestinationConfig, 'success' | 'duplicate' | 'record_id_path'>;

export interface Judgement {
  /** The destination has the lead: it took it, or had it before. */
  readonly success: boolean;
  /** A status of success without the answer that goes with it: a page for people, nothing, or half of one. */
  readonly protocolError: boolean;
  readonly recordId: string | null;
  /**
   * Which rule decided, as a stable word without values; null: the status alone did.
   * `success[1]`, `duplicate[0]`, `duplicate[0]:not_ours` (what is there is another lead's), `no_success_rule`,
   * `protocol:html_page`, `protocol:empty`, `protocol:not_json`, `protocol:broken_off`.
   */
  readonly decidedBy: string | null;
}

/**
 * Did the destination do what it was asked to? Success is what it says it did, not that it answered.
 *
 * | answer                                                                          | judgement                    |
 * |---------------------------------------------------------------------------------|------------------------------|
 * | a `duplicate` rule holds, and what is there is ours or nobody asks whose it is  | success, as a duplicate      |
 * | a `duplicate` rule holds, and what is there is another lead's                   | no success                   |
 * | a `success` rule holds                                                          | success                      |
 * | no `success` rules, 2xx                                                         | success                      |
 * | the same, but a page for people where no rule names the status itself           | protocol error               |
 * | the same, but an empty 2xx (not 204, 205) where a record id is expected         | protocol error               |
 * | a rule asks for JSON under this status and it is none                           | protocol error               |
 * | everything else                                                                 | no success: read by status   |
 *
 * A body that broke off after its status line changes nothing where the status alone decides: the destination has decided by then.
 *
 * @param ours the values by which the destination knows this lead: its id and the key of its delivery
 */
export function judgeAnswer(rules: AnswerRules, answer: ReceivedAnswer, ours: readonly string[]): Judgement {
  const body = new AnswerBody(answer);
  const duplicate = (rules.duplicate ?? []).findIndex((rule) => holds(rule, answer, body));
  if (duplicate >= 0) return judgeDuplicate(rules, duplicate, body, ours);
  const success = (rules.success ?? [ANY_2XX]).findIndex((rule) => holds(rule, answer, body));
  if (success >= 0) return judgeSuccess(rules, success, answer, body);
  return judgeRest(rules, answer, body);
}

const ANY_2XX: AnswerRule = { status: '2xx' };

function judgeDuplicate(rules: AnswerRules, index: number, body: AnswerBody, ours: readonly string[]): Judgement {
  const rule = rules.duplicate?.[index];
  const external = rule?.ours_path == null ? undefined : readAnswerPath(body.json, rule.ours_path);
  if (rule?.ours_path != null && !ours.includes(comparableText(external ?? null) ?? '')) {
    return { success: false, protocolError: false, recordId: null, decidedBy: `duplicate[${index}]:not_ours` };
  }
  const path = rule?.record_id_path ?? rules.record_id_path;
  const recordId = path == null ? null : recordIdAt(body.json, path);
  return { success: true, protocolError: false, recordId, decidedBy: `duplicate[${index}]` };
}

function judgeSuccess(rules: AnswerRules, index: number, answer: ReceivedAnswer, body: AnswerBody): Judgement {
  const { record_id_path: path } = rules;
  if ((rules.success == null || path != null) && isHtmlPage(answer.text)) return protocolError('html_page');
  const mayBeEmpty = path == null || !answer.complete || [204, 205].includes(answer.statusCode);
  if (!mayBeEmpty && answer.text.trim() === '') return protocolError('empty');
  const recordId = path == null ? null : recordIdAt(body.json, path);
  return { success: true, protocolError: false, recordId, decidedBy: rules.success == null ? null : `success[${index}]` };
}

/** Nothing recognised it. Of a status that a rule knows, why not is worth knowing. */
function judgeRest(rules: AnswerRules, answer: ReceivedAnswer, body: AnswerBody): Judgement {
  const awaited = (rules.success ?? []).filter((rule) => hasStatus(rule, answer.statusCode));
  if (awaited.some(({ path }) => path != null) && body.json === undefined) {
    if (isHtmlPage(answer.text)) return protocolError('html_page');
    if (!answer.complete) return protocolError('broken_off');
    return protocolError(answer.text.trim() === '' ? 'empty' : 'not_json');
  }
  const unexpected = answer.statusCode >= 200 && answer.statusCode < 300;
  return { success: false, protocolError: false, recordId: null, decidedBy: unexpected ? 'no_success_rule' : null };
}

function protocolError(why: string): Judgement {
  return { success: false, protocolError: true, recordId: null, decidedBy: `protocol:${why}` };
}

function hasStatus(rule: AnswerRule, statusCode: number): boolean {
  const { lowest, highest } = statusRange(rule.status);
  return statusCode >= lowest && statusCode <= highest;
}

function holds(rule: AnswerRule, { statusCode, text }: ReceivedAnswer, body: AnswerBody): boolean {
  if (!hasStatus(rule, statusCode)) return false;
  if (rule.path == null) return rule.matches == null || patternOf(rule, rule.matches).testExact(text);
  // Also for `exists: false`: that something is missing can only be said of an answer that can be read.
  if (body.json === undefined) return false;
  const value = readAnswerPath(body.json, rule.path);
  const there = value !== undefined && value !== null;
  if (rule.exists != null) return rule.exists === there;
  if (!there) return false;
  if (rule.equals != null) return value === rule.equals;
  if (rule.one_of != null) return rule.one_of.includes(value);
  const comparable = comparableText(value);
  return rule.matches != null && comparable !== undefined && patternOf(rule, rule.matches).testExact(comparable);
}

/** Parsed when somebody asks, and once. */
class AnswerBody {
  private parsed: JsonValue | undefined;
  private asked = false;

  constructor(private readonly answer: ReceivedAnswer) {}

  /** undefined: it is not JSON. */
  get json(): JsonValue | undefined {
    if (!this.asked) {
      this.asked = true;
      this.parsed = readAnswerJson(this.answer.text);
    }
    return this.parsed;
  }
}

/** A rule object lives as long as its version of the configuration, and so does its compiled pattern. */
const patterns = new WeakMap<AnswerRule, RE2JS>();

function patternOf(rule: AnswerRule, pattern: string): RE2JS {
  const known = patterns.get(rule);
  if (known !== undefined) return known;
  const made = RE2JS.compile(pattern);
  patterns.set(rule, made);
  return made;
}
