/** Public list of `millrace/operators`: operators over batches, for RxJS programs. */
export { aiEnhance, type AiOptions, type AiParts, type RiskScore } from './ai-enhance.ts'
export { ingest, type IngestFrom } from './ingest.ts'
export { match, type MatchOptions } from './match.ts'
export { publish, type PublishTo } from './publish.ts'
export { registry } from './registry.ts'
export { risk } from './risk.ts'
export type { RiskOptions } from './risk/risk-options.ts'
export { RiskStage, type NamedScope, type RiskHooks } from './risk/risk-stage.ts'
export { settle } from './settle.ts'
export type { Deposit, SettleOptions } from './settle/settle-options.ts'
export { SettleStage, type ReportCallback } from './settle/settle-stage.ts'
export { send, type SendTo } from './send.ts'
export type { EventCallback } from './sinks/callback.ts'
export { Summary, type InstrumentSummary, type Quote, type Totals } from './sinks/summary.ts'
export { validate, type ValidateRules } from './validate.ts'
export {
  defineOperator,
  defineSource,
  StageError,
  type DefinedOperator,
  type DefinedSource,
  type OperatorSpec,
  type SourceSpec,
} from '../pipeline/define-operator.ts'
export { fromStep, Island } from '../pipeline/island.ts'
export type { JournalOptions } from '../journal/options.ts'
export { JournalError } from '../journal/problem.ts'
export { Market, type MarketOptions } from '../pipeline/market.ts'
export * as option from '../pipeline/option.ts'
export type { Operator, RecordKind, ReportSection, Source, StageContext, Step } from '../pipeline/operator.ts'
export { observeSource, type PumpOptions } from '../pipeline/pump.ts'
export {
  pushRiskChange,
  riskScore,
  riskScorer,
  type Alert,
  type AuditRecord,
  type BreakerSettings,
  type RiskChange,
  type RiskLimits,
} from '../risk/index.ts'
