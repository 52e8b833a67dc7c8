import type { OutboundHttp, Settings } from '#platform';
import { type KeyProvider, KeysUnreadable } from '../../key-provider.port.js';
import { answeredObject, LOOK_LIMIT_MS } from '../http-answer.js';

type AwsSettings = Settings['keys']['aws'];
type Needed = 'secretId' | 'region' | 'accessKeyId' | 'secretAccessKey';

const VARIABLES: Readonly<Record<Needed, string>> = {
  secretId: 'LEADGATE_AWS_SECRET_ID',
  region: 'AWS_REGION',
  accessKeyId: 'AWS_ACCESS_KEY_ID',
  secretAccessKey: 'AWS_SECRET_ACCESS_KEY',
};

/** AWS Secrets Manager: GetSecretValue, whose SecretString is the document. One call needs no SDK, only its signature. */
export class AwsKeyProvider implements KeyProvider {
  readonly place: string;

  constructor(
    private readonly settings: AwsSettings,
    private readonly http: OutboundHttp,
  ) {
    this.place = `the secret ${settings.secretId ?? '(LEADGATE_AWS_SECRET_ID is not set)'} in AWS Secrets Manager`;
  }

  async read(): Promise<string> {
    const { sessionToken, endpoint } = this.settings;
    const { secretId, region, accessKeyId, secretAccessKey } = this.needed();
    const url = new URL(endpoint ?? `https://secretsmanager.${region}.amazonaws.com/`);
    const body = JSON.stringify({ SecretId: secretId });
    // Loaded only where this provider is configured.
    const { AwsV4Signer } = await import('aws4fetch');
    const signed = await new AwsV4Signer({
      method: 'POST',
      url: url.href,
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' },
      body,
      service: 'secretsmanager',
      region,
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    }).sign();
    const outcome = await this.http.post({
      origin: url.origin,
      path: url.pathname,
      headers: Object.fromEntries(signed.headers),
      body,
      timeoutMs: LOOK_LIMIT_MS,
      keepConnection: true,
    });
    const answer = answeredObject('AWS Secrets Manager', outcome, (_status, { __type: type }) => reasonOf(type));
    const { SecretString: text } = answer;
    if (typeof text !== 'string')
      throw new KeysUnreadable('the secret in AWS Secrets Manager has no SecretString: store the document as text, not as binary');
    return text;
  }

  private needed(): Readonly<Record<Needed, string>> {
    const missing = (Object.keys(VARIABLES) as Needed[]).filter((name) => this.settings[name] === undefined);
    if (missing.length > 0) {
      throw new KeysUnreadable(
        `the keys are to come from AWS Secrets Manager, but not set: ${missing.map((name) => VARIABLES[name]).join(', ')}`,
      );
    }
    return this.settings as Readonly<Record<Needed, string>>;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'there is no secret of the name LEADGATE_AWS_SECRET_ID in this region',
  AccessDeniedException: 'the access key may not secretsmanager:GetSecretValue on it',
  UnrecognizedClientException: 'the access key is not valid, or its session token is missing',
  ExpiredTokenException: 'the session token has expired',
  InvalidSignatureException: 'the signature is refused: AWS_SECRET_ACCESS_KEY, or the clock of this machine',
  DecryptionFailure: 'the secret cannot be decrypted with its KMS key',
};

/** `com.amazonaws…#Name` or `Name`: only names of our own list are shown. */
function reasonOf(type: unknown): string | undefined {
  return typeof type === 'string' ? REASONS[type.slice(type.lastIndexOf('#') + 1)] : undefined;
}
