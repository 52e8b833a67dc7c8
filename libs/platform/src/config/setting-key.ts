import ipaddr from 'ipaddr.js';
import { type AllowedTarget, parseAllowedTarget } from '../http/allowed-targets.js';
import { InvalidConnectionString, parseConnectionString } from '../postgres/connection-string.js';
import { nearestName } from './nearest-name.js';

/** What a reader says to the text of one variable: its value, or the rest of a sentence that begins with the variable's name. */
export type Reading<Value> = { readonly value: Value } | { readonly problem: string };
export type Reader<Value> = (text: string, name: string) => Reading<Value>;

/** One environment variable: what it is for, what holds when it is not set, and how its text is read. */
export interface SettingKey<Value> {
  /** One sentence; it stands in .env.example and in the README's table. */
  readonly sentence: string;
  /** The text that holds when the variable is not set or empty; undefined: then there is no value. */
  readonly preset: string | undefined;
  /** An example for a variable without a preset. */
  readonly example?: string;
  readonly read: Reader<Value>;
}

export function withPreset<Value>(sentence: string, preset: string, read: Reader<Value>): SettingKey<Value> {
  return { sentence, preset, read };
}

export function optional<Value>(sentence: string, example: string, read: Reader<Value>): SettingKey<Value | undefined> {
  return { sentence, preset: undefined, example, read };
}

export const asText: Reader<string> = (text) => ({ value: text });

export const asVisibleText: Reader<string> = (text) =>
  /^[\x21-\x7e]+$/.test(text) ? { value: text } : { problem: 'may hold visible ASCII characters only, without blanks' };

export const asInteger =
  (least: number, most: number): Reader<number> =>
  (text) => {
    const value = /^-?[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? { value } : { problem: `must be a whole number from ${least} to ${most}, but is "${text}"` };
  };

/** As asInteger, or 0 for never. */
export const asIntegerOrNever =
  (least: number, most: number): Reader<number> =>
  (text, name) => {
    if (text === '0') return { value: 0 };
    const reading = asInteger(least, most)(text, name);
    return 'value' in reading ? reading : { problem: `must be 0 or a whole number from ${least} to ${most}, but is "${text}"` };
  };

/** A decimal number greater than 0, such as 0.05. */
export const asPositiveDecimal =
  (most: number): Reader<number> =>
  (text) => {
    const value = /^[0-9]{0,9}(\.[0-9]{1,9})?$/.test(text) && text !== '' ? Number(text) : Number.NaN;
    return value > 0 && value <= most ? { value } : { problem: `must be a number greater than 0 and at most ${most}, but is "${text}"` };
  };

export const asOneOf =
  <Word extends string>(words: readonly Word[]): Reader<Word> =>
  (text) => {
    const word = words.find((one) => one === text);
    return word === undefined ? { problem: notOneOf(text, words) } : { value: word };
  };

/** A comma-separated list of distinct words, in the order of `words`. */
export const asSomeOf =
  <Word extends string>(words: readonly Word[]): Reader<readonly Word[]> =>
  (text) => {
    const written = listOf(text);
    const stranger = written.find((one) => !words.some((word) => word === one));
    if (stranger !== undefined) return { problem: notOneOf(stranger, words) };
    if (written.length === 0) return { problem: `names none of ${words.join(', ')}` };
    return { value: words.filter((word) => written.includes(word)) };
  };

/** A comma-separated list of IP addresses and CIDR ranges. */
export const asAddresses: Reader<readonly string[]> = (text) => {
  const written = listOf(text);
  const wrong = written.find((one) => !isAddress(one));
  return wrong === undefined
    ? { value: written }
    : { problem: `must list IP addresses or ranges such as 10.0.0.0/8, separated by commas, but has "${wrong}"` };
};

/** A comma-separated list of addresses, ranges and `host:port`. */
export const asAllowedTargets: Reader<readonly AllowedTarget[]> = (text) => {
  const written = listOf(text);
  const targets = written.map(parseAllowedTarget);
  const wrong = written.find((_one, index) => targets[index] === undefined);
  return wrong === undefined
    ? { value: targets.filter((target) => target !== undefined) }
    : {
        problem: `must list addresses, ranges or hosts with a port such as 10.1.2.3, 10.1.0.0/16:443, [fd12::1]:8443 or crm.intern:8443, separated by commas, but has "${wrong}"`,
      };
};

export const asPostgresUrl: Reader<string> = (text, name) => {
  try {
    parseConnectionString(text, name);
    return { value: text };
  } catch (error) {
    if (!(error instanceof InvalidConnectionString)) throw error;
    return { problem: error.message.slice(name.length).trim().replace(/\.$/, '') };
  }
};

/** The value is not repeated in the message: it may hold a password. */
export const asUrl =
  (protocols: readonly string[]): Reader<string> =>
  (text) =>
    URL.canParse(text) && protocols.includes(new URL(text).protocol)
      ? { value: text }
      : { problem: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}` };

/** `host:port`; an IPv6 address stands in brackets. */
export const asHostAndPort: Reader<{ readonly host: string; readonly port: number }> = (text) => {
  const [, bracketed, name, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? name;
  const port = Number(digits);
  return host !== undefined && port >= 1 && port <= 65_535
    ? { value: { host, port } }
    : { problem: `must be a host and a port such as 127.0.0.1:8125 or [::1]:8125, but is "${text}"` };
};

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function notOneOf(text: string, words: readonly string[]): string {
  const meant = nearestName(text, words);
  return `has "${text}", which is none of ${words.join(', ')}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
}

/** `ipaddr.isValid` also takes `1` and `0x7f.1`; nobody means those in a list of proxies. */
function isAddress(text: string): boolean {
  const [address = '', ...range] = text.split('/');
  if (range.length > 0 && !ipaddr.isValidCIDR(text)) return false;
  return ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
}
