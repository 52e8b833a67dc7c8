/** What the customer's API asks of a lead request, as a pure function. It accepts the nested form and the older flat one. */
import { isUtf8 } from 'node:buffer';
import { createHash, timingSafeEqual } from 'node:crypto';

export const PRODUCT_NAME = 'Solaranlagen';

/** A request body as far as it could be read. `json` keeps the bytes; they are valid UTF-8 and valid JSON. */
export type BodyReading =
  | { kind: 'empty' }
  | { kind: 'json'; bytes: Buffer; value: unknown }
  | { kind: 'text'; bytes: Buffer }
  | { kind: 'binary'; bytes: Buffer }
  | { kind: 'too_large' };

export function readBody(bytes: Buffer): BodyReading {
  if (bytes.length === 0) return { kind: 'empty' };
  if (!isUtf8(bytes)) return { kind: 'binary', bytes };
  try {
    return { kind: 'json', bytes, value: JSON.parse(bytes.toString('utf8')) as unknown };
  } catch {
    return { kind: 'text', bytes };
  }
}

export interface FieldProblem {
  field: string;
  code: 'missing' | 'not_accepted';
  detail: string;
}

export interface Refusal {
  status: 400 | 401 | 413 | 422;
  error: string;
  message: string;
  errors?: FieldProblem[];
}

/** @returns why the request is refused, or undefined when the lead is accepted. */
export function judgeLead(body: BodyReading, authorization: string | undefined, token: string): Refusal | undefined {
  if (body.kind === 'too_large') return { status: 413, error: 'too_large', message: 'The body is larger than 1 MiB.' };
  if (!carriesToken(authorization, token)) {
    return { status: 401, error: 'unauthorized', message: 'Send the header "Authorization: Bearer <token>" with the token of this CRM.' };
  }
  if (body.kind !== 'json') return { status: 400, error: 'malformed_json', message: 'The body is not valid JSON.' };

  const errors = fieldProblems(body.value);
  if (errors.length === 0) return undefined;
  return { status: 422, error: 'invalid_lead', message: errors.map((problem) => problem.detail).join(' '), errors };
}

/** The nested form keeps the phone in `lead.phone`, the flat one at the root; both name the product in `product.name`. */
function fieldProblems(value: unknown): FieldProblem[] {
  const phone = member(member(value, 'lead'), 'phone') ?? member(value, 'phone');
  const product = member(member(value, 'product'), 'name');
  const problems: FieldProblem[] = [];
  if (!isFilled(phone)) {
    problems.push({ field: 'lead.phone', code: 'missing', detail: 'A phone number is required in lead.phone (or phone).' });
  }
  if (!isFilled(product)) {
    problems.push({ field: 'product.name', code: 'missing', detail: `product.name is required and must be "${PRODUCT_NAME}".` });
  } else if (product !== PRODUCT_NAME) {
    problems.push({ field: 'product.name', code: 'not_accepted', detail: `This CRM takes only the product "${PRODUCT_NAME}".` });
  }
  return problems;
}

/** By what its sender knows the lead: `meta_attributes.unique_id`. */
export function externalIdOf(body: BodyReading): string | null {
  const id = body.kind === 'json' ? member(member(body.value, 'meta_attributes'), 'unique_id') : undefined;
  return typeof id === 'string' ? id : null;
}

export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name] ?? undefined;
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

/** Compared by digest, so the time taken says nothing about the token. */
function carriesToken(authorization: string | undefined, token: string): boolean {
  const [, given] = /^bearer +(\S.*)$/i.exec(authorization ?? '') ?? [];
  return given !== undefined && timingSafeEqual(sha256(given.trimEnd()), sha256(token));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** `Idempotency-Key`, bare (`abc`) or quoted as the draft standard writes it (`"abc"`); an empty one counts as none. */
export function readIdempotencyKey(header: string | string[] | undefined): string | null {
  const text = (Array.isArray(header) ? header.join(', ') : (header ?? '')).trim();
  const [, quoted] = /^"((?:[^"\\]|\\.)*)"$/.exec(text) ?? [];
  return (quoted === undefined ? text : quoted.replace(/\\(.)/g, '$1')) || null;
}
