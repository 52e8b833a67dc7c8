import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aSource, GUARD, guardSource, openDoor, type OpenDoor, type Sending, WEBHOOK } from '../support/open-door.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const LOCKED = '/webhooks/locked';
const JSON_TYPE = { 'content-type': 'application/json' };
const LEAD = '{"email":"ada@lovelace.org"}';

let database: TestDatabase;
let door: OpenDoor;

beforeAll(async () => {
  database = await createTestDatabase();
  const sources = [
    aSource({ idempotency: { ttl_hours: 24, invalid_key: 'refuse' } }),
    aSource({ name: 'locked', path: LOCKED, authentication: { kind: 'shared_secret', secret: 'open sesame' } }),
    guardSource(),
  ];
  door = await openDoor(database, { sources, maxBodyBytes: 1000, rateLimitPerMinute: 100 });
});
afterAll(async () => {
  await door.close();
  await database.drop();
});

interface Examples {
  components: { examples: Record<string, { value: { type: string; status: number; detail: unknown } }> };
}
const { components } = JSON.parse(readFileSync(join(process.cwd(), 'openapi.json'), 'utf8')) as Examples;

const WRONG: readonly ({ code: string } & Sending)[] = [
  { code: 'empty_body', headers: JSON_TYPE },
  { code: 'malformed_json', headers: JSON_TYPE, body: '{"email": x}' },
  { code: 'invalid_idempotency_key', headers: { ...JSON_TYPE, 'idempotency-key': 'ä' }, body: LEAD },
  { code: 'missing_authentication', path: LOCKED, headers: JSON_TYPE, body: LEAD },
  { code: 'invalid_authentication', path: LOCKED, headers: { ...JSON_TYPE, 'x-shared-secret': 'another' }, body: LEAD },
  { code: 'source_not_open', headers: { ...JSON_TYPE, 'x-forwarded-for': '203.0.113.7' }, body: LEAD },
  { code: 'unknown_tenant', path: GUARD, headers: JSON_TYPE, body: '{"tenant_id":"nobody","source_id":"1"}' },
  { code: 'body_too_large', headers: JSON_TYPE, body: `{"email":"${'a'.repeat(1000)}"}` },
  { code: 'unsupported_media_type', headers: { 'content-type': 'image/png' }, body: 'x' },
];

it.each(WRONG)('/docs shows $code in the words in which the door says it', async ({ code, ...sending }) => {
  const { status, body } = await door.send({ path: WEBHOOK, ...sending });
  const type = `urn:leadgate:problem:${code}`;
  expect(body).toMatchObject({ type });
  const shown = Object.values(components.examples).filter(({ value }) => value.type === type);
  expect(shown.map(({ value }) => [value.status, value.detail])).toContainEqual([status, body['detail']]);
});
