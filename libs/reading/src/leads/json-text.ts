import { randomUUID } from 'node:crypto';

/**
 * JSON that is passed on as the text it already is. Parsing it only to print it again would round integers beyond 2^53 and, for what was
 * sent to a customer, change the order of members.
 */
export class JsonText {
  /** @param text valid JSON: a jsonb column as text, or a text that was parsed once to be sure */
  constructor(readonly text: string) {}

  static orNull(text: string | null | undefined): JsonText | null {
    return text === null || text === undefined ? null : new JsonText(text);
  }

  /** A payload that should be JSON; when it is not, the text as a JSON string, so that it can be read all the same. */
  static ofPayload(payload: string): JsonText {
    try {
      JSON.parse(payload);
      return new JsonText(payload);
    } catch {
      return new JsonText(JSON.stringify(payload));
    }
  }
}

/** JSON.stringify that leaves every JsonText, however deep, exactly as it is. */
export function stringifyWithTexts(value: unknown): string {
  // The placeholder cannot be guessed, so nothing a lead contains can stand in for one.
  const mark = randomUUID();
  const texts: string[] = [];
  const marked = JSON.stringify(value, (_key, member: unknown) =>
    member instanceof JsonText ? `${mark}:${texts.push(member.text) - 1}` : member,
  );
  return marked.replace(new RegExp(`"${mark}:(\\d+)"`, 'g'), (_whole, index: string) => texts[Number(index)] as string);
}
