import { OutboundHttp, OutboundRules } from '#platform';
import { systemHostLookup } from '../../libs/platform/src/http/host-lookup.js';
import { NameServer } from '../support/name-server.js';
import { ScriptedCrm } from '../support/scripted-crm.js';

/** Nothing here is about time. */
const PATIENT_MS = 60_000;

/** First and last address of every range that is not the Internet (FAULTS C21), and a neighbour that is. */
const RANGES: readonly (readonly [first: string, last: string, outside?: string])[] = [
  ['0.0.0.0', '0.255.255.255', '1.0.0.0'],
  ['10.0.0.0', '10.255.255.255', '11.0.0.0'],
  ['100.64.0.0', '100.127.255.255', '100.128.0.0'],
  ['127.0.0.0', '127.255.255.255', '128.0.0.0'],
  ['168.63.129.16', '168.63.129.16', '168.63.129.17'],
  ['169.254.0.0', '169.254.255.255', '169.255.0.0'],
  ['172.16.0.0', '172.31.255.255', '172.32.0.0'],
  ['192.0.0.0', '192.0.0.255', '192.0.1.0'],
  ['192.0.2.0', '192.0.2.255', '192.0.3.0'],
  ['192.88.99.0', '192.88.99.255', '192.88.100.0'],
  ['192.168.0.0', '192.168.255.255', '192.169.0.0'],
  ['198.18.0.0', '198.19.255.255', '198.20.0.0'],
  ['198.51.100.0', '198.51.100.255', '198.51.101.0'],
  ['203.0.113.0', '203.0.113.255', '203.0.114.0'],
  ['224.0.0.0', '239.255.255.255', '223.255.255.255'],
  ['240.0.0.0', '255.255.255.255'],
  ['::', '::1'],
  ['::ffff:0:0', '::ffff:ffff:ffff'],
  ['64:ff9b::', '64:ff9b::ffff:ffff'],
  ['64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  ['100::', '100::ffff:ffff:ffff:ffff'],
  ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db9::'],
  ['2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2003::'],
  ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', '3ffe:ffff::'],
  ['5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
];

describe('an address that is not on the Internet', () => {
  const rules = OutboundRules.strict;
  const target = { protocol: 'https:', hostname: 'crm.example.com', port: 443 };
  const urlOf = (address: string): string => `https://${address.includes(':') ? `[${address}]` : address}/`;

  it.each(RANGES.map(([first, last, outside]) => ({ first, last, outside })))(
    'from $first to $last is refused when it is saved and when a name leads there',
    ({ first, last, outside }) => {
      for (const address of [first, last]) {
        expect(rules.problemOf(urlOf(address))).toMatch(/not on the Internet|another spelling/);
        expect(() => rules.judgeAddresses(target, [address])).toThrow(/not on the Internet/);
        // One good address beside it changes nothing.
        expect(() => rules.judgeAddresses(target, ['8.8.8.8', address])).toThrow(/not on the Internet/);
      }
      if (outside !== undefined) {
        expect(rules.problemOf(urlOf(outside))).toBeUndefined();
        expect(() => rules.judgeAddresses(target, [outside])).not.toThrow();
      }
    },
  );
});

describe('a name that spells out an address inside', () => {
  let names: NameServer;
  let crm: ScriptedCrm;
  let http: OutboundHttp;

  beforeAll(async () => {
    names = await NameServer.start();
    names.answer = () => ['127.0.0.1'];
    crm = await ScriptedCrm.start();
    http = new OutboundHttp({ userAgent: 'leadgate/test', lookup: systemHostLookup({ servers: [names.address], timeoutMs: PATIENT_MS }) });
  });
  afterAll(async () => {
    await http.close();
    await crm.close();
    names.close();
  });

  it.each([
    '127.0.0.1.nip.example',
    '127-0-0-1.sslip.example',
    '7f000001.nip.example',
    'localtest.example',
    'localtest.example.',
    'LOCALTEST.example',
    'a.b.c.localtest.example',
    'xn--ls8h.localtest.example',
    '127.0.0.1.example.',
  ])('%s is not called', async (host) => {
    for (const protocol of ['https', 'http']) {
      const call = { origin: `${protocol}://${host}:${crm.port}`, path: '/', headers: {}, timeoutMs: PATIENT_MS, keepConnection: false };
      expect(await http.get(call)).toMatchObject({ kind: 'not_sent', code: 'ADDRESS_NOT_ALLOWED' });
    }
    expect(crm.requests).toHaveLength(0);
  });
});
