import { diff, type DiffLine } from '../scenario/diff.ts'
import { matches } from './match.ts'
import type { RecordObject } from './records.ts'
import type { Seen } from './stand-ins.ts'
import type { Bounds, Expectations } from './test-codec.ts'

/** What a run came to. */
export interface Outcome {
  /** What each sink was given, by stage, in the order of the file. */
  readonly outputs: ReadonlyMap<string, readonly Seen[]>
  readonly enteredMs: readonly number[]
  readonly commands: number
  readonly tookMs: number
  readonly deadLetters: number
  /** By `FROM->TO`. */
  readonly edges: ReadonlyMap<string, EdgeFigures>
  /** Why the run failed, if it did. */
  readonly failure: string | undefined
}

export interface EdgeFigures {
  readonly highWater: number
  readonly depth: number
  readonly offered: number
  readonly dropped: number
}

/** Something that was otherwise: under which key of `expect`, and how. */
export interface Disagreement {
  readonly path: readonly string[]
  readonly diff: readonly DiffLine[]
}

/** Holds what a run came to against what is expected of it. Empty if all is as it should be. */
export function disagreements(expected: Expectations, outcome: Outcome): Disagreement[] {
  return new Checks(expected, outcome).run()
}

class Checks {
  private readonly expected: Expectations
  private readonly outcome: Outcome
  private readonly found: Disagreement[] = []

  constructor(expected: Expectations, outcome: Outcome) {
    this.expected = expected
    this.outcome = outcome
  }

  run(): Disagreement[] {
    const { expected, outcome } = this
    this.failure()
    const [first] = outcome.outputs.values()
    this.output([], expected, first ?? [])
    for (const [id, output] of Object.entries(expected.outputs ?? {}))
      this.output(['outputs', id], output, outcome.outputs.get(id) ?? [])
    this.counts(first ?? [])
    if (expected.commands !== undefined) this.bound(['commands'], expected.commands, outcome.commands)
    if (expected.deadLetters !== undefined)
      this.bound(['deadLetters'], expected.deadLetters, outcome.deadLetters)
    if (expected.took !== undefined) this.bound(['took'], expected.took, outcome.tookMs, ' ms')
    this.edges()
    this.latency()
    return this.found
  }

  /** A run that fails though nobody expects it to has failed the test, whatever came out before. */
  private failure(): void {
    const { fails } = this.expected
    const { failure } = this.outcome
    if (fails === undefined && failure === undefined) return
    if (fails !== undefined && failure?.includes(fails) === true) return
    this.tell(['fails'], fails ?? 'the run goes well', failure ?? 'the run goes well')
  }

  private output(
    path: readonly string[],
    { events, contains, absent }: Pick<Expectations, 'events' | 'contains' | 'absent'>,
    seen: readonly Seen[],
  ): void {
    const actual = seen.map(({ event }) => event)
    const isExact = this.expected.exact === true
    if (events !== undefined) {
      const lines = eventLines(events, actual, isExact)
      const at = lines.findIndex(({ mark }) => mark !== ' ')
      if (at >= 0)
        this.found.push({ path: [...path, 'events', ...placeIn(lines, events.length)], diff: lines })
    }
    if (contains !== undefined) this.contains([...path, 'contains'], contains, actual, isExact)
    for (const [index, unwanted] of (absent ?? []).entries()) {
      const came = actual.filter((event) => matches(event, unwanted))
      if (came.length > 0)
        this.found.push({
          path: [...path, 'absent', String(index)],
          diff: came.map((event) => ({ mark: '+', text: eventText(event) })),
        })
    }
  }

  /** Each in its order, with any others between them. */
  private contains(
    path: readonly string[],
    wanted: readonly RecordObject[],
    actual: readonly RecordObject[],
    isExact: boolean,
  ): void {
    let at = 0
    for (const [index, event] of wanted.entries()) {
      const found = actual.findIndex((other, place) => place >= at && matches(other, event, isExact))
      if (found === -1) {
        const rest = actual.slice(at).map((other): DiffLine => ({ mark: '+', text: eventText(other) }))
        this.found.push({
          path: [...path, String(index)],
          diff: [{ mark: '-', text: eventText(event) }, ...shortened(rest)],
        })
        return
      }
      at = found + 1
    }
  }

  private counts(seen: readonly Seen[]): void {
    const { counts, rejects } = this.expected
    for (const [kind, bounds] of Object.entries(counts ?? {}))
      this.bound(['counts', kind], bounds, seen.filter(({ event }) => event['event'] === kind).length)
    if (rejects === undefined) return
    const codes = seen
      .filter(({ event }) => event['event'] === 'rejected')
      .map(({ event }) => String(event['code']))
    if (Array.isArray(rejects)) {
      const lines = diff(
        rejects as readonly string[],
        codes,
        (code, other) => code === other,
        (code) => code,
        (code) => code,
      )
      if (lines.some(({ mark }) => mark !== ' '))
        this.found.push({ path: ['rejects', ...placeIn(lines, rejects.length)], diff: lines })
      return
    }
    for (const [code, bounds] of Object.entries(rejects as Readonly<Record<string, Bounds>>))
      this.bound(['rejects', code], bounds, codes.filter((other) => other === code).length)
    const others = codes.filter((code) => !Object.hasOwn(rejects, code))
    if (others.length > 0)
      this.found.push({ path: ['rejects'], diff: others.map((text) => ({ mark: '+', text })) })
  }

  private edges(): void {
    const { drops, edges: wanted } = this.expected
    const { edges } = this.outcome
    for (const [id, figures] of Object.entries(wanted ?? {}))
      for (const [key, bounds] of Object.entries(figures) as [keyof EdgeFigures, Bounds][])
        this.edge(['edges', id, key], id, key, bounds)
    if (drops === undefined) return
    if (isBounds(drops))
      this.bound(
        ['drops'],
        drops,
        [...edges.values()].reduce((sum, { dropped }) => sum + dropped, 0),
      )
    else for (const [id, bounds] of Object.entries(drops)) this.edge(['drops', id], id, 'dropped', bounds)
  }

  private edge(path: readonly string[], id: string, key: keyof EdgeFigures, bounds: Bounds): void {
    const figures = this.outcome.edges.get(id)
    if (figures !== undefined) return this.bound(path, bounds, figures[key])
    const known = [...this.outcome.edges.keys()].join(', ') || 'none'
    this.tell(path, `an edge ${id}`, `edges: ${known}`)
  }

  /** From when a command came in to when what became of it reached the first sink, the last of it. */
  private latency(): void {
    const { latency } = this.expected
    if (latency === undefined) return
    const [seen = []] = this.outcome.outputs.values()
    const lastMs = new Map<number, number>()
    for (const { sequence, atMs } of seen) lastMs.set(sequence, atMs)
    const all = [...lastMs]
      .map(([sequence, atMs]) => atMs - (this.outcome.enteredMs[sequence - 1] ?? atMs))
      .sort((a, b) => a - b)
    const at = (share: number): number => all[Math.max(0, Math.ceil(share * all.length) - 1)] ?? 0
    const figures = { min: at(0), p50: at(0.5), p99: at(0.99), max: at(1) }
    for (const [key, bounds] of Object.entries(latency) as [keyof typeof figures, Bounds][])
      this.bound(['latency', key], bounds, figures[key], ' ms')
  }

  private bound(path: readonly string[], { atLeast, atMost }: Bounds, actual: number, unit = ''): void {
    const value = Number(actual.toFixed(6))
    if (value >= atLeast && value <= atMost) return
    const expected =
      atLeast === atMost
        ? `${atLeast}${unit}`
        : atLeast === -Infinity
          ? `at most ${atMost}${unit}`
          : `at least ${atLeast}${unit}${atMost === Infinity ? '' : `, at most ${atMost}${unit}`}`
    this.tell(path, expected, `${value}${unit}`)
  }

  private tell(path: readonly string[], expected: string, actual: string): void {
    this.found.push({
      path,
      diff: [
        { mark: '-', text: expected },
        { mark: '+', text: actual },
      ],
    })
  }
}

/** Differences that fill pages are of no use to anyone. */
const MAX_LINES = 40
/** Keys of an event that say which it is, shown where nobody asked for any. */
const TELLING: readonly string[] = ['event', 'id', 'taker', 'maker', 'price', 'quantity', 'code', 'reason']

function eventLines(
  expected: readonly RecordObject[],
  actual: readonly RecordObject[],
  isExact: boolean,
): DiffLine[] {
  // Of what came only those keys are shown that are asked for somewhere.
  const asked = new Set(['event', ...expected.flatMap((event) => Object.keys(event))])
  const sayActual = (event: RecordObject): string => eventText(event, isExact ? undefined : asked)
  const isEqual = (event: RecordObject, other: RecordObject): boolean => matches(other, event, isExact)
  return diff(expected, actual, isEqual, (event) => eventText(event), sayActual)
}

/** The index, in a list, of the first line that did not come; nothing where all came and more. */
function placeIn(lines: readonly DiffLine[], length: number): string[] {
  let index = 0
  for (const { mark } of lines) {
    if (mark === '-') return [String(index)]
    if (mark === ' ') index++
    else if (index < length) continue
  }
  return []
}

/** `{ event: trade, price: 10.05 }`, as a test file would have it. */
export function eventText(event: RecordObject, keys?: ReadonlySet<string>): string {
  const shown = Object.entries(event).filter(
    ([key]) => keys === undefined || keys.has(key) || (keys.size < 2 && TELLING.includes(key)),
  )
  return `{ ${shown.map(([key, value]) => `${key}: ${plainText(value)}`).join(', ')} }`
}

function plainText(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/+-]+$/.test(value) ? value : JSON.stringify(value)
}

function shortened(lines: readonly DiffLine[]): DiffLine[] {
  if (lines.length <= MAX_LINES) return [...lines]
  return [...lines.slice(0, MAX_LINES), { mark: '+', text: `and ${lines.length - MAX_LINES} more` }]
}

function isBounds(value: Bounds | Readonly<Record<string, Bounds>>): value is Bounds {
  return typeof value['atLeast'] === 'number'
}
