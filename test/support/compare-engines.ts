import { isDeepStrictEqual } from 'node:util'
import type { Command } from '../../src/book/command.ts'
import type { Instruments } from '../../src/book/instruments.ts'
import { checkInvariants } from '../../src/book/recovery/invariants.ts'
import { FastEngine } from './fast-engine.ts'
import { NaiveEngine } from './naive-engine.ts'
import { flowInstruments, randomFlow } from './random-flow.ts'

/** Just below where a sequence no longer fits 32 bits, so that streams cross it. */
const FIRST_SEQUENCE = 2 ** 32 - 50
const CHECK_EVERY = 100
export const FLOW_LENGTH = 400

export interface Comparison {
  readonly instruments?: () => Instruments
  readonly marketData?: boolean
}

/**
 * Gives both engines the same commands and asks for the same answers, one by one, and the same state at the end.
 * @returns what differs, or what was thrown, or undefined
 */
export function difference(stream: readonly Command[], comparison: Comparison = {}): string | undefined {
  try {
    return compare(stream, comparison)
  } catch (error) {
    return error instanceof Error ? error.stack : String(error)
  }
}

function compare(
  stream: readonly Command[],
  { instruments = flowInstruments, marketData = false }: Comparison,
): string | undefined {
  const fast = new FastEngine(instruments(), { marketData })
  const naive = new NaiveEngine(instruments(), { marketData })
  for (const [i, command] of stream.entries()) {
    const numbered = { ...command, sequence: FIRST_SEQUENCE + i }
    const [answer, expected] = [fast.apply(numbered), naive.apply(numbered)]
    if (!isDeepStrictEqual(answer, expected))
      return `command ${i} ${toJson(command)}\n  fast:\n${list(answer)}\n  naive:\n${list(expected)}`
    if (i % CHECK_EVERY !== CHECK_EVERY - 1 && i !== stream.length - 1) continue
    const problem = checkInvariants(fast.engine)
    if (problem !== undefined) return `after command ${i} ${toJson(command)}: ${problem}`
  }
  if (fast.liveOrders !== naive.liveOrders)
    return `live orders: fast ${fast.liveOrders}, naive ${naive.liveOrders}`
  return fast.stateHash() === naive.stateHash() ? undefined : 'events agree, state hashes do not'
}

/** The flow of a seed, which also says whether there is market data. */
export function flowOf(seed: number): { stream: Command[]; marketData: boolean } {
  return { stream: randomFlow(seed, FLOW_LENGTH), marketData: seed % 4 === 0 }
}

/** The same failure with as few commands as leaving them out, many at a time and then one by one, comes to. */
export function shrink(stream: readonly Command[], isFailing: (stream: Command[]) => boolean): Command[] {
  let least = [...stream]
  for (let size = Math.ceil(least.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let at = least.length - 1; at >= 0; at -= size) {
      const start = Math.max(0, at - size + 1)
      const fewer = [...least.slice(0, start), ...least.slice(at + 1)]
      if (isFailing(fewer)) least = fewer
    }
  return least
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? String(field) : field))
}

function list(events: readonly unknown[]): string {
  return events.map((event) => `    ${toJson(event)}`).join('\n')
}
