import type { JsonObject, JsonValue, SourceConfig } from '#core';
import { isOneOf } from '../../authentication/same-secret.js';
import type { ReadBody } from '../../body/read-json.js';
import { isRefusal, refuse, type Refusal } from '../../body/refusal.js';
import { idText, memberOf, objectsOf, readJsonBody, textOf } from '../json-body.js';
import { setMember } from '../named-values.js';
import type { HandshakeAnswer, ReadItem, ReadRequest, SourceKind } from '../source-kind.js';

/**
 * Meta Lead Ads (developers.facebook.com, Graph API webhooks, "Webhooks for Leadgen"). One request carries up to 1,000 changes, of which
 * each `leadgen` is a lead: its ids, because Meta keeps the answers until they are fetched. What is not answered 200 is sent again for
 * 36 hours and then given up, so a request about something else is answered 200 too.
 */
export const metaSource: SourceKind = {
  kind: 'meta',
  label: 'Meta Lead Ads',
  help: 'Webhooks of the field leadgen. Each lead arrives as ids; fetch says where its answers are.',
  readsFieldNames: true,
  fetches: true,
  read: (request, onDuplicateKeys) => {
    const body = readJsonBody(request, onDuplicateKeys);
    return isRefusal(body) ? body : readChanges(body);
  },
  handshake,
  problems: ({ authentication: { kind, header, encoding }, handshake_token }) => {
    const problems: string[] = [];
    if (kind !== 'hmac_signature')
      problems.push('authentication.kind: must be hmac_signature; its secret is the app secret, with which Meta signs');
    if (kind === 'hmac_signature' && header != null && header.toLowerCase() !== 'x-hub-signature-256')
      problems.push('authentication.header: must be X-Hub-Signature-256, where Meta puts its signature; remove the line');
    if (encoding === 'base64') problems.push('authentication.encoding: must be hex, as Meta writes its signature; remove the line');
    if (handshake_token == null)
      problems.push(
        'handshake_token: is missing; write a reference to the verify token that the webhook is set up with, e.g. env:META_VERIFY_TOKEN',
      );
    return problems;
  },
};

/** The digits or letters Meta wants back; anything else is not repeated to whoever asks. */
const CHALLENGE = /^[\w.-]{1,256}$/;

/** Meta asks once, when the webhook is set up: `hub.mode=subscribe&hub.challenge=…&hub.verify_token=…`. */
function handshake(query: URLSearchParams, { handshake_token }: SourceConfig): HandshakeAnswer {
  const challenge = query.get('hub.challenge') ?? '';
  const known = handshake_token !== undefined && handshake_token !== '';
  if (!known || !isOneOf(Buffer.from(query.get('hub.verify_token') ?? ''), [handshake_token]))
    return said(403, 'hub.verify_token is not the handshake_token of this source.');
  if (query.get('hub.mode') !== 'subscribe') return said(400, 'hub.mode must be subscribe.');
  return CHALLENGE.test(challenge) ? said(200, challenge) : said(400, 'hub.challenge must be 1 to 256 letters and digits.');
}

const said = (status: number, body: string): HandshakeAnswer => ({ status, contentType: 'text/plain; charset=utf-8', body });

function readChanges({ payload, format, flags }: ReadBody): ReadRequest | Refusal {
  if (textOf(memberOf(payload, 'object')) === null || !Array.isArray(memberOf(payload, 'entry')))
    return refuse('unexpected_shape', 'A webhook of Meta has the members object and entry.', '/entry');
  const items = new Map<string, ReadItem>();
  for (const entry of payload['object'] === 'page' ? objectsOf(payload['entry']) : []) {
    for (const change of objectsOf(memberOf(entry, 'changes'))) {
      const value = memberOf(change, 'value');
      const nativeId = idText(memberOf(value, 'leadgen_id'));
      if (memberOf(change, 'field') !== 'leadgen' || nativeId === null || items.has(nativeId)) continue;
      items.set(nativeId, { payload: leadOf(value as JsonObject, entry), verbatim: false, flags, nativeId });
    }
  }
  if (items.size === 0)
    return refuse('no_lead', 'The webhook was understood and tells of no lead: no change of the field leadgen with a leadgen_id.');
  return { items: [...items.values()], fingerprint: { payload, format } };
}

/** The ids as text, whatever they came as; all else as it came. */
function leadOf(value: JsonObject, entry: JsonObject): JsonObject {
  const lead: JsonObject = {};
  for (const [name, member] of Object.entries(value)) setMember(lead, name, name.endsWith('_id') ? (idText(member) ?? member) : member);
  const page: JsonValue | null = idText(memberOf(entry, 'id'));
  if (!Object.hasOwn(lead, 'page_id') && page !== null) lead['page_id'] = page;
  return lead;
}
