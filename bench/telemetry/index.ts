import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { median } from '../../src/cli/bench/median.ts'
import { registry } from '../../src/operators/registry.ts'
import { decodeDefinition } from '../../src/pipeline/definition.ts'
import { preparePipeline, type Pipeline } from '../../src/pipeline/runtime.ts'
import { servedOf } from '../../src/server/served.ts'
import { startServer } from '../../src/server/server.ts'
import { Latency } from '../../src/telemetry/latency.ts'
import { PROBE_EVERY } from '../../src/telemetry/stage-clock.ts'

const ORDERS = 1_000_000
const ROUNDS = 7
const RECORDS = 1_000_000

const pipelineText = (probeEvery: number): string => `
name: bench
runtime: { probeEvery: ${probeEvery} }
instruments:
  AAPL: { tick: 0.01, lot: 1, referencePrice: 585.33 }
  MSFT: { tick: 0.01, lot: 1, referencePrice: 30.96 }
stages:
  - { id: flow, operator: ingest, from: { simulate: { seed: 7, orders: ${ORDERS} } } }
  - { id: validate, operator: validate }
  - { id: risk, operator: risk, limits: { maxOrderLots: 50000, maxNotional: 10000000, collarTicks: 500 } }
  - { id: match, operator: match }
  - { id: clients, operator: publish, to: api }
  - { id: report, operator: publish, inputs: match, to: summary }
`

/**
 * What it costs to be looked at: the same orders through the same pipeline without stage timing and without a server,
 * and with timing, gauges each second, and a server that a viewer in another process has its books, trades and figures
 * from. In turns; CPU time of this process, for others run on a machine too.
 */
export async function benchTelemetry(): Promise<Record<string, unknown>> {
  await play(false)
  const on: number[] = []
  const off: number[] = []
  let messages = 0
  for (let round = 0; round < ROUNDS; round++)
    for (const isOn of round % 2 === 0 ? [true, false] : [false, true]) {
      const played = await play(isOn)
      ;(isOn ? on : off).push(played.cpuMs)
      messages += played.messages
    }
  const ratios = on.map((ms, round) => ms / off[round]!)
  const recordNs = costOfRecord()
  // The source, four stages, the whole and the batch.
  const perProbe = 7
  return {
    orders: ORDERS,
    rounds: ROUNDS,
    ordersPerCpuSecond: {
      off: Math.round((ORDERS / median(off)) * 1e3),
      on: Math.round((ORDERS / median(on)) * 1e3),
    },
    costPercent: Number(((median(ratios) - 1) * 100).toFixed(1)),
    messagesToViewer: messages,
    recordNs: Number(recordNs.toFixed(1)),
    recordNsAmortised: Number(((recordNs * perProbe) / PROBE_EVERY).toFixed(2)),
  }
}

async function play(isOn: boolean): Promise<{ cpuMs: number; messages: number }> {
  const pipeline = await prepared(isOn ? PROBE_EVERY : 0)
  const looked = isOn ? await look(pipeline) : undefined
  const began = process.cpuUsage()
  const report = await pipeline.run()
  const { user, system } = process.cpuUsage(began)
  if (report.commands !== ORDERS || report.failure !== undefined)
    throw new Error('not all orders were played')
  const timed = report.latencies.some(({ samples }) => samples > 0)
  if (timed !== isOn) throw new Error('timing is not as asked')
  const messages = (await looked?.end()) ?? 0
  if (isOn && messages < 3) throw new Error('the viewer saw nothing')
  return { cpuMs: (user + system) / 1e3, messages }
}

async function prepared(probeEvery: number): Promise<Pipeline> {
  const definition = decodeDefinition('bench.yaml', pipelineText(probeEvery), registry)
  if (E.isLeft(definition)) throw new Error(JSON.stringify(definition.left))
  const pipeline = await preparePipeline(definition.right)()
  if (E.isLeft(pipeline)) throw new Error(JSON.stringify(pipeline.left))
  return pipeline.right
}

/** Serves a pipeline to one viewer, who has begun to hear when this resolves. */
async function look(pipeline: Pipeline): Promise<{ end: () => Promise<number> }> {
  const server = await startServer(servedOf(pipeline), { port: 0 })
  const viewer = fileURLToPath(new URL('viewer.ts', import.meta.url))
  const child = spawn(process.execPath, [viewer, `${server.url.replace('http', 'ws')}/ws`])
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  await once(child.stdout, 'data')
  return {
    end: async () => {
      await server.close()
      await once(child, 'close')
      return Number(said.trim().split('\n').at(-1))
    },
  }
}

/** Nanoseconds of one record into a histogram, the least of some rounds. */
function costOfRecord(): number {
  let least = Infinity
  for (let round = 0; round < 5; round++) {
    const latency = new Latency('x')
    const began = performance.now()
    for (let record = 0; record < RECORDS; record++) latency.record((record & 1_023) / 1e4)
    least = Math.min(least, ((performance.now() - began) * 1e6) / RECORDS)
    if (latency.summary().samples !== RECORDS) throw new Error('records are missing')
  }
  return least
}
