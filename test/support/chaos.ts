import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RECORD_WORDS, type Batch } from '../../src/book/index.ts'
import { match, validate } from '../../src/operators/index.ts'
import { Random } from '../../src/operators/simulator/random.ts'
import { Market } from '../../src/pipeline/market.ts'
import { FrameReader, recordsOf } from '../../src/transport/frame.ts'
import { connectNats, isProblem } from '../../src/transport/nats/connection.ts'
import { JetStreamOutlet } from '../../src/transport/nats/jetstream-outlet.ts'
import { openStream } from '../../src/transport/nats/stream-setup.ts'
import { root } from './cli.ts'
import { NatsServer } from './nats-server.ts'
import { numbered, ONE } from './simulated.ts'
import { ended, inBatches } from './streams.ts'
import { commandFrame, joined } from './transports.ts'

export interface ChaosOptions {
  readonly seed: number
  readonly orders: number
  /** How often something is killed: the server, or the process that matches. */
  readonly kills: number
  /** Whether the pipeline is cut into three processes that meet over NATS. */
  readonly isSplit?: boolean
}

/** What came out of it; throws if anything was lost, doubled or out of place. */
export interface ChaosResult {
  readonly serverKills: number
  readonly matcherKills: number
  readonly events: number
  readonly acknowledged: number
  /** Names of all streams that there are in the end. */
  readonly streams: readonly string[]
}

const FRAME = 50

/**
 * Orders go into a JetStream stream, a process matches them, its events go into another stream; and at random moments,
 * under load, the server or the process is killed and started again. In the end the events must be, byte for byte, those
 * of a run in which nothing happened.
 */
export async function chaos({ seed, orders, kills, isSplit = false }: ChaosOptions): Promise<ChaosResult> {
  const random = new Random(seed)
  const folder = mkdtempSync(join(tmpdir(), 'millrace-chaos-'))
  const server = await NatsServer.start()
  const commands = numbered({ seed, orders, badShare: 0.02 })
  const matcher = isSplit
    ? new SplitParts(pipelineFile(folder, server.url, true), server.url, random)
    : new Supervised(pipelineFile(folder, server.url, false))
  try {
    const link = await connectNats({ servers: [server.url] })
    if (isProblem(link)) throw new Error(link.message)
    const stream = await openStream(link, 'orders', ['orders.log'], {})
    const outlet = new JetStreamOutlet(link, stream, { exclusive: true, bufferBytes: 65_536 })
    matcher.start()
    const counts = { server: 0, matcher: 0 }
    const every = Math.floor(orders / FRAME / (kills + 1))
    for (let from = 0, frame = 1; from < orders; from += FRAME, frame++) {
      outlet.publish(
        'orders.log',
        commandFrame(commands.words, from, Math.min(orders, from + FRAME)),
        `o-${from}`,
      )
      await new Promise((resolve) => setTimeout(resolve, 1 + random.below(5)))
      if (frame % every !== 0 || counts.server + counts.matcher === kills) continue
      if (random.below(2) === 0) {
        counts.server++
        await server.kill()
        await new Promise((resolve) => setTimeout(resolve, random.below(100)))
        await server.start()
      } else {
        counts.matcher++
        matcher.kill()
      }
    }
    await outlet.drain(60_000)
    const expected = await expectedEvents(commands)
    const got = await storedEvents(server, expected.length / RECORD_WORDS)
    if (!Buffer.from(got.buffer).equals(Buffer.from(expected.buffer)))
      throw new Error(
        `seed ${seed}: the events are not those of a run without kills${difference(got, expected)}`,
      )
    const streams: string[] = []
    for await (const name of stream.manager.streams.names()) streams.push(name)
    await link.close()
    return {
      streams: streams.sort(),
      serverKills: counts.server,
      matcherKills: counts.matcher,
      events: got.length / RECORD_WORDS,
      acknowledged: orders,
    }
  } finally {
    await matcher.stop()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A process that is started again whenever it ends. */
class Supervised {
  private readonly file: string
  private child: ChildProcess | undefined
  private isOver = false

  constructor(file: string) {
    this.file = file
  }

  start(): void {
    if (this.isOver) return
    this.child = spawn(process.execPath, [join(root, 'bin/millrace.js'), 'run', this.file, '--quiet'], {
      stdio: 'ignore',
    })
    this.child.on('exit', () => this.start())
  }

  kill(): void {
    this.child?.kill('SIGKILL')
  }

  stop(): Promise<void> {
    this.isOver = true
    this.kill()
    return Promise.resolve()
  }
}

/** `millrace run --spawn`, which starts each part again that is killed. */
class SplitParts {
  private readonly args: readonly string[]
  private readonly random: Random
  private child: ChildProcess | undefined
  /** The latest process of each part. */
  private readonly pids = new Map<string, number>()

  constructor(file: string, url: string, random: Random) {
    this.args = [join(root, 'bin/millrace.js'), 'run', file, '--quiet', '--spawn', '--nats', url]
    this.random = random
  }

  start(): void {
    this.child = spawn(process.execPath, this.args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      for (const [, name, pid] of text.matchAll(/process (\w+) has started, pid (\d+)/g))
        this.pids.set(name!, Number(pid))
    })
  }

  /** Kills one of the parts. */
  kill(): void {
    const pids = [...this.pids.values()]
    const pid = pids[this.random.below(Math.max(1, pids.length))]
    if (pid !== undefined) killPid(pid)
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child?.once('exit', resolve))
    this.child?.kill('SIGTERM')
    for (const pid of this.pids.values()) killPid(pid)
    await ended
  }
}

function killPid(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

function pipelineFile(folder: string, url: string, isSplit: boolean): string {
  const place = (name: string): string => (isSplit ? `, placement: { process: ${name} }` : '')
  const file = join(folder, 'matcher.yaml')
  writeFileSync(
    file,
    `name: matcher
instruments:
  AAPL: { tick: 0.01, lot: 1, referencePrice: 50.00, maxPrice: 1000 }
stages:
  - { id: orders, operator: ingest, from: { jetstream: { servers: "${url}", stream: orders, whenAbsent: wait } }${place('gate')} }
  - { id: validate, operator: validate }
  - { id: match, operator: match${place('matcher')} }
  - { id: events, operator: publish${place('out')}, to: { jetstream: { servers: "${url}", stream: events, subject: events.all, resume: true, whenAbsent: wait } } }
`,
  )
  return file
}

/** What an engine makes of the orders when nothing happens. */
async function expectedEvents(commands: Batch): Promise<Int32Array> {
  const market = new Market([ONE])
  const batches: Batch[] = []
  const sizes = Array.from({ length: Math.ceil(commands.count / 500) }, (_, i) =>
    Math.min(500, commands.count - i * 500),
  )
  await ended(inBatches(commands, ...sizes).pipe(validate(market), match(market)), {
    next: (batch) => batches.push(batch.slice()),
  })
  return joined(batches)
}

/** Waits until so many events are stored, and a little longer, so that one too many would be seen. */
async function storedEvents(server: NatsServer, wanted: number): Promise<Int32Array> {
  const link = await connectNats({ servers: [server.url] })
  if (isProblem(link)) throw new Error(link.message)
  const reader = new FrameReader()
  const parts: Int32Array[] = []
  let [count, next] = [0, 1]
  const deadline = performance.now() + 60_000
  let isSettled = false
  while (!isSettled) {
    const { manager, info } = await openStream(link, 'events', ['events.all', 'events.all.json'], {})
    for (; next <= info.state.last_seq; next++) {
      const message = await manager.streams.getMessage('events', { seq: next })
      if (message === null || reader.read(message.data) !== undefined)
        throw new Error(`message ${next} is no frame`)
      parts.push(recordsOf(message.data, reader))
      count += reader.count
    }
    if (performance.now() > deadline) throw new Error(`only ${count} of ${wanted} events came`)
    isSettled = count >= wanted
    await new Promise((resolve) => setTimeout(resolve, isSettled ? 300 : 50))
  }
  const { state } = (await openStream(link, 'events', [], {})).info
  if (state.last_seq >= next) throw new Error('more events came than there should be')
  await link.close()
  const all = new Int32Array(count * RECORD_WORDS)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function difference(got: Int32Array, expected: Int32Array): string {
  const at = got.findIndex((word, i) => word !== expected[i])
  return `: ${got.length / RECORD_WORDS} against ${expected.length / RECORD_WORDS}, first at record ${Math.floor(at / RECORD_WORDS)}`
}
