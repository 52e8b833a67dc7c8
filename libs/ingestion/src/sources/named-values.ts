import { isJsonObject, REASON_CODES, writePath, type JsonObject, type JsonValue } from '#core';
import { countMembers, prototypeKey } from '../body/read-json.js';
import type { Refusal } from '../body/refusal.js';

/** Where answers go that have a label for people and no name for programs: `questions.Wie alt ist Ihr Dach?`. */
const QUESTIONS = 'questions';

/**
 * Turns a form's list of names and values into a lead's members. The names come from whoever made the form, so none of them may take the
 * place of what the vendor says about the lead, nor reach a prototype.
 */
export class NamedValues {
  private readonly answered = new Set<string>();
  private repeated = false;

  /**
   * @param payload what the vendor says about the lead; the answers join it
   * @param names `field_names` of the source: name in the form → dot path in the lead
   */
  constructor(
    private readonly payload: JsonObject,
    private readonly names: Readonly<Record<string, string>>,
  ) {}

  /** The configured place, if one of these names has one. @returns whether it had */
  putConfigured(names: readonly (string | null)[], value: JsonValue): boolean {
    const name = names.find((one): one is string => one !== null && Object.hasOwn(this.names, one));
    if (name === undefined) return false;
    writePath(this.payload, this.names[name] as string, value);
    return true;
  }

  /** A member of the lead; of repeated ones the last wins. @returns false where the vendor's own member has that name */
  putMember(name: string, value: JsonValue): boolean {
    if (name === QUESTIONS) return false;
    if (Object.hasOwn(this.payload, name)) {
      if (!this.answered.has(name)) return false;
      this.repeated = true;
    }
    this.answered.add(name);
    setMember(this.payload, name, value);
    return true;
  }

  /** Under the label people saw, or under `otherwise` where two fields have one label. */
  putQuestion(label: string, otherwise: string, value: JsonValue): void {
    const present = Object.hasOwn(this.payload, QUESTIONS) ? this.payload[QUESTIONS] : undefined;
    const questions = isJsonObject(present) ? present : {};
    if (questions !== present) setMember(this.payload, QUESTIONS, questions);
    const name = Object.hasOwn(questions, label) ? otherwise : label;
    this.repeated ||= Object.hasOwn(questions, name);
    setMember(questions, name, value);
  }

  /** The lead's members and reason codes. */
  result(): { payload: JsonObject; flags: string[] } | Refusal {
    if (countMembers(this.payload) < 0) return prototypeKey();
    return { payload: this.payload, flags: this.repeated ? [REASON_CODES.duplicateKeys] : [] };
  }
}

/** Sets a member of the object itself, also one called `__proto__`, so that it is there to be found and refused. */
export function setMember(target: JsonObject, name: string, value: JsonValue): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}
