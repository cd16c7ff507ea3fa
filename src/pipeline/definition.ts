import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import type { InstrumentSpec } from '../book/instruments.ts'
import { Codec, listOf, mapOf, oneOf, options, OptionsType, text, unknownKey } from './codec.ts'
import { parseDocument, readDocument, type Document, type DocumentOptions, type Part } from './document.ts'
import { readInstruments, type Terms } from './instrument-terms.ts'
import { checkGraph, checkPolicies } from './graph/checks.ts'
import { connectionsOf, type Connection } from './graph/connections.ts'
import { edgeList } from './graph/edge-settings.ts'
import type { StageDraft } from './graph/stage-draft.ts'
import {
  budget,
  settingsOf,
  STAGE_SETTING_KEYS,
  stageSettingCodecs,
  type BudgetLimit,
  type StageSettings,
} from './graph/stage-settings.ts'
import { wire, type Wiring } from './graph/wiring.ts'
import type { AnyOperator, Registry } from './operator.ts'
import { STAGE_ID } from './path.ts'
import { byPosition, pipelineError, type PipelineError, type Problem } from './problem.ts'
import { Reader } from './reader.ts'
import { didYouMean } from './suggest.ts'
import type { Place } from './tree.ts'

/** A stage whose options are decoded and whose inputs are there. */
export interface StageDefinition {
  readonly id: string
  readonly operator: AnyOperator
  /** Ids of the stages before it, a switch's with the branch behind a dot; none for a source. */
  readonly inputs: readonly string[]
  /** What the file says of the stage that it could say of any. */
  readonly settings: StageSettings
  /** What the operator's codec made of the stage's own keys. */
  readonly options: unknown
  /** Where one of the stage's keys stands in the file. */
  readonly position: (path: readonly string[], of?: Part) => Place
}

/** A pipeline file, decoded and checked: it can be set up as it is. */
export interface Definition {
  readonly file: string
  readonly name: string
  readonly instruments: readonly InstrumentSpec[]
  /** Terms for symbols that are not among the instruments; without them such symbols are refused. */
  readonly defaultInstrument?: Terms
  /** Every stage after its inputs, otherwise as in the file. */
  readonly stages: readonly StageDefinition[]
  /** Which stage takes from which, and how. */
  readonly connections: readonly Connection[]
  /** Bounds on the time that a record takes through all stages of its island. */
  readonly budget: readonly BudgetLimit[]
  /** The folder that records of failing stages go to. */
  readonly deadLettersDir: string | undefined
  /** What is doubtful and can be run, in the order of the file. */
  readonly warnings: readonly Problem[]
  /** Variables that the file mentions, whether or not their defaults were used. */
  readonly variables: ReadonlySet<string>
  /** What went wrong under a key of a stage, as a problem at its place in the file. */
  readonly problemAt: (stageId: string, path: readonly string[], message: string) => Problem
}

/** Reads a pipeline file. The error holds everything that is wrong with it, each with its place. */
export function loadDefinition(
  file: string,
  registry: Registry,
  settings?: DocumentOptions,
): TE.TaskEither<PipelineError, Definition> {
  return pipe(
    readDocument(file, settings),
    TE.chainEitherK((document) => definitionOf(document, registry)),
  )
}

/** Decodes the text of a pipeline file; `file` is what problems call it. */
export function decodeDefinition(
  file: string,
  source: string,
  registry: Registry,
  settings?: DocumentOptions,
): E.Either<PipelineError, Definition> {
  return pipe(
    parseDocument(file, source, settings),
    E.chain((document) => definitionOf(document, registry)),
  )
}

const stageList = new Codec<readonly unknown[]>('a list of at least one stage', (value, context) =>
  Array.isArray(value) && value.length > 0 ? t.success(value) : t.failure(value, context),
)

/** The shape of the whole. Stages and instruments are read one by one. */
const wholeFile = options(
  { name: text, stages: stageList },
  {
    instruments: mapOf(t.unknown),
    defaultInstrument: t.unknown,
    edges: edgeList,
    budget,
    deadLetters: options({ dir: text }),
  },
)

const stageId = new Codec<string>('an id (a letter, then letters, digits and dashes)', (value, context) =>
  typeof value === 'string' && STAGE_ID.test(value) ? t.success(value) : t.failure(value, context),
)

const inputIds = new Codec<readonly string[]>('the id of a stage, or a list of them', (value, context) =>
  typeof value === 'string' && value !== '' ? t.success([value]) : listOf(text).validate(value, context),
)

/** Keys that every stage has; all others are its operator's. */
const STAGE_KEYS = ['id', 'operator', 'inputs']

function definitionOf(document: Document, registry: Registry): E.Either<PipelineError, Definition> {
  const reader = new Reader(document)
  if (document.valueAt([]) === null) reader.report([], 'nothing is in this file: expected name and stages')
  const whole = document.valueAt([]) === null ? undefined : reader.read(wholeFile, [])
  const terms = readInstruments(reader)
  const list = document.valueAt(['stages'])
  const names = new StageNames(Array.isArray(list) ? list : [])
  const drafts = Array.isArray(list) ? list.map((_, index) => readStage(reader, index, registry, names)) : []
  const wiring = wire(drafts, reader)
  checkGraph(wiring, reader)
  const connections = connectionsOf(wiring, reader)
  checkPolicies(connections, reader)
  if (reader.problems.length === 0) checkStages(drafts, reader, terms.instruments.length)
  if (reader.problems.length > 0 || whole === undefined) return E.left(pipelineError(reader.problems))
  const paths = new Map(drafts.map(({ id, path }) => [id, path]))
  return E.right({
    file: document.file,
    name: whole.name,
    ...terms,
    stages: wiring.order.map((index) => stageOf(document, wiring, index)),
    connections,
    budget: whole.budget ?? [],
    deadLettersDir: whole.deadLetters?.dir,
    warnings: [...reader.warnings].sort(byPosition),
    variables: document.variables,
    problemAt: (id, path, message) =>
      document.problem([...(paths.get(id) ?? ['stages', id]), ...path], message),
  })
}

/** What stages ask of the file as a whole. Only of one that is good in its parts: one mistake is not told twice. */
function checkStages(drafts: readonly StageDraft[], reader: Reader, instruments: number): void {
  for (const { operator, options, path } of drafts) {
    const problem = operator?.check?.(options, { instruments })
    if (problem !== undefined) reader.report([...path, ...problem.path], problem.message)
  }
}

/** Ids for stages that have none in the file: the operator's name, and a number where that is taken. */
class StageNames {
  private readonly taken = new Set<unknown>()

  constructor(stages: readonly unknown[]) {
    for (const stage of stages)
      if (typeof stage === 'object' && stage !== null && 'id' in stage) this.taken.add(stage.id)
  }

  after(operator: AnyOperator): string {
    let name = operator.name
    for (let number = 2; this.taken.has(name); number++) name = `${operator.name}-${number}`
    this.taken.add(name)
    return name
  }
}

function readStage(reader: Reader, index: number, registry: Registry, names: StageNames): StageDraft {
  const path = ['stages', String(index)]
  const stage = reader.document.valueAt(path)
  const isMap = typeof stage === 'object' && stage !== null && !Array.isArray(stage)
  if (!isMap) {
    reader.report(path, `expected a map with id and operator, got ${reader.show(stage)}`)
    const nothing = { id: undefined, operator: undefined, inputs: undefined, options: undefined }
    return { path, hasId: true, hasInputs: true, settings: undefined, keys: new Set(), ...nothing }
  }
  const keys = new Set(Object.keys(stage))
  const [hasInputs, hasId] = [keys.has('inputs'), keys.has('id')]
  const operator = readOperator(reader, path, registry)
  return {
    path,
    id: hasId || operator === undefined ? reader.read(stageId, [...path, 'id']) : names.after(operator),
    hasId,
    operator,
    inputs: hasInputs ? reader.read(inputIds, [...path, 'inputs']) : undefined,
    hasInputs,
    options: operator === undefined ? undefined : readOptions(reader, path, operator),
    settings: readSettings(reader, path, keys, operator),
    keys,
  }
}

/** Settings are read where they stand; a key that the operator has too is the operator's. */
function readSettings(
  reader: Reader,
  path: readonly string[],
  keys: ReadonlySet<string>,
  operator: AnyOperator | undefined,
): StageSettings {
  const own = operator?.options instanceof OptionsType ? operator.options.keys : []
  return settingsOf((key) => {
    const isThere = keys.has(key) && !own.includes(key)
    return isThere
      ? reader.read(stageSettingCodecs[key] as unknown as t.Type<never, unknown>, [...path, key])
      : undefined
  })
}

function readOperator(reader: Reader, stage: readonly string[], registry: Registry): AnyOperator | undefined {
  const path = [...stage, 'operator']
  const name = reader.document.valueAt(path)
  const names = [...registry.keys()]
  if (typeof name !== 'string') {
    reader.read(oneOf(...names), path)
    return undefined
  }
  const operator = registry.get(name)
  if (operator === undefined)
    reader.report(
      path,
      `unknown operator ${reader.show(name)}, expected one of ${names.join(', ')}${didYouMean(name, names)}`,
    )
  return operator
}

function readOptions(reader: Reader, path: readonly string[], operator: AnyOperator): unknown {
  const codec = operator.options
  const own = codec instanceof OptionsType ? codec.keys : []
  const common = [...STAGE_KEYS, ...STAGE_SETTING_KEYS.filter((key) => !own.includes(key))]
  const keys = codec instanceof OptionsType ? [...STAGE_KEYS, ...own] : undefined
  return reader.read(codec, path, {
    pick: (stage) =>
      Object.fromEntries(Object.entries(stage as object).filter(([key]) => !common.includes(key))),
    reword: ({ path: inner, of, message }) =>
      of === 'key' && inner.length === 1 && keys !== undefined
        ? unknownKey(inner[0]!, [...keys, ...common.slice(STAGE_KEYS.length)])
        : message,
  })
}

/** Only for a draft that nothing was reported of. */
function stageOf(document: Document, { stages, links }: Wiring, index: number): StageDefinition {
  const draft = stages[index]!
  return {
    id: draft.id!,
    operator: draft.operator!,
    inputs: links[index]!.map(({ from, branch }) =>
      branch === undefined ? stages[from]!.id! : `${stages[from]!.id!}.${branch}`,
    ),
    settings: draft.settings!,
    options: draft.options,
    position: (path, of) => document.position([...draft.path, ...path], of),
  }
}
