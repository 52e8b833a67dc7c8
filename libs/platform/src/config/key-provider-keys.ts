import { asOneOf, asPositiveDecimal, asText, asUrl, asVisibleText, optional, type SettingKey, withPreset } from './setting-key.js';

/** Where the keys of the duplicate check may come from; each is a folder under libs/keys/src/providers. */
const KEY_PROVIDERS = ['file', 'env', 'vault', 'aws'] as const;

/** The settings of the duplicate check's keys: which provider has them, and what each provider needs to know. */
export const KEY_PROVIDER_KEYS = {
  LEADGATE_IDENTITY_KEYS_FROM: optional(
    `Where the keys of the duplicate check are: ${KEY_PROVIDERS.join(', ')}; without it env where LEADGATE_IDENTITY_KEYS is set, else file (identity-keys.json in the data directory, made at the first start).`,
    'file',
    asOneOf(KEY_PROVIDERS),
  ),
  LEADGATE_IDENTITY_KEYS: optional(
    'The keys of the duplicate check for the provider env: <id>:<32 bytes or more in hex or base64>, or the document of docs/keys.md.',
    'k1:0000000000000000000000000000000000000000000000000000000000000000',
    asText,
  ),
  LEADGATE_IDENTITY_KEYS_POLL_SECONDS: withPreset(
    'Seconds between two looks at the keys; a changed key is used without a restart.',
    '5',
    asPositiveDecimal(3600),
  ),
  LEADGATE_VAULT_PATH: optional(
    'Provider vault: mount and path of the KV version 2 secret whose fields are the document.',
    'secret/leadgate/identity-keys',
    asText,
  ),
  VAULT_ADDR: optional('Provider vault: the address of HashiCorp Vault.', 'https://vault.example.com:8200', asUrl(['http:', 'https:'])),
  VAULT_TOKEN: optional('Provider vault: a token that may read the path.', 'hvs.a-token', asVisibleText),
  VAULT_TOKEN_FILE: optional(
    'Provider vault: a file with the token, read at every look, as Vault Agent keeps one; it wins over VAULT_TOKEN.',
    '/run/secrets/vault-token',
    asText,
  ),
  VAULT_NAMESPACE: optional('Provider vault: the namespace, where Vault has them.', 'marketing', asVisibleText),
  LEADGATE_AWS_SECRET_ID: optional(
    'Provider aws: name or ARN of the secret in AWS Secrets Manager that holds the document.',
    'leadgate/identity-keys',
    asVisibleText,
  ),
  AWS_REGION: optional('Provider aws: the region of the secret.', 'eu-central-1', asVisibleText),
  AWS_ACCESS_KEY_ID: optional('Provider aws: the id of the access key.', 'AKIAEXAMPLE', asVisibleText),
  AWS_SECRET_ACCESS_KEY: optional('Provider aws: the access key.', 'a-secret-access-key', asVisibleText),
  AWS_SESSION_TOKEN: optional('Provider aws: the session token of temporary credentials.', 'a-session-token', asVisibleText),
  AWS_ENDPOINT_URL_SECRETS_MANAGER: optional(
    'Provider aws: another address of Secrets Manager, e.g. a VPC endpoint.',
    'https://vpce-1.secretsmanager.eu-central-1.vpce.amazonaws.com',
    asUrl(['http:', 'https:']),
  ),
} satisfies Record<string, SettingKey<unknown>>;
