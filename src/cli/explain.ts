import * as E from 'fp-ts/lib/Either.js'
import { costOf, type IslandCost } from '../pipeline/plan/cost.ts'
import { reasonText } from '../pipeline/plan/cut.ts'
import { planOf, type Plan, type PlannedEdge, type PlannedIsland } from '../pipeline/plan/plan.ts'
import { preparePipeline, type RunReport } from '../pipeline/runtime.ts'
import { duration, table, thousands } from '../telemetry/text-table.ts'
import { ExitCode } from './exit-code.ts'
import { loadOrTell, printProblems, printWarnings, type LoadOptions } from './load.ts'
import { print } from './print.ts'

export interface ExplainOptions extends LoadOptions {
  readonly measure?: boolean
  readonly orders: number
}

/** `millrace explain FILE`: what a pipeline file becomes, why, and what it should cost. Returns the exit code. */
export async function explainFile(file: string, options: ExplainOptions): Promise<number> {
  const definition = await loadOrTell(file, options)
  if (definition === undefined) return ExitCode.configuration
  printWarnings(definition.warnings, options.format)
  const plan = planOf(definition)
  let measured: RunReport | undefined
  if (options.measure === true) {
    const report = await measure(plan, options.orders)
    if ('problems' in report) {
      printProblems(report, options.format)
      return ExitCode.configuration
    }
    measured = report
  }
  return print(options.format === 'json' ? planJson(plan, measured) : planText(plan, measured))
}

/** Runs the pipeline with what writes to the outside left out. */
async function measure(plan: Plan, records: number) {
  const { definition } = plan
  const prepared = await preparePipeline(definition, {
    records,
    adopt: ({ operator, options }) =>
      operator.traits?.(options).isIo === true && operator.consumes !== undefined
        ? { process: () => {} }
        : undefined,
  })()
  return E.isLeft(prepared) ? prepared.left : prepared.right.run()
}

function planText(plan: Plan, measured: RunReport | undefined): string {
  const costs = costOf(plan)
  const lines = [
    `${plan.definition.name}: ${count(plan.islands.length, 'island')}, ${count(plan.edges.length, 'edge')}`,
    '',
    ...plan.islands.flatMap((island, index) => [...islandLines(island, costs[index]!), '']),
  ]
  if (plan.edges.length > 0)
    lines.push(
      ...table(
        ['edge', 'records', 'when full', 'why it is cut here'],
        plan.edges.map((edge) => [
          edge.id,
          `${edge.kind}s, ${thousands(edge.settings.capacityRecords)}`,
          edge.settings.policy,
          reasonText(edge.reason, edge),
        ]),
        4,
      ),
      '',
    )
  lines.push(...(measured === undefined ? expectation(costs) : measuredLines(measured)))
  return `${lines.join('\n')}\n`
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

function islandLines(island: PlannedIsland, cost: IslandCost): string[] {
  const { kind, placement, worker, partition, order, stages } = island
  const notes = [
    kind === 'source' ? 'reads a source' : kind === 'async' ? 'waits for answers' : undefined,
    placement?.thread === undefined ? undefined : `thread ${placement.thread}`,
    placement?.process === undefined ? undefined : `process ${placement.process}`,
    partition === undefined ? undefined : `worker ${worker} of ${partition.workers}, by ${partition.by}`,
    order === 'sequence' ? 'inputs in order of sequence' : undefined,
  ].filter((note) => note !== undefined)
  const names = stages.map(({ stage }) => `${stage.id} ${cost.stagesNs[stage.id]} ns`)
  return [
    `island ${island.id}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}: about ${Math.round(cost.wholeNs)} ns a record`,
    `  ${names.join(' -> ')}`,
  ]
}

/** One thread does the work of all islands that are not placed elsewhere. */
function expectation(costs: readonly IslandCost[]): string[] {
  const guessed = costs.flatMap(({ guessed: stages }) => stages)
  return [
    'Costs are those that operators give, measured by `npm run bench -- pipeline` on 2 cores with Node 24.',
    ...(guessed.length === 0
      ? []
      : [`A guess of 20 ns stands for those that give none: ${[...new Set(guessed)].join(', ')}.`]),
    'They are for one record of each island, not for an order: --measure runs the pipeline and shows what it takes.',
  ]
}

function measuredLines({ commands, seconds, latencies, stats }: RunReport): string[] {
  return [
    `measured with ${thousands(commands)} orders: ${thousands(commands / seconds)} orders/s, sinks that write to the outside left out`,
    ...table(
      ['island', 'records', 'busy', 'a record'],
      stats.islands.map(({ id, records, busyNs }) => [
        id,
        thousands(records),
        duration(busyNs),
        duration(records === 0 ? 0 : busyNs / records),
      ]),
      1,
    ),
    '',
    ...table(
      ['stage', 'p50', 'p99', 'samples'],
      latencies
        .filter(({ samples }) => samples > 0)
        .map(({ name, percentilesNs, samples }) => [
          name,
          duration(percentilesNs[0]!),
          duration(percentilesNs[2]!),
          thousands(samples),
        ]),
      1,
    ),
  ]
}

function planJson(plan: Plan, measured: RunReport | undefined): string {
  const costs = costOf(plan)
  return `${JSON.stringify({
    name: plan.definition.name,
    islands: plan.islands.map((island, index) => ({
      id: island.id,
      kind: island.kind,
      stages: island.stages.map(({ stage }) => stage.id),
      order: island.order,
      worker: island.worker,
      placement: island.placement,
      costNs: costs[index]!.wholeNs,
    })),
    edges: plan.edges.map((edge: PlannedEdge) => ({
      id: edge.id,
      from: edge.from,
      to: edge.to,
      fromIsland: edge.fromIsland,
      toIsland: edge.toIsland,
      kind: edge.kind,
      capacity: edge.settings.capacityRecords,
      whenFull: edge.settings.policy,
      reason: edge.reason.name,
      why: reasonText(edge.reason, edge),
    })),
    measured:
      measured === undefined
        ? undefined
        : {
            commands: measured.commands,
            ordersPerSecond: Math.round(measured.commands / measured.seconds),
            stats: measured.stats,
          },
  })}\n`
}
