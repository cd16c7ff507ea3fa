import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import type { InstrumentSpec } from '../book/instruments.ts'
import { Codec, listOf, mapOf, oneOf, options, text, unknownKey } from './codec.ts'
import { codecUnder, keysOf, shapeOf } from './codec-shape.ts'
import {
  documentOf,
  parseLayers,
  readText,
  type Document,
  type DocumentOptions,
  type Part,
} from './document.ts'
import { meetsBefore } from './downstream.ts'
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
import type { IsChoice } from './merge.ts'
import { STAGE_ID } from './path.ts'
import { loadPlugins, refusePlugins, type PluginOptions } from './plugins.ts'
import { byPosition, pipelineError, type PipelineError, type Problem } from './problem.ts'
import { Reader } from './reader.ts'
import { runtimeSettings, type RuntimeSettings } from './runtime-settings.ts'
import { alertList, serverSettings, type AlertSettings, type ServerSettings } from './server-settings.ts'
import { STAGE_KEYS } from './stage-keys.ts'
import { didYouMean } from './suggest.ts'
import { OVERRIDE_FILE } from './overrides.ts'
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
  /** Where it stands in the document. */
  readonly path: readonly string[]
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
  /** How it is served; undefined where the file does not ask for that. */
  readonly server: ServerSettings | undefined
  readonly alerts: readonly AlertSettings[]
  /** Variables that the file mentions, whether or not their defaults were used. */
  readonly variables: ReadonlySet<string>
  /** How it is run; see docs/configuration.md. */
  readonly runtime: RuntimeSettings
  /** What is doubtful and can be run, in the order of the file. */
  readonly warnings: readonly Problem[]
  /** The values that it was decoded from, each with its place. */
  readonly document: Document
  /** The operators that its stages may name: those given and those of its plugins. */
  readonly registry: Registry
  /** A text as it may be printed: without the secrets of the file. */
  readonly redact: (text: string) => string
  /** What went wrong under a key of a stage, as a problem at its place in the file. */
  readonly problemAt: (stageId: string, path: readonly string[], message: string) => Problem
}

export interface LoadSettings extends DocumentOptions, Pick<PluginOptions, 'importModule'> {}

/**
 * Reads a pipeline file, what it includes, its profile and its plugins. The error holds everything that is wrong with
 * it, each with its place. A plugin is a program: it is executed when it is loaded.
 */
export function loadDefinition(
  file: string,
  registry: Registry,
  settings: LoadSettings = {},
): TE.TaskEither<PipelineError, Definition> {
  return pipe(
    readText(file),
    TE.chainEitherK((source) => parseLayers(file, source, settings)),
    TE.chain((layers) => async () => {
      const plugins = await loadPlugins(layers, registry, settings)
      const document = documentOf(layers, settings, choicesOf(plugins.registry))
      return definitionOf(document, plugins.registry, plugins.problems)
    }),
  )
}

/** The operators that a pipeline file can name, those of its plugins among them, whatever else is wrong with it. */
export function loadRegistry(
  file: string,
  registry: Registry,
  settings: LoadSettings = {},
): TE.TaskEither<PipelineError, Registry> {
  return pipe(
    readText(file),
    TE.chainEitherK((source) => parseLayers(file, source, settings)),
    TE.chain((layers) => async () => {
      const plugins = await loadPlugins(layers, registry, settings)
      return plugins.problems.length > 0 ? E.left(pipelineError(plugins.problems)) : E.right(plugins.registry)
    }),
  )
}

/**
 * Decodes the text of a pipeline file; `file` is what problems call it, and where what it includes is looked for. It
 * loads no plugins: a text that lists some is refused.
 */
export function decodeDefinition(
  file: string,
  source: string,
  registry: Registry,
  settings: DocumentOptions = {},
): E.Either<PipelineError, Definition> {
  return pipe(
    parseLayers(file, source, settings),
    E.chain((layers) =>
      definitionOf(documentOf(layers, settings, choicesOf(registry)), registry, refusePlugins(layers)),
    ),
  )
}

/** Where a file that is laid over another chooses anew: among the options of a stage. */
function choicesOf(registry: Registry): IsChoice {
  return ([list, , ...path], operator = '') => {
    let codec: t.Mixed | undefined = list === 'stages' ? registry.get(operator)?.options : undefined
    for (const key of path) codec = codec === undefined ? undefined : codecUnder(codec, key)
    return codec !== undefined && shapeOf(codec).kind === 'variant'
  }
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
    include: t.unknown,
    plugins: listOf(text),
    runtime: runtimeSettings,
    edges: edgeList,
    budget,
    deadLetters: options({ dir: text }),
    server: serverSettings,
    alerts: alertList,
  },
)

const stageId = new Codec<string>('an id (a letter, then letters, digits and dashes)', (value, context) =>
  typeof value === 'string' && STAGE_ID.test(value) ? t.success(value) : t.failure(value, context),
)

const inputIds = new Codec<readonly string[]>('the id of a stage, or a list of them', (value, context) =>
  typeof value === 'string' && value !== '' ? t.success([value]) : listOf(text).validate(value, context),
)

function definitionOf(
  document: Document,
  registry: Registry,
  pluginProblems: readonly Problem[],
): E.Either<PipelineError, Definition> {
  const reader = new Reader(document)
  checkOverrides(reader)
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
  if (reader.problems.length === 0) checkStages(drafts, wiring, reader, terms.instruments.length)
  if (pluginProblems.length > 0) return E.left(withoutPlugins(reader, pluginProblems))
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
    server: whole.server,
    alerts: whole.alerts ?? [],
    variables: document.variables,
    runtime: whole.runtime ?? {},
    warnings: [...document.warnings, ...reader.warnings].sort(byPosition),
    document,
    registry,
    redact: (text) => document.redactor.redact(text),
    problemAt: (id, path, message) =>
      document.problem([...(paths.get(id) ?? ['stages', id]), ...path], message),
  })
}

/** What is wrong with plugins, and all else but for operators that are unknown because of it. */
function withoutPlugins({ problems }: Reader, pluginProblems: readonly Problem[]): PipelineError {
  const others = problems.filter(({ message }) => !message.startsWith(UNKNOWN_OPERATOR))
  return pipelineError([...pluginProblems, ...others])
}

/** Files are read, and their plugins loaded, before anything is overridden. */
function checkOverrides(reader: Reader): void {
  for (const key of ['include', 'plugins'])
    if (reader.document.position([key], 'key').file === OVERRIDE_FILE)
      reader.report([key], `${key} cannot be set: write it in a file`, 'key')
}

const UNKNOWN_OPERATOR = 'unknown operator '

/** What stages ask of the file as a whole. Only of one that is good in its parts: one mistake is not told twice. */
function checkStages(
  drafts: readonly StageDraft[],
  { links }: Wiring,
  reader: Reader,
  instruments: number,
): void {
  const stages = drafts.map(({ operator }, index) => ({
    operator: operator?.name ?? '',
    inputs: links[index]!.map(({ from }) => from),
  }))
  for (const [number, { operator, options, path }] of drafts.entries()) {
    const problem = operator?.check?.(options, {
      instruments,
      meetsBefore: (wanted, before) => meetsBefore(stages, number, wanted, before),
    })
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
  const own = operator === undefined ? [] : (keysOf(operator.options) ?? [])
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
      `${UNKNOWN_OPERATOR}${reader.show(name)}, expected one of ${names.join(', ')}${didYouMean(name, names)}`,
    )
  return operator
}

function readOptions(reader: Reader, path: readonly string[], operator: AnyOperator): unknown {
  const codec = operator.options
  const own = keysOf(codec) ?? []
  const common = [...STAGE_KEYS, ...STAGE_SETTING_KEYS.filter((key) => !own.includes(key))]
  const keys = keysOf(codec) === undefined ? undefined : [...STAGE_KEYS, ...own]
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
    path: draft.path,
    position: (path, of) => document.position([...draft.path, ...path], of),
  }
}
