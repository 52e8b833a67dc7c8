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
