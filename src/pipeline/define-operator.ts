import type * as E from 'fp-ts/lib/Either.js'
import { left, right } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Observable, type OperatorFunction } from 'rxjs'
import type { Batch } from '../book/index.ts'
import { checked, Codec, keyError, options as noOptions, unknownKey } from './codec.ts'
import { keysOf, notesOf, shapeOf } from './codec-shape.ts'
import { fromStep } from './island.ts'
import type { Market } from './market.ts'
import type { AsyncStep, Operator, RecordKind, Source, StageContext, StageProblem, Step } from './operator.ts'
import { STAGE_ID } from './path.ts'
import { observeSource, type PumpOptions } from './pump.ts'
import { STAGE_KEYS } from './stage-keys.ts'

/** What an operator of one's own is made of. */
export interface OperatorSpec<Options> {
  /** What a file names: a letter, then letters, digits and dashes. */
  readonly name: string
  /** A sentence or two for editors and `millrace schema`. */
  readonly description?: string
  /** Records that it takes. */
  readonly consumes: RecordKind
  /** Records that it gives; by default those that it takes. */
  readonly produces?: RecordKind
  /** Reads the keys of its stage; by default it has none. Any io-ts codec of a map, or one made with `option`. */
  readonly options?: t.Type<Options, unknown>
  readonly check?: Operator<Options>['check']
  /** What is known of it from its options: that it only reads, writes to a peer, or waits. */
  readonly traits?: Operator<Options>['traits']
  /**
   * Makes the step that handles the records of one run; where `traits` say that it waits, an AsyncStep, which only a
   * pipeline file can name.
   * @throws StageError to say which option is at fault; any other error is told at the stage
   */
  readonly create: (options: Options, context: StageContext) => Step | AsyncStep | Promise<Step | AsyncStep>
}

/** What a source of one's own is made of. */
export interface SourceSpec<Options> extends Omit<
  OperatorSpec<Options>,
  'consumes' | 'produces' | 'traits' | 'create'
> {
  /** Opens the source for one run. @throws StageError as in an operator */
  readonly create: (options: Options, context: StageContext) => Source | Promise<Source>
}

type NoOptions = { readonly [K in never]: unknown }

/** The options of a call: they may be left out where none is needed. */
type Given<Options> = NoOptions extends Options ? [options?: Options] : [options: Options]

/** An RxJS operator over batches, which a pipeline file can name as well. */
export interface DefinedOperator<Options> {
  (market: Market, ...options: Given<Options>): OperatorFunction<Batch, Batch>
  /** For a registry: what `operator: NAME` in a file stands for. */
  readonly operator: Operator<Options>
}

export interface DefinedSource<Options> {
  (market: Market, options: Options, pump?: PumpOptions): Observable<Batch>
  readonly operator: Operator<Options>
}

/** Says which option of a stage is at fault. */
export class StageError extends Error {
  readonly path: readonly string[]

  constructor(path: readonly string[], message: string) {
    super(message)
    this.name = 'StageError'
    this.path = path
  }
}

/**
 * Makes an operator of one's own: call it with a market and options in an RxJS program, or export it from a file that
 * a pipeline file lists under `plugins`.
 * @throws TypeError if it cannot be named, or takes no records
 */
export function defineOperator<Options = NoOptions>(spec: OperatorSpec<Options>): DefinedOperator<Options> {
  const { consumes, produces = consumes } = spec
  // A program in plain JavaScript may leave it out, and would get a source that cannot be pulled.
  if (!isKind(consumes) || !isKind(produces))
    throw new TypeError(`operator ${spec.name}: consumes and produces are 'command' or 'event'`)
  if (consumes === 'event' && produces === 'command')
    throw new TypeError(`operator ${spec.name}: events do not become commands again`)
  const codec = codecOf(spec)
  const checkedStep = <S extends Step | AsyncStep>(step: S): S => {
    if (typeof (step as Partial<Step & AsyncStep> | undefined)?.[methodOf(step)] !== 'function')
      throw new TypeError(`operator ${spec.name}: create gave no step, which has process(words, at)`)
    if (consumes !== produces && step.output === undefined)
      throw new TypeError(
        `operator ${spec.name}: a step that makes ${produces}s has an output batch for them`,
      )
    return step
  }
  // Without waiting where nothing is waited for, so that virtual time sees every batch.
  const make = (given: Options, context: StageContext): Step | AsyncStep | Promise<Step | AsyncStep> => {
    const step = spec.create(given, context)
    return step instanceof Promise ? step.then(checkedStep) : checkedStep(step)
  }
  const operator: Operator<Options> = {
    ...describedBy(spec),
    ...(spec.traits === undefined ? {} : { traits: spec.traits }),
    options: codec,
    consumes,
    produces,
    ...(spec.traits === undefined ? {} : { traits: spec.traits }),
    create: (given, context) => () => settled(async () => make(given, context)),
  }
  const use = (market: Market, ...[given]: Given<Options>): OperatorFunction<Batch, Batch> => {
    const options = checked(codec, given ?? {}, spec.name)
    return fromStep(() => {
      const step = make(options, { id: spec.name, market })
      return step instanceof Promise ? step.then(atOnce) : atOnce(step)
    })
  }
  return named(use, operator)
}

/**
 * Makes a source of one's own: an observable of batches in an RxJS program, and the first stage of a pipeline file.
 * @throws TypeError if it cannot be named
 */
export function defineSource<Options = NoOptions>(spec: SourceSpec<Options>): DefinedSource<Options> {
  const codec = codecOf(spec)
  const make = async (given: Options, context: StageContext): Promise<Source> => {
    const source = await spec.create(given, context)
    if (typeof source?.pull !== 'function')
      throw new TypeError(`source ${spec.name}: create gave no source, which has pull(batch, upTo)`)
    return source
  }
  const operator: Operator<Options> = {
    ...describedBy(spec),
    options: codec,
    consumes: undefined,
    produces: 'command',
    create: (given, context) => () => settled(async () => make(given, context)),
  }
  const use = (market: Market, given: Options, pump: PumpOptions = {}): Observable<Batch> => {
    const options = checked(codec, given, spec.name)
    return new Observable((subscriber) => {
      make(options, { id: spec.name, market }).then(
        (source) => {
          if (subscriber.closed) void source.close?.()
          else subscriber.add(observeSource(source, market, pump).subscribe(subscriber))
        },
        (error: unknown) => subscriber.error(error),
      )
    })
  }
  return named(use, operator)
}

/** The operators among what a module exports, each once. */
export function operatorsIn(exports: object): Operator<unknown>[] {
  const found = new Set<Operator<unknown>>()
  for (const value of Object.values(exports) as unknown[]) {
    const candidate = typeof value === 'function' && 'operator' in value ? value.operator : value
    if (isOperator(candidate)) found.add(candidate)
  }
  return [...found]
}

function isOperator(value: unknown): value is Operator<unknown> {
  if (typeof value !== 'object' || value === null) return false
  const { name, options, create } = value as Partial<Operator<unknown>>
  return (
    typeof name === 'string' &&
    typeof create === 'function' &&
    typeof options === 'object' &&
    typeof options.decode === 'function'
  )
}

function describedBy<Options>({
  name,
  description,
  check,
}: Pick<OperatorSpec<Options>, 'name' | 'description' | 'check'>): Pick<
  Operator<Options>,
  'name' | 'description' | 'check'
> {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...(check === undefined ? {} : { check }),
  }
}

/** The codec of a spec, held to what every stage is: a map of which each key is known. */
function codecOf<Options>({
  name,
  options,
}: Pick<OperatorSpec<Options>, 'name' | 'options'>): t.Type<Options, unknown> {
  if (typeof name !== 'string' || !STAGE_ID.test(name))
    throw new TypeError(`an operator is named by a letter, then letters, digits and dashes, not ${name}`)
  if (options === undefined) return noOptions({}) as unknown as t.Type<Options, unknown>
  const keys = keysOf(options)
  const taken = keys?.find((key) => STAGE_KEYS.includes(key))
  if (taken !== undefined)
    throw new TypeError(`operator ${name}: the key ${taken} is one that every stage has: call it otherwise`)
  return options instanceof Codec || keys === undefined ? options : closed(options, keys)
}

/** A codec of io-ts's own passes keys that it does not know: a misspelt option would go unseen. */
function closed<Options>(codec: t.Type<Options, unknown>, keys: readonly string[]): t.Type<Options, unknown> {
  const validate: t.Validate<unknown, Options> = (value, context) => {
    const result = codec.validate(value, context)
    const errors = Object.entries(Object(value) as Record<string, unknown>)
      .filter(([key]) => !keys.includes(key))
      .map(([key, element]) => keyError(element, context, key, unknownKey(key, keys)))
    if (errors.length === 0) return result
    return t.failures(result._tag === 'Left' ? [...errors, ...result.left] : errors)
  }
  const made = new Codec(codec.name, validate, shapeOf(codec))
  return made.describe(notesOf(codec).description ?? '')
}

function methodOf(step: Step | AsyncStep | undefined): 'process' | 'processAsync' {
  return step !== undefined && 'processAsync' in step ? 'processAsync' : 'process'
}

/** @throws TypeError of a step that waits: what RxJS has for that is concatMap */
function atOnce(step: Step | AsyncStep): Step {
  if ('process' in step) return step
  throw new TypeError('an operator that waits stands in a pipeline file; in RxJS, use concatMap')
}

async function settled<Part>(make: () => Promise<Part>): Promise<E.Either<StageProblem, Part>> {
  try {
    return right(await make())
  } catch (error) {
    const path = error instanceof StageError ? error.path : []
    return left({ path, message: error instanceof Error ? error.message : String(error) })
  }
}

function named<Use extends object, Options>(
  use: Use,
  operator: Operator<Options>,
): Use & { operator: typeof operator } {
  Object.defineProperty(use, 'name', { value: operator.name })
  return Object.assign(use, { operator })
}

function isKind(value: unknown): value is RecordKind {
  return value === 'command' || value === 'event'
}
