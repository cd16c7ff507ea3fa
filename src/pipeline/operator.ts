import type * as TE from 'fp-ts/lib/TaskEither.js'
import type * as t from 'io-ts'
import type { Batch } from '../book/index.ts'
import type { Market } from './market.ts'

/** What an edge carries: orders on their way in, or what became of them. */
export type RecordKind = 'command' | 'event'

/** What a stage has to say when a run is over. */
export interface ReportSection {
  readonly title: string
  /** For people. */
  readonly lines: readonly string[]
  /** For programs. */
  readonly figures: Readonly<Record<string, unknown>>
}

/**
 * Where a stream begins. Records are asked for, never pushed, so a source reads no faster than the pipeline runs.
 */
export interface Source {
  /**
   * Appends records to a batch until it holds `upTo` of them or no more are at hand. The sequence is not its
   * business: the runtime numbers records as they enter.
   * @returns false once the stream has ended and all of it has been given
   */
  pull(batch: Batch, upTo: number): boolean
  /** Whether its records have sequence numbers already, as events that come from another process do. */
  readonly isNumbered?: boolean
  /** Resolves when a `pull` that gave nothing is worth repeating. */
  ready?(): Promise<void>
  /** Ends the stream early: what was read is still given, nothing more is read. */
  stop?(): void
  /** Told of each command of this source that a full edge refused, so that its sender can be answered at once. */
  rejected?(words: Int32Array, at: number): void
  /** As in a step. */
  health?(): Promise<void>
  report?(): ReportSection
  close?(): Promise<void>
}

/** Why a step can take no more. */
export interface StepFailure {
  /** In words, with the name of the file or peer. */
  readonly message: string
  /** Whether a reader just went away, as `head` does when it has seen enough: the run ends, and no fault is told. */
  readonly isQuiet: boolean
}

/**
 * What a synchronous operator does with one record. Steps that stand one behind the other are fused into an
 * island and called record by record, so that a step sees all that earlier records led to, however they are batched.
 */
export interface Step {
  /** Handles the record that begins at word `at`: in place, or by appending records to `output`. */
  process(words: Int32Array, at: number): void
  /**
   * Handles records `from` up to `to`, just as `process` does one after the other. An island calls it where the step
   * is alone in its run, with no other step between its records.
   */
  processBatch?(words: Int32Array, from: number, to: number): void
  /** Where a step that makes another kind of record puts them. The island empties it before each batch. */
  readonly output?: Batch
  /**
   * Called when the records of a batch have been through this step and those beside it, and before any step behind sees
   * what they made: the place to make sure of what must not be lost once it is told.
   */
  commit?(): void
  /** Called when a batch is through, and no more may come for a while. */
  flush?(): void
  /** Resolves if the step can take no more, such as a sink whose disk is full; the run then ends early. */
  readonly failed?: Promise<StepFailure>
  /** All that the step must know to go on where it is, between two batches. A step without it has no state to keep. */
  snapshot?(): Uint8Array
  /** Takes up what `snapshot` gave. Throws RangeError where the bytes are not such a snapshot. */
  restore?(bytes: Uint8Array): void
  /** As `restore`, of a snapshot that a stage with other options gave: this one's own options hold. By default `restore`. */
  inherit?(bytes: Uint8Array): void
  /** Told which steps stand before it from now on, when a reload has changed them; see StageContext. */
  upstreamIs?(upstream: ReadonlyMap<string, Step>): void
  /** Resolves if it could do its work now, and rejects with why not. Asked before a reload lets it go to work. */
  health?(): Promise<void>
  report?(): ReportSection
  close?(): Promise<void>
  /** Lets go at once, between two lines or messages: what waits is dropped, what is half-way out is finished. */
  abort?(): Promise<void>
}

/**
 * What an operator does that has to wait: a call to a model, to another process, over a network. It stands in an
 * island of its own, gets one batch at a time and may take as long as its stage's `timeout` says; meanwhile the
 * records behind it wait in its edge, and all other islands go on.
 */
export interface AsyncStep {
  /**
   * Handles all records of a batch, in place or by appending to `output`, and resolves when they may go on. Rejecting
   * sends the batch to the dead letters.
   * @param batch the step's until the promise settles, and not afterwards
   * @param signal aborted when the stage's time is over or the run ends at once: what settles later is ignored
   */
  processAsync(batch: Batch, signal: AbortSignal): Promise<void>
  /** As in a step. Empty when `processAsync` is called. */
  readonly output?: Batch
  readonly failed?: Promise<StepFailure>
  snapshot?(): Uint8Array
  restore?(bytes: Uint8Array): void
  inherit?(bytes: Uint8Array): void
  health?(): Promise<void>
  report?(): ReportSection
  close?(): Promise<void>
  abort?(): Promise<void>
}

/** What `create` gives. */
export type Part = Source | Step | AsyncStep

export function isSource(part: Part): part is Source {
  return 'pull' in part
}

export function isAsyncStep(part: Part): part is AsyncStep {
  return 'processAsync' in part
}

/** What is known of a stage from its options alone, before it is set up. It decides where islands are cut. */
export interface StageTraits {
  /** It changes no record, so it may share the records with others that take from the same stage. A sink is such a one. */
  readonly readsOnly?: boolean
  /** It writes to a file or a peer whose pace is its own: it gets an island behind an edge, so that it holds up nobody else. */
  readonly isIo?: boolean
  /** `create` gives an AsyncStep. */
  readonly isAsync?: boolean
  /** What it does depends on what it has seen: its id should be said, so that a reload finds its state again. */
  readonly isStateful?: boolean
  /** It has the order books, or looks at them: it runs on the thread that they are on. */
  readonly hasBook?: boolean
  readonly looksAtBook?: boolean
  /** What it takes up or shares with others is on the main thread. */
  readonly staysOnMainThread?: boolean
  /** What one record takes in it, about, in nanoseconds; measured by `npm run bench -- pipeline`. */
  readonly costNs?: number
}

/** What went wrong while a stage was set up, and under which of its keys. */
export interface StageProblem {
  readonly path: readonly string[]
  readonly message: string
  /** Whether it is that a server does not answer, which may be different the next time. */
  readonly isUnavailable?: boolean
}

export interface StageContext {
  readonly id: string
  /** What the stages share. Its gate holds this stage's island alone. */
  readonly market: Market
  /** How many records the run is to take from its source, where whoever started it said so. */
  readonly records?: number | undefined
  /** After how many commands the engine's invariants are checked, where whoever started the run said so. */
  readonly checkEvery?: number | undefined
  /** The steps of stages before this one that are set up, by their ids: whose state goes with this one's. */
  readonly upstream?: ReadonlyMap<string, Step> | undefined
  /** Whether it goes on for an earlier pipeline of the same process: files are written on, not emptied. */
  readonly goesOn?: boolean | undefined
}

/** What a stage may ask of the file that it stands in. */
export interface WholeFile {
  readonly instruments: number
  /** Whether records from this stage meet a stage of one operator before they come to one of another, on every way. */
  readonly meetsBefore: (wanted: string, before: string) => boolean
}

/** What a pipeline file names: `operator: NAME`. Adding one is a file in src/operators and a line in its registry. */
export interface Operator<Options> {
  readonly name: string
  /** A sentence or two for editors. */
  readonly description?: string
  /** Reads the stage's own keys: all but id, operator and inputs. */
  readonly options: t.Type<Options, unknown>
  /** Undefined for a source. */
  readonly consumes: RecordKind | undefined
  readonly produces: RecordKind
  /** A switch or a merge: it gives what it takes, of whichever kind that is. */
  readonly role?: 'switch' | 'merge'
  readonly traits?: (options: Options) => StageTraits
  /** What options that are good in themselves ask for and the file does not give. */
  readonly check?: (options: Options, file: WholeFile) => StageProblem | undefined
  readonly create: (options: Options, context: StageContext) => TE.TaskEither<StageProblem, Part>
}

// An operator's options are known to itself alone; a registry holds operators of all kinds.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyOperator = Operator<any>

export type Registry = ReadonlyMap<string, AnyOperator>
