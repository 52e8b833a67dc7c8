import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface KeyStore {
  readonly url: string;
  /** What the store gives from now on. */
  put(document: string | null): void;
  /** How it fails instead, from now on; undefined ends it. `silent` never answers. */
  fail(how: number | 'silent' | 'cut' | undefined): void;
  readonly refusals: readonly string[];
  close(): Promise<void>;
}

type Answer = (request: IncomingMessage, body: string) => { status: number; body: unknown };

async function startStore(answer: (document: string | null) => Answer, refusals: string[]): Promise<KeyStore> {
  let document: string | null = null;
  let failure: number | 'silent' | 'cut' | undefined;
  const server: Server = createServer((request, response) => void respond(request, response));
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (failure === 'silent') return;
    if (failure === 'cut') {
      response.writeHead(200, { 'content-length': '1000' }).write('{"data":', () => response.destroy());
      return;
    }
    const given =
      typeof failure === 'number' ? { status: failure, body: { errors: ['secret-in-an-error'] } } : answer(document)(request, body);
    response.writeHead(given.status, { 'content-type': 'application/json' }).end(JSON.stringify(given.body));
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    put: (text) => (document = text),
    fail: (how) => (failure = how),
    refusals,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** HashiCorp Vault with one KV version 2 secret, as its HTTP API answers. */
export function startVault(expected: { token: string; namespace: string; path: string }): Promise<KeyStore> {
  const refusals: string[] = [];
  const refuse = (status: number, error: string) => {
    refusals.push(error);
    return { status, body: { errors: [error] } };
  };
  return startStore(
    (document) => (request) => {
      if (request.headers['x-vault-token'] !== expected.token) return refuse(403, 'permission denied');
      if (request.headers['x-vault-namespace'] !== expected.namespace) return refuse(404, 'no such namespace');
      if (request.method !== 'GET' || request.url !== expected.path) return refuse(404, `nothing at ${request.method} ${request.url}`);
      if (document === null) return { status: 404, body: { errors: [] } };
      return {
        status: 200,
        body: {
          request_id: '1',
          lease_id: '',
          renewable: false,
          data: { data: JSON.parse(document) as unknown, metadata: { version: 3, destroyed: false } },
        },
      };
    },
    refusals,
  );
}

export interface AwsAccount {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly secretId: string;
}

/** AWS Secrets Manager with one secret. It computes the signature of every request itself, from what arrived. */
export function startSecretsManager(account: AwsAccount): Promise<KeyStore> {
  const refusals: string[] = [];
  const refuse = (type: string) => {
    refusals.push(type);
    return { status: 400, body: { __type: type, message: 'secret-in-an-error' } };
  };
  return startStore(
    (document) => (request, body) => {
      if (request.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue') return refuse('UnknownOperationException');
      if (request.headers['x-amz-security-token'] !== account.sessionToken) return refuse('UnrecognizedClientException');
      if (request.headers.authorization !== signatureOf(request, body, account)) return refuse('InvalidSignatureException');
      const { SecretId } = JSON.parse(body) as { SecretId: string };
      if (SecretId !== account.secretId || document === null) return refuse('com.amazonaws.secretsmanager#ResourceNotFoundException');
      return { status: 200, body: { ARN: 'arn:aws:secretsmanager:1', Name: SecretId, SecretString: document, VersionId: '1' } };
    },
    refusals,
  );
}

/** Signature Version 4, as AWS documents it. */
function signatureOf(request: IncomingMessage, body: string, { region, accessKeyId, secretAccessKey }: AwsAccount): string {
  const signedHeaders = /SignedHeaders=([^,]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const moment = String(request.headers['x-amz-date']);
  const canonical = [
    request.method,
    request.url,
    '',
    ...signedHeaders.split(';').map((name) => `${name}:${String(request.headers[name])}`),
    '',
    signedHeaders,
    createHash('sha256').update(body).digest('hex'),
  ].join('\n');
  const scope = `${moment.slice(0, 8)}/${region}/secretsmanager/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', moment, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const hmac = (secret: Buffer | string, data: string): Buffer => createHmac('sha256', secret).update(data).digest();
  const signingKey = [region, 'secretsmanager', 'aws4_request'].reduce(hmac, hmac(`AWS4${secretAccessKey}`, moment.slice(0, 8)));
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${createHmac('sha256', signingKey).update(text).digest('hex')}`;
}
