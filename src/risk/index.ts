/** Public list of risk: checks, positions, limits, breakers and the score. */
export type { Alert, AuditRecord } from './audit.ts'
export type { BreakerSettings } from './breakers.ts'
export {
  LIMIT_NAMES,
  LimitField,
  RISK_STATES,
  RiskState,
  type LimitName,
  type RiskLimits,
} from './limit-field.ts'
export type { LimitScope } from './limit-book.ts'
export { changeRisk, reloadRisk, type RiskSettings } from './risk-change.ts'
export {
  BREACH_ACTIONS,
  BreachAction,
  CHECKS,
  pushRiskChange,
  RiskAction,
  type BreachActionName,
  type CheckName,
  type RiskChange,
} from './risk-command.ts'
export { RiskEngine } from './risk-engine.ts'
export type { RiskRoom } from './row-store.ts'
export { imbalance } from './settlement/balance.ts'
export { readReport, sideName, type ExecutionReport } from './settlement/execution-report.ts'
export { FeeSchedule, type FeeSettings } from './settlement/fees.ts'
export { Ledger } from './settlement/ledger.ts'
export { decimalText, settleDay, SETTLEMENT_HEADER, settlementEnd } from './settlement/settlement-file.ts'
export {
  readClient,
  readPosition,
  readPositions,
  type ClientView,
  type PositionView,
} from './position-view.ts'
export { riskScore, riskScorer, type RiskParts, type ScoreWeights } from './score.ts'
