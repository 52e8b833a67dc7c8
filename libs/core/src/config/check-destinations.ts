import { checkAnswerRules } from './check-answer-rules.js';
import { checkWebhookSecret } from './check-webhook-secret.js';
import type { DestinationAuthentication, DestinationAuthenticationKind, DestinationConfig } from './destination-config.js';
import type { MappingConfig } from './mapping-config.js';
import type { ProblemList } from './problem-list.js';
import { isXmlName, XML_NAME_HELP } from './xml-name.js';

const PARAMETERS = [
  'token',
  'username',
  'password',
  'header',
  'key',
  'token_url',
  'client_id',
  'client_secret',
  'scope',
  'audience',
  'client_in',
  'secret',
  'previous_secret',
] as const;
type Parameter = (typeof PARAMETERS)[number];

/** What each kind of authentication must have besides `kind`, and what it may have; the rest would be there for nothing. */
const PARAMETERS_OF: Readonly<
  Record<DestinationAuthenticationKind, { readonly must: readonly Parameter[]; readonly may: readonly Parameter[] }>
> = {
  none: { must: [], may: [] },
  bearer: { must: ['token'], may: [] },
  basic: { must: ['username', 'password'], may: [] },
  api_key: { must: ['header', 'key'], may: [] },
  oauth2_client_credentials: { must: ['token_url', 'client_id', 'client_secret'], may: ['scope', 'audience', 'client_in'] },
  standard_webhooks: { must: ['secret'], may: ['previous_secret'] },
};

/** What to write for a member that is missing. */
const EXAMPLES: Partial<Record<Parameter, string>> = {
  token: 'write a reference such as env:CUSTOMER_TOKEN, or kind: none',
  password: 'write a reference such as env:CRM_PASSWORD',
  header: 'it names the header that carries the key, e.g. X-Api-Key',
  key: 'write a reference such as env:CRM_API_KEY',
  token_url: 'it is the address where tokens are asked for, e.g. https://login.example.com/oauth2/token',
  client_secret: 'write a reference such as env:CRM_CLIENT_SECRET',
  secret: 'write a reference such as env:CRM_WEBHOOK_SECRET',
};

/** What one destination's members say about one another and about the mappings. Kinds speak for themselves (libs/delivery/src/destinations). */
export function checkDestinations(
  destinations: readonly DestinationConfig[],
  mappings: readonly MappingConfig[] | undefined,
  problems: ProblemList,
): void {
  destinations.forEach((destination, d) => {
    const path = `destinations[${d}]`;
    checkMappingOf(destination, mappings, path, problems);
    if (destination?.authentication != null && problems.isSound(`${path}.authentication`))
      checkAuthentication(destination.authentication, `${path}.authentication`, problems);
    for (const list of ['success', 'duplicate'] as const) {
      const rules = destination?.[list];
      if (Array.isArray(rules)) checkAnswerRules(rules, `${path}.${list}`, problems);
    }
    if (typeof destination?.record_url === 'string' && problems.isSound(`${path}.record_url`))
      checkRecordUrl(destination.record_url, `${path}.record_url`, problems);
  });
}

function checkMappingOf(
  destination: DestinationConfig,
  mappings: readonly MappingConfig[] | undefined,
  path: string,
  problems: ProblemList,
): void {
  if (mappings === undefined) return;
  const names = mappings.map((mapping) => mapping?.name);
  const mapping = mappings.find((one) => one?.name === destination?.mapping);
  if (problems.isSound(`${path}.mapping`) && mapping === undefined) {
    problems.add(
      `${path}.mapping`,
      `names no mapping; use one of: ${names.join(', ') || '(none is configured)'}, or add it under mappings`,
    );
  }
  checkXml(destination, mapping, path, problems);
}

/** Names that come with a lead are written so that they fit (libs/mapping/src/body/write-xml.ts); configured ones are mended here. */
function checkXml(destination: DestinationConfig, mapping: MappingConfig | undefined, path: string, problems: ProblemList): void {
  if (destination?.body !== 'xml') {
    if (destination?.xml_root != null) problems.add(`${path}.xml_root`, 'has no use without body: xml; write that, or remove the name');
    return;
  }
  if (typeof destination.xml_root === 'string' && !isXmlName(destination.xml_root)) problems.add(`${path}.xml_root`, XML_NAME_HELP);
  if (!Array.isArray(mapping?.fields)) return;
  for (const field of mapping.fields) {
    const target: unknown = field?.target;
    if (typeof target !== 'string' || target.split('.').every(isXmlName)) continue;
    problems.add(`${path}.body`, `is xml, but the target ${target} of its mapping ${mapping.name} ${XML_NAME_HELP}, in each of its steps`);
  }
}

function checkAuthentication(authentication: DestinationAuthentication, path: string, problems: ProblemList): void {
  const { kind, username, secret, previous_secret: previousSecret } = authentication;
  if (kind === 'none' && authentication.token != null) {
    problems.add(`${path}.kind`, 'is none, so the token beside it would never be sent; write kind: bearer or remove the token');
    return;
  }
  const { must, may } = PARAMETERS_OF[kind];
  for (const parameter of PARAMETERS) {
    const given = authentication[parameter] != null;
    if (must.includes(parameter) && !given)
      problems.add(`${path}.${parameter}`, `is missing; ${EXAMPLES[parameter] ?? `kind: ${kind} is nothing without it`}`);
    if (given && !must.includes(parameter) && !may.includes(parameter))
      problems.add(`${path}.${parameter}`, `has no use beside kind: ${kind}; remove it, or change the kind`);
  }
  if (kind === 'basic' && username?.includes(':') === true)
    problems.add(`${path}.username`, 'must not hold a colon: it is what separates user name and password');
  if (kind !== 'standard_webhooks') return;
  if (secret != null) checkWebhookSecret(secret, `${path}.secret`, problems);
  if (previousSecret != null) checkWebhookSecret(previousSecret, `${path}.previous_secret`, problems);
}

function checkRecordUrl(template: string, path: string, problems: ProblemList): void {
  const [origin, ...rest] = template.split('{record_id}');
  if (rest.length === 0) {
    problems.add(path, 'must say where the id goes: {record_id}, e.g. https://crm.example.com/leads/{record_id}');
    return;
  }
  // The id comes from the destination: it may fill in a part of a path or query, never say which host a person is sent to.
  const sound = /^https?:\/\/[^/?#@{}]+[/?#]/.test(origin as string) && URL.canParse(template.replaceAll('{record_id}', '1'));
  if (!sound) problems.add(path, 'must be an address that begins with http:// or https:// and has {record_id} behind its host');
}
