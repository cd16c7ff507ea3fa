import { benchEdge } from './edge.ts'
import { benchProcesses } from './processes.ts'
import { benchThreads } from './threads.ts'

/** Rings between threads and between processes. docs/shared-memory.md says what the figures mean. */
export async function benchRing(): Promise<Record<string, unknown>> {
  const edge = await benchEdge()
  return {
    ...flat('threads', await benchThreads()),
    ...flat('edge of a pipeline between threads', edge),
    ...flat('processes', await benchProcesses()),
  }
}

/** One line for each figure. */
function flat(prefix: string, results: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(results).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null
        ? Object.entries(flat(`${prefix} ${name}`, value as Record<string, unknown>))
        : [[`${prefix} ${name}`, value]],
    ),
  )
}
