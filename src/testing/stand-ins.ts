import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { Batch } from '../book/index.ts'
import type { StageDefinition } from '../pipeline/definition.ts'
import type { Market } from '../pipeline/market.ts'
import type {
  AnyOperator,
  AsyncStep,
  Part,
  Source,
  StageContext,
  StageProblem,
  Step,
} from '../pipeline/operator.ts'
import { readU64, SEQUENCE } from '../book/record.ts'
import { openGiven, timed, type Given } from './given.ts'
import { EventWriter, type RecordObject } from './records.ts'
import type { Mock } from './test-codec.ts'

/** An event as it came out. */
export interface Seen {
  readonly event: RecordObject
  /** Of the command that caused it. */
  readonly sequence: number
  readonly atMs: number
}

/** What a run under test shows. */
export interface Observed {
  /** By stage: what each sink was given, in order. */
  readonly outputs: Map<string, Seen[]>
  /** When each command came in, in the order of their sequence. */
  readonly enteredMs: number[]
  /** Virtual time since the run began. */
  readonly nowMs: () => number
}

export interface StandInOptions {
  /** What its sources give instead of what they would read, by stage. */
  readonly given: ReadonlyMap<string, Given>
  readonly mocks: Readonly<Record<string, Mock>>
  /** Stages that nobody takes from, and that take events. */
  readonly sinks: ReadonlySet<string>
  readonly observed: Observed
}

/** A stage with someone else in its place, or looked at, as a test wants it. Its plan stays what it is. */
export function standIn(stage: StageDefinition, options: StandInOptions): StageDefinition {
  const { operator, id } = stage
  const mock = options.mocks[id] ?? {}
  if (operator.consumes === undefined) return withPart(stage, sourceOf(operator, id, options))
  if (options.sinks.has(id)) return withPart(stage, sinkOf(operator, id, mock, options))
  if (isWaiting(stage))
    return mock.real === true ? stage : withPart(stage, () => async () => E.right(waiting(mock)))
  if (mock.fails !== undefined)
    return withPart(stage, (given, context) => async () => {
      const made = await operator.create(given, context)()
      return E.map((part: Part) => failing(part as Step, mock))(made)
    })
  return stage
}

/** Whether a stage waits for someone outside, so that a test has to stand in for it. */
export function isWaiting({ operator, options }: StageDefinition): boolean {
  return operator.traits?.(options).isAsync === true
}

/** Lets records pass unchanged, after a delay, or fails. */
function waiting({ delay = 0, fails, times = Infinity }: Mock): AsyncStep {
  let left = fails === undefined ? 0 : times
  return {
    processAsync: async () => {
      if (delay > 0)
        await new Promise((resolve) => {
          setTimeout(resolve, delay)
        })
      if (left-- > 0) throw new Error(fails)
    },
  }
}

function withPart(
  stage: StageDefinition,
  create: (options: unknown, context: StageContext) => TE.TaskEither<StageProblem, Part>,
): StageDefinition {
  return { ...stage, operator: { ...stage.operator, create } }
}

/** What a test gives, or else the source itself. */
function sourceOf(operator: AnyOperator, id: string, { given, observed }: StandInOptions) {
  const instead = given.get(id)
  return (options: unknown, context: StageContext) => async (): Promise<E.Either<StageProblem, Part>> => {
    const made: E.Either<StageProblem, Source> =
      instead === undefined
        ? ((await operator.create(options, context)()) as E.Either<StageProblem, Source>)
        : await opened(instead, context.market)
    return E.map((source: Source) => timed(source, observed.enteredMs, observed.nowMs))(made)
  }
}

async function opened(given: Given, market: Market): Promise<E.Either<StageProblem, Source>> {
  try {
    return E.right(await openGiven(given, market))
  } catch (error) {
    return E.left({ path: [], message: (error as Error).message })
  }
}

/** A sink that keeps what it is given and writes nothing, unless it is to be real: then it does both. */
function sinkOf(operator: AnyOperator, id: string, mock: Mock, { observed }: StandInOptions) {
  return (options: unknown, context: StageContext) => async (): Promise<E.Either<StageProblem, Part>> => {
    const seen: Seen[] = observed.outputs.get(id) ?? []
    observed.outputs.set(id, seen)
    const kept = failing(new Kept(context.market, seen, observed.nowMs, mock.delay), mock)
    if (mock.real !== true) return E.right(kept)
    const made = (await operator.create(options, context)()) as E.Either<StageProblem, Step>
    return E.map((real: Step) => both(kept, real))(made)
  }
}

/** Keeps events. With a delay it has no room for that long after each batch, as a slow file or peer. */
class Kept implements Step {
  private readonly market: Market
  private readonly writer: EventWriter
  private readonly seen: Seen[]
  private readonly nowMs: () => number
  private readonly delayMs: number | undefined
  private readonly sequences: number[] = []
  /** Settled when the batch under way has been dealt with. */
  private busy: Promise<void> = Promise.resolve()

  constructor(market: Market, seen: Seen[], nowMs: () => number, delayMs: number | undefined) {
    this.market = market
    this.writer = new EventWriter(market)
    this.seen = seen
    this.nowMs = nowMs
    this.delayMs = delayMs
  }

  process(words: Int32Array, at: number): void {
    this.writer.write(words, at)
    this.sequences.push(readU64(words, at + SEQUENCE))
  }

  flush(): void {
    if (this.sequences.length === 0) return
    const { delayMs, market } = this
    const events = this.writer.take()
    const sequences = this.sequences.splice(0)
    if (delayMs === undefined) return this.keep(events, sequences)
    const { gate } = market
    gate.close()
    this.busy = new Promise((resolve) => {
      setTimeout(() => {
        this.keep(events, sequences)
        gate.open()
        resolve()
      }, delayMs)
    })
  }

  close(): Promise<void> {
    return this.busy
  }

  private keep(events: readonly RecordObject[], sequences: readonly number[]): void {
    const atMs = this.nowMs()
    for (const [index, event] of events.entries())
      this.seen.push({ event, sequence: sequences[index]!, atMs })
  }
}

function failing(step: Step, { fails, times = Infinity }: Mock): Step {
  if (fails === undefined) return step
  let left = times
  return wrapped(step, (words, at) => {
    if (left-- > 0) throw new Error(fails)
    step.process(words, at)
  })
}

function both(first: Step, second: Step): Step {
  return wrapped(
    second,
    (words, at) => {
      first.process(words, at)
      second.process(words, at)
    },
    first,
  )
}

/** A step that does all as another does, but for `process`. */
function wrapped(step: Step, process: Step['process'], before?: Step): Step {
  const { output, failed } = step as { output?: Batch; failed?: Step['failed'] }
  return {
    process,
    ...(output === undefined ? {} : { output }),
    ...(failed === undefined ? {} : { failed }),
    flush: () => {
      before?.flush?.()
      step.flush?.()
    },
    ...(step.report === undefined ? {} : { report: () => step.report!() }),
    ...(step.snapshot === undefined ? {} : { snapshot: () => step.snapshot!() }),
    ...(step.restore === undefined ? {} : { restore: (bytes) => step.restore!(bytes) }),
    close: async () => {
      await before?.close?.()
      await step.close?.()
    },
  }
}
