import type { Command } from './command.js';
import { apiKeysCreate } from './commands/api-keys-create.js';
import { apiKeysList } from './commands/api-keys-list.js';
import { apiKeysRevoke } from './commands/api-keys-revoke.js';
import { auditVerify } from './commands/audit-verify.js';
import { configActivate } from './commands/config-activate.js';
import { configApply } from './commands/config-apply.js';
import { configCheck } from './commands/config-check.js';
import { configList } from './commands/config-list.js';
import { doctor } from './commands/doctor.js';
import { keysRetire } from './commands/keys-retire.js';
import { keysRotate } from './commands/keys-rotate.js';
import { keysStatus } from './commands/keys-status.js';
import { policyShadow } from './commands/policy-shadow.js';
import { sweep } from './commands/sweep.js';

/** Every command there is, in the order of `leadgate --help`. A new one is a file and a line here. */
export const COMMANDS: readonly Command[] = [
  configCheck,
  configApply,
  configList,
  configActivate,
  apiKeysCreate,
  apiKeysList,
  apiKeysRevoke,
  keysStatus,
  keysRotate,
  keysRetire,
  policyShadow,
  auditVerify,
  sweep,
  doctor,
];
