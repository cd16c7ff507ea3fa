import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { encodeFrame, FrameFlag, FrameKind } from '../../src/transport/frame.ts'
import { connectNats, isProblem, type NatsLink } from '../../src/transport/nats/connection.ts'
import { creditOver } from '../../src/transport/nats/credit-link.ts'
import { JetStreamOutlet } from '../../src/transport/nats/jetstream-outlet.ts'
import { openStream } from '../../src/transport/nats/stream-setup.ts'
import { NatsServer } from '../../test/support/nats-server.ts'
import { benchFlow, type BenchFlow } from './flow.ts'

const FRAME = 256
/** Both files of events that a run must give are as long as an engine on its own says. */
interface Arrival {
  readonly at: number
  readonly cpuUs: number
  readonly sequences?: number[]
  readonly times?: number[]
}

/** CPU time of each process in microseconds: what stays comparable where the machine has other work. */
type Cpu = Readonly<Record<'sender' | 'matcher' | 'receiver' | 'server', number>>

type Send = (words: Int32Array, from: number, to: number) => Promise<void>

function start(name: string, ...args: string[]): ChildProcess {
  return fork(fileURLToPath(new URL(name, import.meta.url)), args, { execArgv: [] })
}

function said<T>(child: ChildProcess, wanted: (message: unknown) => boolean): Promise<T> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (wanted(message)) resolve(message as T)
    })
    child.on('exit', (code) => reject(new Error(`ended with ${code}`)))
  })
}

async function connected(server: NatsServer): Promise<NatsLink> {
  const link = await connectNats({ servers: [server.url] })
  if (isProblem(link)) throw new Error(link.message)
  return link
}

/** Sends credited frames, and waits where there is no room. */
function creditSend(link: NatsLink): { readonly send: Send; readonly close: () => void } {
  const sender = creditOver(link, 'bench.orders')
  let room = Promise.resolve()
  let open = (): void => {}
  sender.onFull = () => {
    room = new Promise((resolve) => {
      open = resolve
    })
  }
  sender.onRoom = () => open()
  return {
    send: (words, from, to) => {
      const { source, nextSequence: firstSequence } = sender
      const header = { kind: FrameKind.commands, firstSequence, source, flags: FrameFlag.credited }
      sender.send(encodeFrame(header, words, from, to), to - from)
      return room
    },
    close: () => sender.close(),
  }
}

/** Sends frames into a stream, and waits where there is no room. */
async function streamSend(link: NatsLink): Promise<{ readonly send: Send; readonly close: () => void }> {
  const stream = await openStream(link, 'bench-orders', ['bench.stored'], {})
  const outlet = new JetStreamOutlet(link, stream, { exclusive: true, bufferBytes: 8_388_608 })
  let room = Promise.resolve()
  let open = (): void => {}
  outlet.onFull = () => {
    room = new Promise((resolve) => {
      open = resolve
    })
  }
  outlet.onRoom = () => open()
  return {
    send: (words, from, to) => {
      const header = { kind: FrameKind.commands, firstSequence: from + 1, source: 1n }
      outlet.publish('bench.stored', encodeFrame(header, words, from, to), String(from))
      return room
    },
    close: () => void outlet.drain(10_000),
  }
}

/**
 * One run of three processes: this one sends, one matches, one receives.
 * @param rate orders a second; as fast as it goes if undefined
 */
async function run(
  flow: BenchFlow,
  kind: 'nats' | 'jetstream',
  rate?: number,
): Promise<{ seconds: number; latencies: number[]; cpu: Cpu }> {
  const server = await NatsServer.start()
  const receiver = start('receiver.ts', server.url, String(flow.trades), rate === undefined ? 'no' : 'yes')
  await said(receiver, (message) => message === 'ready')
  const matcher = start('matcher.ts', server.url, kind, String(flow.orders))
  const arrived = said<Arrival>(receiver, (message) => typeof message === 'object')
  const matched = said<{ hash: unknown; cpuUs: number }>(matcher, (message) => typeof message === 'object')
  await said(matcher, (message) => message === 'ready')
  const link = await connected(server)
  const { send, close } = kind === 'nats' ? creditSend(link) : await streamSend(link)
  // The first frame waits until the matcher is there; time begins behind it.
  const sentAt = new Float64Array(flow.orders + 1)
  await send(flow.words, 0, FRAME)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const began = Number(process.hrtime.bigint())
  const before = process.cpuUsage()
  if (rate === undefined)
    for (let from = FRAME; from < flow.orders; from += FRAME)
      await send(flow.words, from, Math.min(flow.orders, from + FRAME))
  else await paced(flow, rate, send, sentAt, began)
  const [{ at, sequences = [], times = [], cpuUs: receiving }, { hash, cpuUs: matching }] = await Promise.all(
    [arrived, matched],
  )
  const { user, system } = process.cpuUsage(before)
  const cpu = { sender: user + system, matcher: matching, receiver: receiving, server: server.cpuUs() }
  if (hash !== String(flow.hash))
    throw new Error('the matcher came to another state than the engine on its own')
  close()
  receiver.kill()
  await link.close()
  await server.stop()
  const latencies = sequences
    .map((sequence, i) => (sequence > FRAME ? times[i]! - sentAt[sequence]! : Number.NaN))
    .filter((ns) => !Number.isNaN(ns))
  return { seconds: (at - began) / 1e9, latencies: latencies.sort((a, b) => a - b), cpu }
}

/** Sends what is due, again and again. */
async function paced(
  flow: BenchFlow,
  rate: number,
  send: Send,
  sentAt: Float64Array,
  began: number,
): Promise<void> {
  let next = FRAME
  while (next < flow.orders) {
    const now = Number(process.hrtime.bigint())
    const due = Math.min(flow.orders, FRAME + Math.floor(((now - began) / 1e9) * rate))
    for (let from = next; from < due; from += FRAME) {
      const to = Math.min(due, from + FRAME)
      sentAt.fill(Number(process.hrtime.bigint()), from + 1, to + 1)
      await send(flow.words, from, to)
    }
    next = Math.max(next, due)
    await new Promise(setImmediate)
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]! / 1e3)
}

function latencyOf(latencies: readonly number[]): Record<string, number> {
  return {
    p50us: quantile(latencies, 0.5),
    p99us: quantile(latencies, 0.99),
    p999us: quantile(latencies, 0.999),
  }
}

/** Orders a second from NATS through the engine to a receiver of trades, and how long an order takes to its trade. */
export async function benchNats(rounds: number): Promise<Record<string, unknown>> {
  const flow = benchFlow(2_000_000)
  const cpuNs: Record<string, unknown> = {}
  const rates: { nats: number[]; jetstream: number[] } = { nats: [], jetstream: [] }
  for (let round = 0; round < rounds; round++)
    for (const kind of ['nats', 'jetstream'] as const) {
      const { seconds, cpu } = await run(flow, kind)
      cpuNs[kind] = Object.fromEntries(
        Object.entries(cpu).map(([name, us]) => [name, Math.round((us * 1e3) / flow.orders)]),
      )
      rates[kind].push(Math.round((flow.orders - FRAME) / seconds))
    }
  const most = median(rates.nats)
  const latency: Record<string, unknown> = {}
  for (const rate of [10_000, 100_000, Math.round(most / 2)]) {
    const { latencies } = await run(benchFlow(Math.min(2_000_000, rate * 4)), 'nats', rate)
    latency[`at ${rate.toLocaleString('en-US')}/s`] = latencyOf(latencies)
  }
  return {
    natsOrdersPerSecond: most,
    jetStreamOrdersPerSecond: median(rates.jetstream),
    rounds: rates,
    cpuNsPerOrder: cpuNs,
    latency,
  }
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}
