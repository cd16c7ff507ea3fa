/** Public list of `millrace`: loading and running pipeline files. Operators are in `millrace/operators`, the engine in `millrace/book`. */
export {
  decodeDefinition,
  loadDefinition,
  type Definition,
  type StageDefinition,
} from './pipeline/definition.ts'
export {
  CLOSED,
  createRing,
  openRingReader,
  openRingWriter,
  Ring,
  type RingReader,
  type RingWriter,
} from './memory/ring/index.ts'
export { Market, type MarketOptions } from './pipeline/market.ts'
export type { Operator, RecordKind, Registry, ReportSection, Source, Step } from './pipeline/operator.ts'
export { formatProblem, type PipelineError, type Problem } from './pipeline/problem.ts'
export { preparePipeline, type Pipeline, type RunOptions, type RunReport } from './pipeline/runtime.ts'
export { diffLines, diffOf, type DefinitionDiff } from './pipeline/reload/diff.ts'
export { Revisions, type Revision } from './pipeline/reload/revisions.ts'
export { Supervisor, type Reloaded, type SupervisorOptions } from './pipeline/reload/supervisor.ts'
export { registry } from './operators/registry.ts'
