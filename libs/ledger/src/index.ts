export { balanceLedger, type LedgerFilter, type LedgerPeriod, type OnProgress } from './balance-ledger.js';
export {
  accountedFor,
  type FindingCode,
  FINDINGS,
  type Ledger,
  LEDGER_STATES,
  type LedgerFinding,
  type LedgerLine,
  type LedgerState,
  sumOf,
} from './ledger.js';
export { LedgerModule } from './ledger.module.js';
export { momentNow } from './pg-ledger-page.js';
export { WatchLedger } from './watch-ledger.js';
