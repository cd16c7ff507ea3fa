import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { tempDir } from './journal.ts'

const FLOW = 'simulate: { seed: 7, orders: 1000000, clients: 20, badShare: 0.02 }'

export interface PipelineText {
  /** What stands under `journal`, but for `dir`. */
  readonly journal?: string
  readonly from?: string
  readonly to?: string
  readonly instruments?: string
  readonly limits?: string
}

/** A pipeline file with a journal beside it. */
export function journalPipeline(
  t: ExecutionContext,
  text: PipelineText = {},
  base: string = tempDir(t),
): { file: string; dir: string } {
  const dir = join(base, 'journal')
  return { file: pipelineFile(base, dir, text), dir }
}

/** Writes a pipeline file whose journal is in a directory. */
export function pipelineFile(
  folder: string,
  dir: string,
  text: PipelineText = {},
  name = 'pipeline',
): string {
  const { journal = 'segmentBytes: 1048576, snapshotEvery: 20000', from = FLOW, to = 'summary' } = text
  const { instruments = '{ AAPL: { tick: 0.01, lot: 1 }, AMZN: { tick: 0.01, lot: 1 } }', limits = '{}' } =
    text
  const file = join(folder, `${name}.yaml`)
  writeFileSync(
    file,
    `name: journaled
instruments: ${instruments}
stages:
  - { id: orders, operator: ingest, from: { ${from} } }
  - { id: validate, operator: validate }
  - { id: risk, operator: risk, limits: ${limits} }
  - { id: match, operator: match, journal: { dir: '${dir}', ${journal} } }
  - { id: report, operator: publish, to: ${to} }
`,
  )
  return file
}

/** Orders as NDJSON: limit orders of two clients that trade with one another now and then. */
export function orderLines(from: number, to: number): string {
  let text = ''
  for (let i = from; i < to; i++) {
    const side = i % 2 === 0 ? 'buy' : 'sell'
    const price = side === 'buy' ? 100 - (i % 5) / 100 : 99.99 + (i % 7) / 100
    text += `${JSON.stringify({ id: `order-${i}`, client: `client-${i % 3}`, symbol: i % 4 === 0 ? 'AMZN' : 'AAPL', side, price: price.toFixed(2), quantity: 1 + (i % 9) })}\n`
  }
  return text
}
