import { peerAddressOf, RemoteAddresses } from './remote-address.js';

const behind = new RemoteAddresses(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']);

it.each([
  ['nobody says otherwise', '203.0.113.7', undefined, '203.0.113.7'],
  ['a stranger is not believed', '203.0.113.7', '1.2.3.4', '203.0.113.7'],
  ['a proxy is', '10.1.2.3', '203.0.113.7', '203.0.113.7'],
  ['what stands left of the sender was written by the sender', '10.1.2.3', '1.2.3.4, 203.0.113.7', '203.0.113.7'],
  ['through two proxies', '10.1.2.3', '203.0.113.7, 10.9.9.9', '203.0.113.7'],
  ['only proxies: the farthest', '10.1.2.3', '10.4.4.4, 10.5.5.5', '10.4.4.4'],
  ['with a port', '192.0.2.1', '203.0.113.7:51234', '203.0.113.7'],
  ['IPv6', '2001:db8::5', '2001:db9::7', '2001:db9::7'],
  ['IPv6 with a port', '10.1.2.3', '[2001:db9::7]:443', '2001:db9::7'],
  ['IPv4 written as IPv6', '10.1.2.3', '::ffff:203.0.113.7', '203.0.113.7'],
  ['nonsense ends the walk', '10.1.2.3', '203.0.113.7, nonsense', '10.1.2.3'],
])('%s', (_description, peer, forwarded, expected) => {
  expect(behind.of(peer, forwarded === undefined ? {} : { 'x-forwarded-for': forwarded })).toBe(expected);
});

it('without a trusted proxy the header is ignored', () => {
  expect(new RemoteAddresses([]).of('10.1.2.3', { 'x-forwarded-for': '203.0.113.7' })).toBe('10.1.2.3');
});

it('shows an IPv4 peer as IPv4', () => {
  expect(['::ffff:127.0.0.1', '127.0.0.1', '::1', undefined].map(peerAddressOf)).toEqual(['127.0.0.1', '127.0.0.1', '::1', 'unknown']);
});
