import { Module } from '@nestjs/common';
import { LOGGER, type Logger, Pools, SETTINGS, type Settings } from '#platform';
import { AdminKey } from './admin-key.js';
import { ApiKeys } from './api-keys.port.js';
import { FollowedApiKeys } from './followed-api-keys.js';
import { liveKeys } from './pg-api-keys.js';

/** Who may call. Whoever runs the process starts and stops the following of the rows. */
@Module({
  providers: [
    {
      provide: AdminKey,
      useFactory: ({ files, adminKey }: Settings) => AdminKey.load({ dataDir: files.dataDir, configured: adminKey }),
      inject: [SETTINGS],
    },
    {
      provide: FollowedApiKeys,
      useFactory: (pools: Pools, adminKey: AdminKey, logger: Logger) => new FollowedApiKeys(() => liveKeys(pools.relay), adminKey, logger),
      inject: [Pools, AdminKey, LOGGER],
    },
    { provide: ApiKeys, useExisting: FollowedApiKeys },
  ],
  exports: [ApiKeys, FollowedApiKeys],
})
export class AccessModule {}
