/** Public list of `millrace/operators`: operators over batches, for RxJS programs. */
export { ingest, type IngestFrom } from './ingest.ts'
export { match, type MatchOptions } from './match.ts'
export { publish, type PublishTo } from './publish.ts'
export { registry } from './registry.ts'
export { send, type SendTo } from './send.ts'
export { risk, type RiskLimits } from './risk.ts'
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
export { Market, type MarketOptions } from '../pipeline/market.ts'
export * as option from '../pipeline/option.ts'
export type { Operator, RecordKind, ReportSection, Source, StageContext, Step } from '../pipeline/operator.ts'
export { observeSource, type PumpOptions } from '../pipeline/pump.ts'
