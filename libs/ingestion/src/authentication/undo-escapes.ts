/** What bytes say once escapes are undone, and where each byte of it came from. */
export interface Unescaped {
  readonly said: Buffer;
  /** Position in `said` (its length included) → position in the bytes. */
  readonly from: (position: number) => number;
}

const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const PLUS = 0x2b;
const JSON_ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** The escapes of JSON texts (`\u0061`, `\/`) or of forms (`%61`, `+`), undone everywhere and without asking whether the rest makes sense. */
export function undoEscapes(bytes: Buffer, escapes: 'json' | 'form'): Unescaped {
  const escaped = escapes === 'json' ? bytes.includes(BACKSLASH) : bytes.includes(PERCENT) || bytes.includes(PLUS);
  if (!escaped) return { said: bytes, from: (position) => position };
  // No escape says more bytes than it is long.
  const said = Buffer.alloc(bytes.length);
  const origins = new Uint32Array(bytes.length + 1);
  const undo = escapes === 'json' ? undoJson : undoForm;
  let written = 0;
  let at = 0;
  while (at < bytes.length) {
    const undone = undo(bytes, at);
    const length = undone === null ? 1 : undone.length;
    if (undone === null) {
      origins[written] = at;
      said[written++] = bytes[at] as number;
    } else {
      for (const byte of undone.bytes) {
        origins[written] = at;
        said[written++] = byte;
      }
    }
    at += length;
  }
  origins[written] = bytes.length;
  return { said: said.subarray(0, written), from: (position) => origins[position] as number };
}

interface Undone {
  readonly bytes: Buffer;
  /** Of the escape. */
  readonly length: number;
}

function undoJson(bytes: Buffer, at: number): Undone | null {
  if (bytes[at] !== BACKSLASH || at + 1 >= bytes.length) return null;
  const letter = String.fromCharCode(bytes[at + 1] as number);
  if (letter !== 'u') return { bytes: Buffer.from(JSON_ESCAPES[letter] ?? letter, 'latin1'), length: 2 };
  const unit = hexAt(bytes, at + 2, 4);
  if (unit === null) return null;
  const second = unit >= 0xd800 && unit <= 0xdbff && bytes[at + 6] === BACKSLASH && bytes[at + 7] === 0x75 ? hexAt(bytes, at + 8, 4) : null;
  if (second === null || second < 0xdc00 || second > 0xdfff) return { bytes: Buffer.from(String.fromCharCode(unit)), length: 6 };
  return { bytes: Buffer.from(String.fromCharCode(unit, second)), length: 12 };
}

function undoForm(bytes: Buffer, at: number): Undone | null {
  if (bytes[at] === PLUS) return { bytes: Buffer.from(' '), length: 1 };
  if (bytes[at] !== PERCENT) return null;
  const byte = hexAt(bytes, at + 1, 2);
  return byte === null ? null : { bytes: Buffer.from([byte]), length: 3 };
}

function hexAt(bytes: Buffer, at: number, digits: number): number | null {
  const text = bytes.toString('latin1', at, at + digits);
  return text.length === digits && /^[0-9a-f]+$/i.test(text) ? Number.parseInt(text, 16) : null;
}
