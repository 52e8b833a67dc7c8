import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { OutboundHttp, OutboundRules } from '#platform';
import { systemHostLookup } from '../../libs/platform/src/http/host-lookup.js';

/** Nothing here is about time. */
const PATIENT_MS = 60_000;

/** Every way to write this machine, and the nothing address that leads to it: by FAULTS C21 and by what URL parsers and resolvers accept. */
const SPELLINGS = [
  '127.0.0.1',
  '127.0.0.1.',
  '127.1',
  '127.0.1',
  '127.255.255.254',
  '2130706433',
  '017700000001',
  '0x7f000001',
  '0X7F000001',
  '0x7f.0x0.0x0.0x1',
  '0x7f.1',
  '0177.0.0.1',
  '0177.1',
  '127.0x1',
  '00177.0.0.1',
  '①②⑦.0.0.1',
  '１２７.０.０.１',
  '127。0。0。1',
  '127．0．0．1',
  '%31%32%37.0.0.1',
  '127.0.0.%31',
  '0',
  '0.0.0.0',
  '0x0',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'localhost。',
  'ⓛocalhost',
  'loc\u00ADalhost',
  '%6cocalhost',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[0000:0000:0000:0000:0000:0000:0000:0001]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::FFFF:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '[2001:0:7f00:1::]',
  '[::ffff:0.0.0.0]',
];

const METADATA = ['169.254.169.254', '[fd00:ec2::254]', '[fd20:ce::254]', '168.63.129.16', '100.100.100.200', '192.0.0.192', '[fe80::1]'];

describe('no spelling of this machine is called', () => {
  let canaries: Server[];
  let port: number;
  let reached = 0;
  const http = new OutboundHttp({ userAgent: 'leadgate/test', lookup: systemHostLookup({ timeoutMs: PATIENT_MS }) });

  beforeAll(async () => {
    const canary = (): Server =>
      createServer((socket) => {
        reached += 1;
        socket.destroy();
      });
    const four = canary().listen(0, '127.0.0.1');
    await once(four, 'listening');
    port = (four.address() as AddressInfo).port;
    const six = canary();
    six.on('error', () => {
      // A machine without IPv6.
    });
    six.listen(port, '::1');
    canaries = [four, six];
  });

  afterAll(async () => {
    await http.close();
    for (const canary of canaries) canary.close();
  });

  it.each([...SPELLINGS, ...METADATA])('%s', async (host) => {
    for (const protocol of ['https', 'http']) {
      const call = { origin: `${protocol}://${host}:${port}`, path: '/', headers: {}, timeoutMs: PATIENT_MS, keepConnection: false };
      expect(await http.get(call)).toMatchObject({ kind: 'not_sent', code: 'ADDRESS_NOT_ALLOWED' });
    }
    expect(reached).toBe(0);
  });

  it.each(['127.0.0.1%00.example.com', '127.0.0.1 .example.com', '[fe80::1%25eth0]', '127.0.0.256', '0x100000000', '[::1', '%00'])(
    '%s is no address at all',
    async (host) => {
      const call = { origin: `https://${host}:${port}`, path: '/', headers: {}, timeoutMs: PATIENT_MS, keepConnection: false };
      expect(await http.get(call)).toMatchObject({ kind: 'not_sent' });
      expect(OutboundRules.strict.problemOf(`https://${host}:${port}/`)).toMatch(/^must be an absolute address/);
      expect(reached).toBe(0);
    },
  );
});

describe('an address is judged when it is saved', () => {
  const problem = (url: string, rules = OutboundRules.strict): string | undefined => rules.problemOf(url);

  it.each([...SPELLINGS, ...METADATA].filter((host) => !/localhost/i.test(new URL(`https://${host}`).hostname)))(
    'https://%s/ is refused',
    (host) => {
      expect(problem(`https://${host}/leads`)).toMatch(/not on the Internet|another spelling/);
    },
  );

  it.each(['2130706433', '127.1', '0x7f.1', '①②⑦.0.0.1', '127.0.0.1.', '[0:0:0:0:0:0:0:1]'])(
    '%s does not hide behind an entry of the allow-list',
    (host) => {
      const rules = new OutboundRules([{ range: '127.0.0.0/8' }, { range: '::1/128' }]);
      expect(problem(`https://${host}/`, rules)).toMatch(/another spelling/);
    },
  );

  it.each([
    ['http://crm.example.com/', /^must begin with https:\/\/.*LEADGATE_ALLOWED_PRIVATE_ADDRESSES/],
    ['https://crm.example.com:6379/', /^has the port 6379/],
    ['https://crm.example.com:22/', /^has the port 22/],
    ['https://8.8.8.8:5432/', /^has the port 5432/],
    ['https://u:p@crm.example.com/', /^must not carry a user or password/],
    ['https://u@crm.example.com/', /^must not carry a user or password/],
    ['https://crm.example.com/#part', /^must not have a fragment/],
    ['https://crm.example.com/#', /^must not have a fragment/],
    ['ftp://crm.example.com/', /^must be an absolute address/],
    ['file:///etc/passwd', /^must be an absolute address/],
    ['https:crm.example.com', /^must be an absolute address/],
    ['https:\\\\127.0.0.1/', /^must be an absolute address/],
    ['//crm.example.com/', /^must be an absolute address/],
  ])('%s is refused', (url, says) => {
    expect(problem(url)).toMatch(says);
  });

  it.each([
    'https://crm.example.com/leads?a=1',
    'https://crm.example.com:8443/',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
    'https://käse.example/',
  ])('%s can be used', (url) => {
    expect(problem(url)).toBeUndefined();
  });

  it('tells nothing about our network: a name is not looked up, so one that exists inside reads like one that exists nowhere', () => {
    const texts = ['https://localhost/', 'https://no-such-host.invalid/', 'https://metadata.google.internal/'].map((url) => problem(url));
    expect(texts).toEqual([undefined, undefined, undefined]);
  });
});

describe('the allow-list', () => {
  const rules = new OutboundRules([
    { range: '10.1.0.0/16' },
    { range: '10.2.3.4/32', port: 6379 },
    { host: 'crm.intern', port: 8080 },
    { host: '127.0.0.1', port: 3900 },
  ]);
  it.each([
    ['http://10.1.2.3:8080/', true],
    ['https://10.1.2.3/', true],
    ['http://10.1.2.3:6379/', false],
    ['http://10.2.3.4:6379/', true],
    ['http://10.2.3.4:8080/', false],
    ['http://10.2.3.5:6379/', false],
    ['http://crm.intern:8080/', true],
    ['http://CRM.intern.:8080/', true],
    ['http://crm.intern:5432/', false],
    ['http://127.0.0.1:3900/', true],
    ['http://127.0.0.1:3901/', false],
    ['http://127.0.0.2:3900/', false],
  ])('%s: %s', (url, allowed) => {
    expect(rules.problemOf(url) === undefined).toBe(allowed);
  });

  it('opens through a name what companies run themselves, never what clouds answer their machines at', () => {
    const target = { protocol: 'http:', hostname: 'crm.intern', port: 8080 };
    for (const address of ['10.9.9.9', '192.168.1.1', '172.16.0.1', 'fd12::1', '127.0.0.1', '8.8.8.8'])
      expect(() => rules.judgeAddresses(target, [address])).not.toThrow();
    for (const address of ['169.254.169.254', 'fd00:ec2::254', 'fe80::1', '0.0.0.0', '::ffff:10.9.9.9', '224.0.0.1'])
      expect(() => rules.judgeAddresses(target, [address])).toThrow(/not on the Internet/);
    expect(() => rules.judgeAddresses(target, ['10.9.9.9', '169.254.169.254'])).toThrow(/not on the Internet/);
  });

  it('lets plain http through only to what it names, also when a name led there', () => {
    const named = new OutboundRules([{ range: '10.1.0.0/16' }]);
    const target = { protocol: 'http:', hostname: 'crm.intern', port: 80 };
    // It may lead into the range: that is judged when it is called.
    expect(named.problemOf('http://crm.intern/')).toBeUndefined();
    expect(() => named.judgeAddresses(target, ['10.1.0.1'])).not.toThrow();
    expect(() => named.judgeAddresses(target, ['8.8.8.8'])).toThrow(/https/);
  });
});
