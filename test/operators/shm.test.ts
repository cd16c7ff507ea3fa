import test from 'ava'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMappedFile } from '../../src/memory/mapped-file.ts'
import { Ring } from '../../src/memory/ring/index.ts'
import { millrace, start, type Ended } from '../support/cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-shm-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const INSTRUMENTS = { AAPL: { tick: 0.01, lot: 1, referencePrice: 585.33 } }

function pipeline(name: string, stages: readonly object[], instruments: object = INSTRUMENTS): string {
  const file = join(folder, `${name}.json`)
  const withIds = stages.map((stage, index) => ({ id: `s${index}`, ...stage }))
  writeFileSync(file, JSON.stringify({ name, instruments, stages: withIds }))
  return file
}

const simulate = (orders: number): object => ({ operator: 'ingest', from: { simulate: { seed: 5, orders } } })
const ring = (name: string): string => join(folder, `${name}.ring`)
const run = (file: string, ...args: readonly string[]): Promise<Ended> =>
  millrace(['run', file, '--format', 'json', ...args])

interface ShmReport {
  readonly commands: number
  readonly 'shm-in'?: { readonly records: number; readonly ended: boolean }
  readonly 'shm-out'?: { readonly records: number; readonly stalls: number; readonly highWater: number }
}
const reportOf = (ended: Ended): ShmReport => JSON.parse(ended.stdout) as ShmReport

test.serial(
  'shm - three processes joined by rings give the very events that one process gives',
  async (t) => {
    const [commands, events] = [ring('commands'), ring('events')]
    const whole = join(folder, 'whole.ndjson')
    const parts = join(folder, 'parts.ndjson')
    const rules = { operator: 'validate' }
    const one = pipeline('one', [
      simulate(60_000),
      rules,
      { operator: 'match' },
      { operator: 'publish', to: { ndjson: { file: whole } } },
    ])
    const front = pipeline('front', [
      simulate(60_000),
      rules,
      { operator: 'send', to: { shm: { file: commands, capacity: 1024 } } },
    ])
    const middle = pipeline('middle', [
      { operator: 'ingest', from: { shm: { file: commands, kind: 'command' } } },
      { operator: 'match' },
      { operator: 'publish', to: { shm: { file: events, capacity: 4096 } } },
    ])
    const back = pipeline('back', [
      { operator: 'receive', from: { shm: { file: events } } },
      { operator: 'publish', to: { ndjson: { file: parts } } },
      { operator: 'publish', to: 'summary', inputs: 's0' },
    ])
    // Readers first: they wait for the file, and then for the writer.
    const readers = [run(back), run(middle)]
    const ended = [await run(front), ...(await Promise.all(readers))]
    for (const { code, stderr } of ended) t.is(code, 0, stderr)
    const [first, last, second] = ended.map(reportOf)
    t.is(first!['shm-out']!.records, 60_000)
    t.is(second!['shm-in']!.records, 60_000)
    t.is(second!.commands, 60_000)
    t.is(last!['shm-in']!.records, second!['shm-out']!.records)
    t.true(last!['shm-in']!.ended)
    const { totals } = (
      JSON.parse(ended[1]!.stdout) as { summary: { totals: { addsUp: boolean; commands: number } } }
    ).summary
    t.true(totals.addsUp)
    t.is(totals.commands, 60_000)
    t.is((await run(one)).code, 0)
    t.true(unnamed(parts) === unnamed(whole), 'the same events, byte for byte')
  },
)

/** A file of events without the names of clients: records carry their numbers alone. */
function unnamed(file: string): string {
  return readFileSync(file, 'utf8').replaceAll(/"(client|takerClient|makerClient)":[^,}]+/g, '')
}

/** Bytes of memory that a process holds. */
function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1_024
}

const onLinux = process.platform === 'linux' ? test.serial : test.serial.skip

onLinux(
  'shm - a reader that stands still holds the writer back at its source, and nothing is lost',
  async (t) => {
    const file = ring('stalled')
    const writer = pipeline('writer', [
      simulate(1_500_000),
      { operator: 'send', to: { shm: { file, capacity: 2048, drainSeconds: 60 } } },
    ])
    const reader = pipeline('reader', [
      { operator: 'ingest', from: { shm: { file } } },
      { operator: 'match' },
      { operator: 'publish', to: 'summary' },
    ])
    const reading = start(['run', reader, '--format', 'json'])
    const writing = start(['run', writer, '--format', 'json'])
    const depth = (): number => {
      try {
        const mapped = openMappedFile(file, { writable: false })
        const found = new Ring(mapped.buffer).depth()
        mapped.close()
        return found
      } catch {
        return 0 // not there yet
      }
    }
    while (depth() === 0) await new Promise(setImmediate)
    reading.child.kill('SIGSTOP')
    while (depth() < 2_048) await new Promise(setImmediate)
    const before = residentBytes(writing.child.pid!)
    const cpu = (): string =>
      readFileSync(`/proc/${writing.child.pid}/stat`, 'utf8').split(' ').slice(13, 15).join('+')
    // It is held back as soon as it uses no processor from one look to the next.
    for (let used = ''; used !== cpu();) {
      used = cpu()
      await new Promise((resolve) => {
        setTimeout(resolve, 250)
      })
    }
    t.is(depth(), 2_048)
    t.true(residentBytes(writing.child.pid!) - before < 30e6)
    reading.child.kill('SIGCONT')
    const [written, read] = await Promise.all([writing.ended, reading.ended])
    t.is(written.code, 0, written.stderr)
    t.is(read.code, 0, read.stderr)
    t.true(reportOf(written)['shm-out']!.stalls > 0)
    t.is(reportOf(read).commands, 1_500_000)
    t.true((JSON.parse(read.stdout) as { summary: { totals: { addsUp: boolean } } }).summary.totals.addsUp)
  },
)

test.serial('shm - what no reader makes room for is told, with how many records that is', async (t) => {
  const file = ring('unread')
  const writer = pipeline('unread', [
    simulate(1_000),
    { operator: 'send', to: { shm: { file, capacity: 256, drainSeconds: 0.1 } } },
  ])
  const { code, stderr } = await run(writer)
  t.not(code, 0)
  t.regex(stderr, /unread\.ring: 744 records found no room in 0\.1 s \(the reader is absent\)/)
})

test.serial('shm - what a killed reader had not dealt with comes to the next one', async (t) => {
  const file = ring('again')
  const writer = pipeline('again-writer', [
    simulate(3_000),
    { operator: 'send', to: { shm: { file, capacity: 4096 } } },
  ])
  t.is((await run(writer)).code, 0)
  const reader = pipeline('again-reader', [
    { operator: 'ingest', from: { shm: { file } } },
    { operator: 'match' },
    { operator: 'publish', to: 'summary' },
  ])
  const first = await run(reader, '--orders', '1000')
  t.is(reportOf(first).commands, 1_000)
  const second = await run(reader)
  t.is(reportOf(second).commands, 2_000)
  t.true(reportOf(second)['shm-in']!.ended)
})

test.serial(
  'shm - a ring of other records, or between other instruments, is refused where the file names it',
  async (t) => {
    const file = ring('kinds')
    const to = { shm: { file, capacity: 4096 } }
    t.is((await run(pipeline('kinds-writer', [simulate(100), { operator: 'send', to }]))).code, 0)
    const told = async (name: string, stages: readonly object[], instruments?: object): Promise<string> => {
      const { code, stderr } = await run(pipeline(name, stages, instruments))
      t.is(code, 78)
      return stderr
    }
    const publish = { operator: 'publish', to: 'summary' }
    const from = { shm: { file } }
    t.regex(
      await told('kinds-events', [{ operator: 'receive', from }, publish]),
      /carries commands, expected events/,
    )
    const matching = [{ operator: 'ingest', from }, { operator: 'match' }, publish]
    const other = { AAPL: { tick: 0.05, lot: 1, referencePrice: 585.35 } }
    const message = await told('kinds-terms', matching, other)
    t.regex(message, /is between pipelines whose instruments differ/)
    t.true(message.includes('"path":"stages.s0.from.shm.file"'))
    const events = [simulate(10), { operator: 'match' }, { operator: 'publish', to }]
    t.regex(await told('kinds-publish', events), /holds records that nobody has read, and carries commands/)
    const odd = [simulate(10), { operator: 'send', to: { shm: { file, capacity: 1000 } } }]
    t.regex(await told('kinds-odd', odd), /expected a power of two up to 16777216, got 1000/)
  },
)
