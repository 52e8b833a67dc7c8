import { UsageProblem } from '../command.js';

interface Arrived {
  readonly body: Buffer;
  readonly body_bytes: number;
}

/** What came, as text; bytes that are none become U+FFFD. */
export function bodyText({ body }: Arrived): string {
  return new TextDecoder().decode(body);
}

/** For a terminal: control characters, with which a sender could write on it, become U+FFFD. Tabs and ends of lines stay. */
export function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\t\n\r]/gu, '\uFFFD');
}

/** The heading above it: how much there is, and where the rest went. */
export function bodyHeading({ body, body_bytes: bytes }: Arrived): string {
  if (bytes > 0 && body.length === 0) return `What came (${bytes} bytes) was removed.`;
  if (body.length < bytes) return `What came, the first ${body.length} of ${bytes} bytes; more was not kept:`;
  return `What came, ${bytes} bytes:`;
}

/** @throws UsageProblem */
export function uuidOf<Id extends string>(text: string, argument: string, what: string): Id {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
    throw new UsageProblem(`${argument} is the id of ${what}, e.g. 0192f3c1-6d1a-7cc0-8a52-1f2e3d4c5b6a.`);
  return text.toLowerCase() as Id;
}
