import { isSupportedCountry } from 'libphonenumber-js/max';
import { checkReadPath } from './check-rules.js';
import { checkWebhookSecret } from './check-webhook-secret.js';
import type { ProblemList } from './problem-list.js';
import { sharesPathBy } from './source-access.js';
import type { SourceAuthentication, SourceAuthenticationKind, SourceConfig } from './source-config.js';

/** What each kind of authentication reads besides `kind`; the rest would be there for nothing. */
const READ_BY: Readonly<Record<SourceAuthenticationKind, readonly (keyof SourceAuthentication)[]>> = {
  none: [],
  shared_secret: ['secret', 'previous_secret', 'header'],
  api_key: [],
  hmac_signature: ['secret', 'previous_secret', 'header', 'encoding'],
  standard_webhooks: ['secret', 'previous_secret'],
  body_secret: ['secret', 'previous_secret', 'field'],
};
const PARAMETERS = ['secret', 'previous_secret', 'header', 'encoding', 'field'] as const;

/** What one source's members say about one another, and the sources' routes. Kinds speak for themselves (libs/ingestion/src/sources). */
export function checkSources(sources: readonly SourceConfig[], problems: ProblemList): void {
  sources.forEach((source, s) => {
    const path = `sources[${s}]`;
    checkRoute(source, sources, s, problems);
    if (typeof source?.phone_region === 'string' && problems.isSound(`${path}.phone_region`) && !isSupportedCountry(source.phone_region)) {
      problems.add(`${path}.phone_region`, 'is not a country that has telephone numbers; use its ISO 3166 code, e.g. DE, AT, CH, GB');
    }
    if (source?.authentication != null && problems.isSound(`${path}.authentication`)) {
      checkAuthentication(source.authentication, `${path}.authentication`, problems);
      if (source.authentication.kind === 'api_key' && source.open === true)
        problems.add(
          `${path}.open`,
          'has no use beside authentication.kind: api_key, where nobody gets in without a key; remove one of the two',
        );
    }
    if (source?.idempotency != null && problems.isSound(`${path}.idempotency`)) checkIdempotency(source, `${path}.idempotency`, problems);
    if (source?.field_names != null && problems.isSound(`${path}.field_names`))
      checkFieldNames(source.field_names, `${path}.field_names`, problems);
    if (source?.fetch != null && problems.isSound(`${path}.fetch`)) checkFetch(source.fetch.base_url, `${path}.fetch.base_url`, problems);
  });
}

/** A request must find one source: the only one at its path, the one its key is for, or the one of the tenant it names. */
function checkRoute(source: SourceConfig, sources: readonly SourceConfig[], s: number, problems: ProblemList): void {
  if (typeof source?.path !== 'string') return;
  const first = sources.findIndex((other) => other?.path === source.path);
  if (first === s) return;
  const ways = [first, s].map((index) => {
    const one = sources[index];
    return one?.authentication == null ? null : sharesPathBy(one);
  });
  if (ways.every((way) => way === 'api_key')) return;
  const why = ways.every((way) => way === 'tenant')
    ? 'a tenant has one source at a route where tenant_id says whose lead it is'
    : 'a route belongs to one source, unless each of its sources has authentication.kind: api_key';
  problems.add(`sources[${s}].path`, `is already the path of sources[${first}]; ${why}`);
}

function checkAuthentication(authentication: SourceAuthentication, path: string, problems: ProblemList): void {
  const { kind, secret, previous_secret, header, field } = authentication;
  if (kind === 'none' && (secret != null || header != null)) {
    problems.add(
      `${path}.kind`,
      'is none, so the secret beside it would never be asked for; write kind: shared_secret or remove the secret',
    );
    return;
  }
  const read = READ_BY[kind];
  for (const parameter of PARAMETERS) {
    if (authentication[parameter] == null || read.includes(parameter)) continue;
    problems.add(
      `${path}.${parameter}`,
      `has no use beside kind: ${kind}; remove it${parameter === 'secret' && kind === 'api_key' ? ', leadgate api-keys create makes keys' : ''}`,
    );
  }
  if (read.includes('secret') && secret == null)
    problems.add(`${path}.secret`, 'is missing; write a reference such as env:WEBHOOK_SHARED_SECRET, or kind: none');
  if (kind === 'body_secret' && field == null)
    problems.add(`${path}.field`, 'is missing; it names the member of the body that carries the secret, e.g. google_key');
  if (read.includes('header') && header != null && !/^[A-Za-z0-9-]+$/.test(header))
    problems.add(`${path}.header`, 'must be the name of a header, e.g. X-Shared-Secret');
  for (const [name, text] of [
    ['secret', secret],
    ['previous_secret', previous_secret],
  ] as const) {
    if (read.includes(name) && text != null) checkSecret(text, kind, `${path}.${name}`, problems);
  }
}

function checkSecret(text: string, kind: SourceAuthenticationKind, path: string, problems: ProblemList): void {
  if (kind === 'standard_webhooks') checkWebhookSecret(text, path, problems);
  if (kind === 'body_secret' && /^\*+$/.test(text))
    problems.add(path, 'must not be made of asterisks only, with which it is overwritten before anything is stored; choose another');
}

function checkIdempotency({ idempotency }: SourceConfig, path: string, problems: ProblemList): void {
  const { key, field, other_body } = idempotency;
  if (key === 'body_field') {
    if (field == null) problems.add(`${path}.field`, 'is missing; it names the member of the body that is the key, e.g. source_id');
    else checkReadPath(field, `${path}.field`, problems);
    return;
  }
  if (field != null) problems.add(`${path}.field`, 'has no use without key: body_field; write that, or remove the field');
  if (other_body != null)
    problems.add(`${path}.other_body`, 'has no use without key: body_field; with a key in a header another body is always refused');
}

function checkFieldNames(names: Record<string, string>, path: string, problems: ProblemList): void {
  for (const [name, target] of Object.entries(names)) {
    // A name is written, not only read: a step into a prototype would change every object of the process.
    const sound = typeof target === 'string' && !target.split('.').some((step) => ['', '__proto__', 'constructor'].includes(step));
    if (!sound) problems.add(`${path}.${name}`, 'must be the dot path of a field, e.g. email or address.zip');
  }
}

function checkFetch(address: string, path: string, problems: ProblemList): void {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    problems.add(path, 'must be an address without user name, password or query; the token belongs into access_token');
}
