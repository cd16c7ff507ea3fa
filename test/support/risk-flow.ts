import {
  Batch,
  MatchingEngine,
  pushCommand,
  readEvent,
  RECORD_WORDS,
  rejectName,
} from '../../src/book/index.ts'
import type { Command } from '../../src/book/index.ts'
import { CODE, CommandKind } from '../../src/book/record.ts'
import { pushRiskChange, readPositions, RiskEngine } from '../../src/risk/index.ts'
import type { BreachActionName, RiskLimits, RiskSettings } from '../../src/risk/index.ts'
import { CHECKS, type CheckName } from '../../src/risk/index.ts'
import { seededInts } from './commands.ts'
import { NaiveRisk } from './naive-risk.ts'
import { flowInstruments, randomFlow } from './random-flow.ts'

type Below = (bound: number) => number

const CLIENTS = [1, 2, 3, 2 ** 32 - 1]

/** Limits near what a random flow does, so that each refuses something and much passes. */
export function randomLimits(below: Below, share: number): RiskLimits {
  const maybe = <T>(value: T): T | undefined => (below(100) < share ? value : undefined)
  return {
    killSwitch: maybe(below(6) === 0),
    tradingState: maybe((['active', 'active', 'active', 'reduce-only', 'halted'] as const)[below(5)]!),
    allowed: maybe(below(5) !== 0),
    maxOrderLots: maybe(1 + below(30)),
    maxNotional: maybe(String(below(4_000))),
    collarTicks: maybe(below(12)),
    collarBestTicks: maybe(below(6)),
    collarReferenceTicks: maybe(below(14)),
    staleAfterSeconds: maybe(below(4)),
    staleAfterCommands: maybe(below(60)),
    rejectStale: maybe(below(2) === 0),
    maxPositionLots: maybe(below(150)),
    maxGrossExposure: maybe(String(below(40_000))),
    maxNetExposure: maybe(String(below(30_000))),
    maxDailyLoss: maybe(String(below(600))),
    messagesPerSecond: maybe(1 + below(40)),
    messageBurst: maybe(1 + below(20)),
    maxOrderToTrade: maybe(1 + below(10)),
    orderToTradeAllowance: maybe(below(60)),
    duplicateSeconds: maybe(below(3)),
    duplicateCommands: maybe(below(30)),
    rejectSelfTrade: maybe(below(4) !== 0),
    requireProtection: maybe(below(4) !== 0),
  }
}

function randomSettings(below: Below): RiskSettings {
  const actions: BreachActionName[] = ['alert', 'reduce-only', 'off']
  const onBreach = Object.fromEntries(
    Object.keys(CHECKS).flatMap((name) => (below(6) === 0 ? [[name, actions[below(3)]!]] : [])),
  ) as Partial<Record<CheckName, BreachActionName>>
  const coolDownSeconds = [undefined, 1, 4][below(3)]
  return {
    limits: randomLimits(below, [0, 10, 25][below(3)]!),
    scopes: Array.from({ length: below(6) }, () => ({
      ...(below(3) === 0 ? {} : { client: CLIENTS[below(4)]! }),
      ...(below(2) === 0 ? {} : { instrument: below(5) }),
      limits: randomLimits(below, 20),
    })).filter(({ client, instrument }) => client !== undefined || instrument !== undefined),
    onBreach,
    breakers: {
      rejects: below(3) === 0 ? { most: below(20), seconds: 1 + below(3), coolDownSeconds } : undefined,
      loss: below(3) === 0 ? { amount: String(1 + below(800)), coolDownSeconds } : undefined,
      priceMove: below(3) === 0 ? { ticks: 1 + below(6), seconds: 1 + below(5), coolDownSeconds } : undefined,
    },
  }
}

/** What a comparison found. */
export interface RiskComparison {
  /** The first difference, in words. */
  readonly difference: string | undefined
  readonly commands: number
  /** How often each code was given. */
  readonly codes: Map<number, number>
  readonly engine: RiskEngine
}

/** Plays a random flow with random limits, and changes of them, to the fast and the plain risk engine. */
export function compareRisk(seed: number, length: number): RiskComparison {
  const below = seededInts(seed ^ 0x5eed)
  const matching = new MatchingEngine(flowInstruments())
  const settings = randomSettings(below)
  const fast = new RiskEngine(matching.instruments, settings, { clients: 1, positions: 1 })
  fast.engine = matching
  const plain = new NaiveRisk(matching, settings)
  const codes = new Map<number, number>()
  const batch = new Batch(64)
  let [sequence, nanoseconds] = [0, 1_700_006_380_000_000_000n]
  const told = (difference: string | undefined): RiskComparison => ({
    difference,
    commands: sequence,
    codes,
    engine: fast,
  })
  for (const [step, asked] of randomFlow(seed, length).entries()) {
    batch.count = 0
    if (below(150) === 0) change(below, batch, plain)
    nanoseconds += BigInt(below(200_000_000))
    if (asked.kind === CommandKind.time && BigInt(asked.timestampNs!) > nanoseconds)
      nanoseconds = BigInt(asked.timestampNs!)
    const isStamped = asked.kind === CommandKind.time || below(4) === 0
    const command: Command = isStamped ? { timestampNs: nanoseconds, ...asked } : asked
    pushCommand(batch, { ...command, sequence: sequence + batch.count + 1 })
    for (let i = 0; i < batch.count; i++) {
      const isLast = i === batch.count - 1
      const at = i * RECORD_WORDS
      const before = batch.words[at + CODE]! & 0xffff
      sequence++
      const expected = isLast ? plain.judge(command, sequence) : 0
      fast.process(batch.words, at)
      const code = batch.words[at + CODE]! & 0xffff
      if (before === 0 && code !== expected)
        return told(`step ${step}: ${rejectName(code)}, not ${rejectName(expected)}: ${say(command)}`)
      codes.set(code, (codes.get(code) ?? 0) + 1)
      const { events } = matching
      const from = events.count
      matching.apply(batch.words, at)
      for (let each = from; each < events.count; each++)
        plain.follow(readEvent(events.words, each * RECORD_WORDS))
    }
    if (below(20) === 0) {
      fast.endBatch()
      matching.events.count = 0
      const difference = positionsDiffer(fast, plain) ?? (below(10) === 0 ? restoresTo(fast) : undefined)
      if (difference !== undefined) return told(`step ${step}: ${difference}`)
    }
  }
  fast.endBatch()
  return told(positionsDiffer(fast, plain) ?? restoresTo(fast))
}

/** A change of limits, as records of the log. */
function change(below: Below, batch: Batch, plain: NaiveRisk): void {
  const client = below(2) === 0 ? 0 : CLIENTS[below(4)]!
  const instrument = below(2) === 0 ? -1 : below(5)
  const limits = Object.fromEntries(
    Object.entries(randomLimits(below, 8)).filter(([, value]) => value !== undefined),
  ) as RiskLimits
  const isReset = client !== 0 && instrument < 0 && below(2) === 0
  pushRiskChange(batch, { client, instrument, limits, reset: isReset })
  for (let i = 0; i < batch.count; i++) batch.words[i * RECORD_WORDS + 4] = 0
  plain.change(client, instrument, limits)
  if (isReset) plain.reset(client)
}

function positionsDiffer(fast: RiskEngine, plain: NaiveRisk): string | undefined {
  if (fast.alerts.count !== plain.alerts) return `${fast.alerts.count} alerts, not ${plain.alerts}`
  const seen = new Set<string>()
  for (const { client, instrument, lots, openBuyLots, openSellLots, cost, realised } of readPositions(
    fast.book,
  )) {
    const key = `${client}/${instrument}`
    seen.add(key)
    const other = plain.positions.get(key)
    const mine = [lots, openBuyLots, openSellLots, cost, realised].join()
    const theirs =
      other === undefined
        ? '0,0,0,0,0'
        : [other.lots, other.openBuy, other.openSell, other.cost, other.realised].join()
    if (mine !== theirs) return `position ${key} is ${mine}, not ${theirs}`
  }
  for (const [key, { lots, openBuy, openSell }] of plain.positions)
    if (!seen.has(key) && (lots !== 0n || openBuy !== 0n || openSell !== 0n))
      return `position ${key} is missing`
  return undefined
}

/** Whether a snapshot restores to the same hash and the same bytes. */
function restoresTo(fast: RiskEngine): string | undefined {
  const bytes = fast.snapshot()
  const hash = fast.stateHash()
  const other = new RiskEngine(fast.book.instruments)
  other.restore(bytes)
  if (other.stateHash() !== hash) return `restored, its hash is ${other.stateHash()}, not ${hash}`
  if (Buffer.compare(other.snapshot(), bytes) !== 0) return 'restored, its snapshot is another'
  // Goes on with what was restored, so that what is not in a snapshot is missed.
  fast.restore(bytes)
  return undefined
}

function say(command: Command): string {
  return JSON.stringify(command, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}
