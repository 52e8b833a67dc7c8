import ipaddr from 'ipaddr.js';

/** One entry of the allow-list: addresses, or a name wherever it leads within the networks a company has of its own. */
export type AllowedTarget =
  | {
      /** CIDR; a single address ends in /32 or /128. */
      readonly range: string;
      /** undefined: every port that may be called at all. */
      readonly port?: number;
    }
  | {
      /** As WHATWG URL writes it; an IPv6 address stands in brackets. */
      readonly host: string;
      readonly port: number;
    };

/** `10.0.0.5`, `10.1.0.0/16`, `fd12::/16`, each with `:port` after it (IPv6 in brackets), or `crm.intern:8443`. */
export function parseAllowedTarget(text: string): AllowedTarget | undefined {
  const [, bracketed, rest = '', digits] =
    /^(?:\[([^\]]*)\]|([^[\]]*?))(?::([0-9]{1,5}))?$/.exec(addressAlone(text) ? `[${text}]` : text) ?? [];
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  const written = bracketed ?? rest;
  const range = rangeOf(written);
  if (range !== undefined) return port === undefined ? { range } : { range, port };
  // Without its port a name would open everything that answers on that machine.
  return port === undefined || bracketed !== undefined || !isHostName(written) ? undefined : { host: written.toLowerCase(), port };
}

/**
 * What needs no entry in the allow-list: the demo CRM while there is one, and what the environment of the process itself names as the
 * customer's API, since whoever writes there can write the allow-list too. Other addresses come from configurations, which may be other
 * people's. As hosts they open no address outside of a company's own networks.
 */
export function ownTargets(
  demoCrm: { readonly enabled: boolean; readonly crmPort: number },
  customerUrl: string | undefined,
): AllowedTarget[] {
  const demo = demoCrm.enabled ? [{ host: '127.0.0.1', port: demoCrm.crmPort }] : [];
  if (customerUrl === undefined || !URL.canParse(customerUrl)) return demo;
  const url = new URL(customerUrl);
  return isPlainlyWritten(customerUrl, url) ? [...demo, { host: url.hostname, port: portOf(url) }] : demo;
}

export function portOf({ protocol, port }: URL): number {
  return port !== '' ? Number(port) : protocol === 'https:' ? 443 : 80;
}

/** Is an IP address written as it reads, not as `127.1`, `0x7f000001` or `①②⑦.0.0.1`? Names may be written in any way. */
export function isPlainlyWritten(text: string, url: URL): boolean {
  if (!isLiteral(url.hostname)) return true;
  const authority = /^https?:\/\/([^/?#]*)/i.exec(text.trim())?.[1]?.toLowerCase();
  return authority === url.host || authority === `${url.hostname}:${portOf(url)}`;
}

export function isLiteral(hostname: string): boolean {
  return hostname.startsWith('[') || ipaddr.IPv4.isValidFourPartDecimal(hostname);
}

function addressAlone(text: string): boolean {
  return ipaddr.IPv6.isValid(text.split('/')[0] ?? '');
}

/** `ipaddr.isValid` also takes `1` and `0x7f.1`; nobody means those in a list of addresses. */
function rangeOf(text: string): string | undefined {
  const [address = '', ...bits] = text.split('/');
  const four = ipaddr.IPv4.isValidFourPartDecimal(address);
  if (!four && (!ipaddr.IPv6.isValid(address) || address.includes('%'))) return undefined;
  if (bits.length > 0) return ipaddr.isValidCIDR(text) ? text.toLowerCase() : undefined;
  return `${address.toLowerCase()}/${four ? 32 : 128}`;
}

/** A name that an URL keeps as it is: not one of the ways to write an address. */
function isHostName(text: string): boolean {
  return /^[a-z0-9_.-]+$/i.test(text) && URL.canParse(`http://${text}/`) && new URL(`http://${text}/`).hostname === text.toLowerCase();
}
