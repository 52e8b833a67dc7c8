import type { Command } from './command.js';
import { apiKeysCreate } from './commands/api-keys-create.js';
import { apiKeysList } from './commands/api-keys-list.js';
import { apiKeysRevoke } from './commands/api-keys-revoke.js';
import { auditVerify } from './commands/audit-verify.js';
import { configActivate } from './commands/config-activate.js';
import { configApply } from './commands/config-apply.js';
import { configCheck } from './commands/config-check.js';
import { configDraft } from './commands/config-draft.js';
import { configList } from './commands/config-list.js';
import { destinationsList } from './commands/destinations-list.js';
import { destinationsPause, destinationsResume } from './commands/destinations-pause.js';
import { destinationsShow } from './commands/destinations-show.js';
import { doctor } from './commands/doctor.js';
import { erase } from './commands/erase.js';
import { eventsList } from './commands/events-list.js';
import { keysRetire } from './commands/keys-retire.js';
import { keysRotate } from './commands/keys-rotate.js';
import { keysStatus } from './commands/keys-status.js';
import { leadsShow } from './commands/leads-show.js';
import { ledger } from './commands/ledger.js';
import { policyShadow } from './commands/policy-shadow.js';
import { replayCancel } from './commands/replay-cancel.js';
import { replayLeadCommand } from './commands/replay-lead.js';
import { replayList } from './commands/replay-list.js';
import { replayResume } from './commands/replay-resume.js';
import { replayShow } from './commands/replay-show.js';
import { replayStart } from './commands/replay-start.js';
import { requestsShow } from './commands/requests-show.js';
import { sweep } from './commands/sweep.js';
import { whatIfCancel } from './commands/what-if-cancel.js';
import { whatIfList } from './commands/what-if-list.js';
import { whatIfPromote } from './commands/what-if-promote.js';
import { whatIfShow } from './commands/what-if-show.js';
import { whatIfStart } from './commands/what-if-start.js';

/** Every command there is, in the order of `leadgate --help`. A new one is a file and a line here. */
export const COMMANDS: readonly Command[] = [
  configCheck,
  configApply,
  configDraft,
  configList,
  configActivate,
  apiKeysCreate,
  apiKeysList,
  apiKeysRevoke,
  keysStatus,
  keysRotate,
  keysRetire,
  policyShadow,
  whatIfStart,
  whatIfShow,
  whatIfList,
  whatIfCancel,
  whatIfPromote,
  replayStart,
  replayList,
  replayShow,
  replayCancel,
  replayResume,
  replayLeadCommand,
  leadsShow,
  requestsShow,
  destinationsList,
  destinationsShow,
  destinationsPause,
  destinationsResume,
  ledger,
  eventsList,
  auditVerify,
  erase,
  sweep,
  doctor,
];
