import { aSource } from '../../authentication/testing/a-source.js';
import { formSource } from './form.source.js';

const read = async (contentType: string | null, body: string): Promise<unknown> =>
  formSource.read({ bytes: Buffer.from(body), contentType, contentEncoding: null, source: aSource({ kind: 'form' }) }, 'flag');
const MULTIPART = 'multipart/form-data; boundary=b';

it.each([
  ['application/x-www-form-urlencoded', 'email=a%40b.de&address%5Bzip%5D=66123'],
  [
    MULTIPART,
    '--b\r\nContent-Disposition: form-data; name="email"\r\n\r\na@b.de\r\n' +
      '--b\r\nContent-Disposition: form-data; name="address[zip]"\r\n\r\n66123\r\n--b--\r\n',
  ],
])('%s is a lead', async (contentType, body) => {
  const payload = { email: 'a@b.de', address: { zip: '66123' } };
  expect(await read(contentType, body)).toMatchObject({
    items: [{ payload, verbatim: false, flags: [], nativeId: null }],
    fingerprint: { payload, format: 'form' },
  });
});

it.each([
  ['application/json', '{"email":"a@b.de"}'],
  ['application/json', '{"email":'],
  ['application/x-www-form-urlencoded', '{"email":"a@b.de"}'],
  [null, '{"email":"a@b.de"}'],
])('JSON is refused with a word that says what to send: %s %s', async (contentType, body) => {
  expect(await read(contentType, body)).toEqual({
    verdict: 'unsupported_media_type',
    detail: expect.stringMatching(/^This source takes HTML forms, not JSON\./) as string,
  });
});

it('what is no form either is refused as everywhere', async () => {
  expect(await read('text/plain', 'email=a')).toMatchObject({ verdict: 'unsupported_media_type' });
  expect(await read('application/x-www-form-urlencoded', '')).toMatchObject({ verdict: 'empty_body' });
});
