import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median } from '../src/cli/bench/median.ts'
import { ALL_CHECKS, playPipeline, recordPipeline } from './risk/pipeline.ts'
import type { RiskAllocation } from './risk/allocation.ts'
import type { RiskCost } from './risk/cost.ts'

const ROUNDS = 7
const PIPELINE_ORDERS = 300_000

/** What risk takes of an order with all checks on, what it allocates, and what the whole pipeline takes with it. */
export function benchRisk(): Promise<Record<string, unknown>> {
  return measure()
}

async function measure(): Promise<Record<string, unknown>> {
  const cost = Object.fromEntries(
    ['typical', 'sparse', 'wide 10', 'wide 100', 'wide 1000'].map((flow) => [flow, costOf(flow)]),
  )
  return { cost, bytesPerRecord: { ...riskAllocation() }, pipeline: await measurePipelines() }
}

/** The default pipeline with its three limits, and with every check, in turns. */
async function measurePipelines(): Promise<Record<string, unknown>> {
  const records = recordPipeline(PIPELINE_ORDERS)
  const times: Record<'present' | 'all', number[]> = { present: [], all: [] }
  await playPipeline(records)
  await playPipeline(records, ALL_CHECKS)
  for (let round = 0; round < ROUNDS; round++)
    for (const which of round % 2 === 0 ? (['present', 'all'] as const) : (['all', 'present'] as const))
      times[which].push(await playPipeline(records, which === 'all' ? ALL_CHECKS : undefined))
  const rate = (milliseconds: readonly number[]): number =>
    Math.round((PIPELINE_ORDERS / median(milliseconds)) * 1e3)
  return { ordersPerCpuSecond: { present: rate(times.present), allChecks: rate(times.all) } }
}

/** Room for what a round allocates, so that it is not collected before it is counted. */
const ROOM = ['--min-semi-space-size=64', '--max-semi-space-size=64']

export function costOf(flow: string): RiskCost {
  return partOf([], 'cost', flow) as RiskCost
}

/** Bytes of the JavaScript heap that orders and their events take, in a process of its own. */
export function riskAllocation(): RiskAllocation {
  return partOf(ROOM, 'allocation') as RiskAllocation
}

function partOf(options: readonly string[], ...args: readonly string[]): unknown {
  const env = { ...process.env, NODE_V8_COVERAGE: undefined, NODE_OPTIONS: undefined }
  const part = fileURLToPath(new URL('risk/part.ts', import.meta.url))
  return JSON.parse(
    execFileSync(process.execPath, [...options, part, ...args], { encoding: 'utf8', env }),
  ) as unknown
}
