/** Containers inside one another, the outermost counted as 1. CONTRACTS, general rules. */
export const MAX_DEPTH = 32;

/** What JSON.parse would hide. Only meaningful for a text that JSON.parse accepts. */
export interface JsonScan {
  readonly tooDeep: boolean;
  /** Members written in the text; more than the parsed value has means that names were repeated. */
  readonly members: number;
  /** Some number may not survive a double: see readNumbers. */
  readonly longNumbers: boolean;
  /** An escape stands for NUL or for half a surrogate pair: jsonb takes neither. */
  readonly unstorableEscapes: boolean;
}

/** A double holds every integer of 15 digits, and 16 characters leave room for a sign. */
const SURE_NUMBER_LENGTH = 16;

/**
 * One pass over a JSON text without recursion, so that 100,000 brackets cost no stack. Says what has to be known before and beside
 * JSON.parse, and leaves the grammar to JSON.parse: this is on every lead's way, at about 1.5 ns a character.
 */
export function scanJson(text: string): JsonScan {
  let depth = 0;
  let members = 0;
  let longNumbers = false;
  let unstorableEscapes = false;
  const end = text.length;
  let at = 0;
  while (at < end) {
    const code = text.charCodeAt(at++);
    switch (code) {
      case 0x22: {
        // A string: up to the next quote that no backslash precedes.
        let inside = text.charCodeAt(at);
        while (at < end && inside !== 0x22) {
          if (inside === 0x5c) {
            at += 1;
            if (text.charCodeAt(at) === 0x75 && isUnstorable(text, at + 1)) unstorableEscapes = true;
          }
          inside = text.charCodeAt(++at);
        }
        at += 1;
        break;
      }
      case 0x3a:
        members += 1;
        break;
      case 0x7b:
      case 0x5b:
        depth += 1;
        if (depth > MAX_DEPTH) return { tooDeep: true, members, longNumbers, unstorableEscapes };
        break;
      case 0x7d:
      case 0x5d:
        depth -= 1;
        break;
      default:
        if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
          const began = at - 1;
          let exponent = false;
          let next = text.charCodeAt(at);
          while (isNumberCharacter(next)) {
            if (next === 0x65 || next === 0x45) exponent = true;
            next = text.charCodeAt(++at);
          }
          if (exponent || at - began >= SURE_NUMBER_LENGTH) longNumbers = true;
        }
    }
  }
  return { tooDeep: false, members, longNumbers, unstorableEscapes };
}

/** Of the four digits after `\u`: 0000, or D800 to DFFF. A whole pair is reported too; looking closer is the slow path's work. */
function isUnstorable(text: string, at: number): boolean {
  const first = text.charCodeAt(at);
  if (first === 0x30) return text.startsWith('0000', at);
  if (first !== 0x64 && first !== 0x44) return false;
  const second = text.charCodeAt(at + 1) | 0x20;
  return second === 0x38 || second === 0x39 || (second >= 0x61 && second <= 0x66);
}

function isNumberCharacter(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2e || code === 0x2d || code === 0x2b || code === 0x65 || code === 0x45;
}

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/**
 * The same JSON text with every number that a double would change written as a string of its own digits: integers beyond 2^53,
 * numbers beyond a double's range (1e400) or too small for it. The text must be valid JSON.
 */
export function withExactNumbers(text: string): string {
  let exact = '';
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at += 1;
      while (at < text.length && text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
      at += 1;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const began = at;
      while (at < text.length && isNumberCharacter(text.charCodeAt(at))) at += 1;
      if (at - began >= 4 && isInexact(text.slice(began, at))) {
        exact += `${text.slice(copied, began)}"${text.slice(began, at)}"`;
        copied = at;
      }
    } else at += 1;
  }
  return copied === 0 ? text : exact + text.slice(copied);
}

function isInexact(token: string): boolean {
  if (!NUMBER.test(token)) return false;
  const value = Number(token);
  if (value === 0) return /[1-9]/.test(token.split(/[eE]/, 1)[0] as string);
  return Math.abs(value) > Number.MAX_SAFE_INTEGER;
}
