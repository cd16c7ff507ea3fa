import { getHeapStatistics } from 'node:v8'
import {
  Batch,
  EventKind,
  MatchingEngine,
  pushCommand,
  RECORD_WORDS,
  Side,
  type Command,
} from '../../src/book/index.ts'
import { HEAD, headKind } from '../../src/book/record.ts'
import { workloadInstruments } from '../../src/cli/bench/workload.ts'
import { Collections } from './collections.ts'
import { background, PLAIN, together, WITH_TERMS, type Cycle } from './cycles.ts'

export interface Allocation {
  readonly commands: number
  /** JavaScript heap a command, over all rounds in which nothing was collected. */
  readonly bytesPerCommand: number
  /** Of the round that took least: without what the compiler takes now and then. */
  readonly leastRoundBytes: number
  readonly roundCommands: number
  /** Rounds in which garbage was collected, and which therefore do not count. */
  readonly collectedRounds: number
}

const ROUND_COMMANDS = 100_000
const WARM_ROUNDS = 20
const READINGS = 20

const collections = new Collections()

/**
 * JavaScript heap that the engine takes for the commands of a cycle, replayed again and again. Every command's event is
 * written, as in a pipeline. What the reading itself takes is taken off.
 */
export async function measureAllocation(cycle: Cycle, commands: number): Promise<Allocation> {
  const engine = new MatchingEngine(workloadInstruments())
  play(engine, toBatch(background()), 1)
  const batch = toBatch(cycle.commands)
  checkCycle(engine, batch, cycle)
  const before = bookText(engine)
  const passes = Math.ceil(ROUND_COMMANDS / batch.count)
  const roundCommands = passes * batch.count
  const rounds = Math.ceil(commands / roundCommands)
  await replay(engine, batch, passes, WARM_ROUNDS)
  const tradesBefore = engine.trades
  const reading = Math.min(...(await replay(engine, batch, 0, READINGS)))
  const taken = (await replay(engine, batch, passes, rounds)).map((bytes) => bytes - reading)
  if (engine.trades - tradesBefore !== cycle.trades * passes * rounds || bookText(engine) !== before)
    throw new Error('replayed commands have not left the book as they found it')
  if (taken.length === 0) throw new Error('garbage was collected in every round')
  const total = taken.reduce((sum, bytes) => sum + bytes, 0)
  return {
    commands: roundCommands * rounds,
    bytesPerCommand: Number((total / (taken.length * roundCommands)).toFixed(4)),
    leastRoundBytes: Math.min(...taken),
    roundCommands,
    collectedRounds: rounds - taken.length,
  }
}

/** `plain`, `with terms`, or some of their kinds by name, with a + between them. */
export function allocationCycle(name: string): Cycle {
  if (name === 'plain') return together(Object.values(PLAIN))
  if (name === 'with terms') return together(Object.values(WITH_TERMS))
  return together(
    name.split('+').map((kind) => {
      const cycle = PLAIN[kind] ?? WITH_TERMS[kind]
      if (cycle === undefined) throw new Error(`no cycle ${kind}`)
      return cycle
    }),
  )
}

/** One pass in which each event is looked at. */
function checkCycle(engine: MatchingEngine, batch: Batch, { trades, rejected }: Cycle): void {
  const before = bookText(engine)
  play(engine, batch, 1)
  const { events } = engine
  const kinds = Array.from({ length: events.count }, (_, i) =>
    headKind(events.words[i * RECORD_WORDS + HEAD]!),
  )
  const count = (kind: number): number => kinds.filter((each) => each === kind).length
  const found = [count(EventKind.trade), count(EventKind.rejected), bookText(engine) === before]
  if (found.join() !== [trades, rejected, true].join())
    throw new Error(
      `a pass gave ${found.join()} (trades, refused, book as before), not ${trades},${rejected},true`,
    )
}

function play(engine: MatchingEngine, { words, count }: Batch, passes: number): void {
  const end = count * RECORD_WORDS
  for (let pass = 0; pass < passes; pass++) {
    engine.events.count = 0
    for (let at = 0; at < end; at += RECORD_WORDS) engine.apply(words, at)
  }
}

function toBatch(commands: readonly Command[]): Batch {
  const batch = new Batch(commands.length)
  for (const [i, command] of commands.entries()) pushCommand(batch, { ...command, sequence: i + 1 })
  return batch
}

/** Every order in its queue, and the last price. */
function bookText(engine: MatchingEngine): string {
  const sides = [Side.buy, Side.sell].map((side) => [[...engine.orders(0, side)], [...engine.stops(0, side)]])
  return JSON.stringify([sides, engine.lastTrade(0), engine.liveOrders])
}

/** Bytes that each round took of the heap, without those rounds in which garbage was collected. */
async function replay(
  engine: MatchingEngine,
  batch: Batch,
  passes: number,
  rounds: number,
): Promise<number[]> {
  const taken: number[] = []
  let seen = await collections.settle()
  for (let round = 0; round < rounds; round++) {
    const from = usedBytes()
    play(engine, batch, passes)
    const bytes = usedBytes() - from
    const now = await collections.settle()
    if (now === seen) taken.push(bytes)
    seen = now
  }
  return taken
}

function usedBytes(): number {
  return getHeapStatistics().used_heap_size
}
