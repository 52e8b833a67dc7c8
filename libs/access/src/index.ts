export { AccessModule } from './access.module.js';
export { ApiKeys, type Principal } from './api-keys.port.js';
export { FollowedApiKeys } from './followed-api-keys.js';
export { Caller, type CallerOf, keyInvalid, keyMissing, keyScope, TakesKeys } from './key.guard.js';
export {
  createApiKey,
  KEY_SCOPES,
  listApiKeys,
  OPERATORS_TRAIL,
  revokeApiKey,
  type ApiKeyRow,
  type KeyHolder,
  type KeyScope,
} from './pg-api-keys.js';
export { scopeOf, tenantCondition, type TenantScope } from './tenant-scope.js';
