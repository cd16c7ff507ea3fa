import { planOf } from '../pipeline/plan/plan.ts'
import { dot } from './draw/dot.ts'
import { drawingOf } from './draw/drawing.ts'
import { mermaid } from './draw/mermaid.ts'
import { svg } from './draw/svg.ts'
import { ExitCode } from './exit-code.ts'
import { loadOrTell } from './load.ts'
import { print } from './print.ts'

export const GRAPH_FORMATS = ['mermaid', 'dot', 'svg'] as const

export interface GraphOptions {
  readonly input?: string
  readonly profile?: string
  readonly set: readonly string[]
  readonly format: (typeof GRAPH_FORMATS)[number]
}

const DRAW = { mermaid, dot, svg }

/** `millrace graph FILE`: draws the stages of a file, in their islands, and the edges between them. Returns the exit code. */
export async function graphFile(file: string, options: GraphOptions): Promise<number> {
  const definition = await loadOrTell(file, { ...options, format: 'text' })
  if (definition === undefined) return ExitCode.configuration
  return print(DRAW[options.format](drawingOf(planOf(definition))))
}
