import { map, type Observable } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { Batch } from '../book/index.ts'
import type { Market } from '../pipeline/market.ts'
import { differences, formatDifferences, show } from './match.ts'
import { commands, type OrderText, type RecordObject } from './records.ts'
import { observeRecords } from './through.ts'

/** What a marble test is given. Time is virtual: a frame, one character, is 1 ms; see RxJS on marble diagrams. */
export interface MarbleHelpers {
  /**
   * Batches of orders, one for each letter: `batches('a-b|', { a: [{...}], b: [{...}, {...}] })`. A batch is made when its
   * time comes, so that it knows what was matched before.
   */
  readonly batches: (
    market: Market,
    marbles: string,
    values: Readonly<Record<string, readonly OrderText[] | string>>,
    error?: unknown,
  ) => Observable<Batch>
  /** What comes out: for each letter a list of records of which only the keys given are compared. */
  readonly expectRecords: (
    market: Market,
    stream: Observable<Batch>,
  ) => {
    readonly toBe: (
      marbles: string,
      values?: Readonly<Record<string, readonly RecordObject[]>>,
      error?: unknown,
    ) => void
  }
  /** For streams of anything else, and for time in operators of RxJS: `delay`, `bufferTime` and so on. */
  readonly scheduler: TestScheduler
}

interface Message {
  readonly frame: number
  readonly notification: { readonly kind: string; readonly value?: unknown; readonly error?: unknown }
}

/**
 * Runs a marble test over batches in virtual time: nothing waits, and the same happens each time.
 * @throws Error that says, frame by frame, what came otherwise
 */
export function marbles(test: (helpers: MarbleHelpers) => void): void {
  const scheduler = new TestScheduler(compare)
  scheduler.run(({ cold, expectObservable }) => {
    test({
      scheduler,
      batches: (market, diagram, values, error) =>
        cold(diagram, undefined, error).pipe(
          map((letter) => {
            const orders = values[letter]
            if (orders === undefined) throw new RangeError(`no orders are given for ${letter} in ${diagram}`)
            return commands(market, orders)
          }),
        ),
      expectRecords: (market, stream) => ({
        toBe: (diagram, values, error) =>
          expectObservable(observeRecords(market, stream)).toBe(diagram, values, error),
      }),
    })
  })
}

function compare(actual: readonly Message[], expected: readonly Message[]): void {
  const told: string[] = []
  for (let i = 0; i < Math.max(actual.length, expected.length); i++) {
    const [got, wanted] = [actual[i], expected[i]]
    if (got === undefined || wanted === undefined) {
      told.push(`expected ${messageText(wanted)}, got ${messageText(got)}`)
      continue
    }
    if (got.frame !== wanted.frame || got.notification.kind !== wanted.notification.kind) {
      told.push(`expected ${messageText(wanted)}, got ${messageText(got)}`)
      continue
    }
    const found = differences(
      got.notification.value ?? errorText(got.notification.error),
      wanted.notification.value ?? errorText(wanted.notification.error),
    )
    if (found.length > 0) told.push(`at ${got.frame} ms:\n${formatDifferences(found)}`)
  }
  if (told.length > 0) throw new Error(told.join('\n'))
}

function messageText(message: Message | undefined): string {
  if (message === undefined) return 'nothing'
  const { kind, value, error } = message.notification
  const what = kind === 'N' ? show(value) : kind === 'E' ? `the error ${errorText(error)}` : 'the end'
  return `${what} at ${message.frame} ms`
}

function errorText(error: unknown): string | undefined {
  return error instanceof Error ? error.message : (error as string | undefined)
}
