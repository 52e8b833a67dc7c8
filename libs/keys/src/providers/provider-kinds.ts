import type { OutboundHttp, Settings } from '#platform';
import type { KeyProvider } from '../key-provider.port.js';
import { AwsKeyProvider } from './aws/aws.provider.js';
import { EnvKeyProvider } from './env/env.provider.js';
import { FileKeyProvider } from './file/file.provider.js';
import { VaultKeyProvider } from './vault/vault.provider.js';

/** Every place keys may come from, one line each: LEADGATE_IDENTITY_KEYS_FROM. */
const PROVIDERS: Readonly<Record<Settings['keys']['from'], (settings: Settings, http: OutboundHttp) => KeyProvider>> = {
  file: ({ files }) => new FileKeyProvider(files.dataDir),
  env: ({ keys }) => new EnvKeyProvider(keys.document),
  vault: ({ keys }, http) => new VaultKeyProvider(keys.vault, http),
  aws: ({ keys }, http) => new AwsKeyProvider(keys.aws, http),
};

export function keyProviderOf(settings: Settings, http: OutboundHttp): KeyProvider {
  return PROVIDERS[settings.keys.from](settings, http);
}
