import { mergeOperator, switchOperator } from '../pipeline/graph/routing.ts'
import type { AnyOperator, Registry } from '../pipeline/operator.ts'
import { aiEnhanceOperator } from './ai-enhance.ts'
import { ingestOperator } from './ingest.ts'
import { matchOperator } from './match.ts'
import { publishOperator } from './publish.ts'
import { receiveOperator } from './receive.ts'
import { riskOperator } from './risk.ts'
import { sendOperator } from './send.ts'
import { settleOperator } from './settle.ts'
import { validateOperator } from './validate.ts'

const operators: readonly AnyOperator[] = [
  ingestOperator,
  validateOperator,
  aiEnhanceOperator,
  riskOperator,
  matchOperator,
  settleOperator,
  publishOperator,
  sendOperator,
  receiveOperator,
  switchOperator,
  mergeOperator,
]

/** The operators that a pipeline file can name. */
export const registry: Registry = new Map(operators.map((operator) => [operator.name, operator]))
