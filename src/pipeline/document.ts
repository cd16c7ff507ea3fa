import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { isExactNumber } from './exact-number.ts'
import { readText } from './files.ts'
import { readLayers, type Layers } from './layers.ts'
import { mergeTrees, type IsChoice } from './merge.ts'
import { applyOverride } from './overrides.ts'
import { formatPath, STAGE_ID } from './path.ts'
import { pipelineError, type PipelineError, type Problem } from './problem.ts'
import { isSecretName, readSecret, Redactor } from './secrets.ts'
import { substitute, type Variables } from './substitute.ts'
import type { Fault, Place, TreeNode } from './tree.ts'

export { MAX_FILE_BYTES, readText } from './files.ts'

export interface DocumentOptions {
  /** What `${NAME}` stands for. */
  readonly variables?: Variables | undefined
  /** `path=value` texts that are put in before variables are. */
  readonly overrides?: readonly string[] | undefined
  /** The profile to lay over the file: `production`, say. */
  readonly profile?: string | undefined
  /** Variables that whoever started the program gave by an option: no secrets, and where they are from. */
  readonly given?: Readonly<Record<string, string>> | undefined
}

/** Which part of an entry: the key itself or what it is set to. */
export type Part = 'key' | 'value'

/** The values of a YAML or JSON file, each with its place. Paths are keys from the top, lists by index. */
export class Document {
  readonly file: string
  /** What is wrong with single values and keys; all else can still be read, and checked. */
  readonly problems: readonly Problem[]
  /** Names of all variables that the file mentions. */
  readonly variables: ReadonlySet<string>
  /** What whoever runs the pipeline should know, and may live with. */
  readonly warnings: readonly Problem[]
  readonly root: TreeNode
  /** Hides the secrets of the file in what is printed. */
  readonly redactor: Redactor
  /** Where the values of a file are said to come from, by the name of the file. */
  readonly labels: ReadonlyMap<string, string>
  /** Texts that came from variables, with what the file says there: their values may be secrets. */
  private readonly concealed: ReadonlyMap<string, string>

  constructor(
    file: string,
    root: TreeNode,
    found: Found,
    problems: readonly Problem[],
    labels: ReadonlyMap<string, string> = new Map([[file, 'file']]),
  ) {
    this.file = file
    this.root = root
    this.variables = found.variables
    this.concealed = found.concealed
    this.redactor = found.redactor
    this.labels = labels
    this.warnings = found.warnings.map(({ path, fault }) => ({
      ...problemOf(fault, this.pathText(path)),
      severity: 'warning',
    }))
    this.problems = [
      ...problems,
      ...found.faults.map(({ path, fault }) => problemOf(fault, this.pathText([...path, ...keyOf(fault)]))),
    ]
  }

  get value(): unknown {
    return toValue(this.root)
  }

  /** The value at a path, or undefined. */
  valueAt(path: readonly string[]): unknown {
    const node = this.find(path)
    return node === undefined ? undefined : toValue(node)
  }

  /** Where a key or value stands; for one that is not there, where the nearest map or list around it begins. */
  position(path: readonly string[], of: Part = 'value'): Place {
    let node = this.root
    for (const name of path) {
      const child = childOf(node, name)
      if (child === undefined) return node.place
      node = child
    }
    return of === 'key' ? (node.keyPlace ?? node.place) : node.place
  }

  problem(path: readonly string[], message: string, of: Part = 'value'): Problem {
    const told = this.redactor.redact(message)
    return problemOf({ place: this.position(path, of), message: told }, this.pathText(path))
  }

  /** Whether `problems` already tells of the value at a path, so that more about it would only be noise. */
  isFaulty(path: readonly string[]): boolean {
    return this.find(path)?.faults?.some(({ key }) => key === undefined) ?? false
  }

  /** A text as it may be printed: one that came from a variable becomes what the file says in its place. */
  conceal(text: string): string {
    return this.concealed.get(text) ?? text
  }

  /**
   * Makes a text that came from variables the number, true or false that it spells, for a place that does not take
   * text: `seed: ${SEED}`. Returns whether there was one.
   */
  retype(path: readonly string[]): boolean {
    const node = this.find(path)
    if (node?.written === undefined || typeof node.value !== 'string') return false
    const text = node.value
    if (text === 'true' || text === 'false') node.value = text === 'true'
    else if (/^[-+]?[.\d]/.test(text) && isExactNumber(text, Number(text))) node.value = Number(text)
    return typeof node.value !== 'string'
  }

  /** A path as people read it, with the id of a stage in place of its index. */
  private pathText(path: readonly string[]): string {
    const stage = path.length > 1 && path[0] === 'stages' ? this.find(path.slice(0, 2)) : undefined
    const id = stage === undefined ? undefined : idOf(stage)
    return formatPath(id === undefined ? path : ['stages', id, ...path.slice(2)])
  }

  private find(path: readonly string[]): TreeNode | undefined {
    let node: TreeNode | undefined = this.root
    for (const name of path) node = node === undefined ? undefined : childOf(node, name)
    return node
  }
}

/** Reads a file that holds YAML or JSON. */
export function readDocument(
  file: string,
  options?: DocumentOptions,
): TE.TaskEither<PipelineError, Document> {
  return pipe(
    readText(file),
    TE.chainEitherK((text) => parseDocument(file, text, options)),
  )
}

/**
 * Parses YAML or JSON, with the files that it includes and its profile. What is not well-formed is on the left; see
 * `problems` for what is on the right.
 */
export function parseDocument(
  file: string,
  text: string,
  options: DocumentOptions = {},
): E.Either<PipelineError, Document> {
  return pipe(
    parseLayers(file, text, options),
    E.map((layers) => documentOf(layers, options, () => false)),
  )
}

/** The files that a document is put together from. What is not well-formed in them is on the left. */
export function parseLayers(
  file: string,
  text: string,
  options: DocumentOptions = {},
): E.Either<PipelineError, Layers> {
  return pipe(
    readLayers(file, text, options),
    E.mapLeft(({ problems, broken }) =>
      pipelineError([
        ...problems,
        ...broken.flatMap(({ file, root }) => new Document(file, root, findAll(root, {}), []).problems),
      ]),
    ),
  )
}

/**
 * Lays files over one another, what counts least first, then `--set`, and puts variables in.
 * @param isChoice see there
 */
export function documentOf(
  { file, layers, problems, variables }: Layers,
  options: DocumentOptions,
  isChoice: IsChoice,
): Document {
  const told = [...problems]
  const [first, ...others] = layers as [Layers['layers'][number], ...Layers['layers']]
  let { root } = first
  for (const { root: above, label } of others) {
    const merged = mergeTrees(root, above, { isChoice, changesOnly: label.startsWith('profile ') })
    root = merged.root
    for (const fault of merged.faults) told.push(problemOf(fault, formatPath(fault.path)))
  }
  const own = layers.find((layer) => layer.file === file)
  if (own !== undefined) root = { ...root, place: own.root.place }
  for (const override of options.overrides ?? [])
    for (const fault of applyOverride(root, override, idOf))
      told.push(problemOf(fault, formatPath(fault.path)))
  const found = findAll(root, { ...options, variables: options.variables ?? {} })
  for (const name of variables) found.variables.add(name)
  return new Document(file, root, found, told, new Map(layers.map((layer) => [layer.file, layer.label])))
}

interface Found {
  readonly faults: { readonly path: readonly string[]; readonly fault: Fault }[]
  readonly warnings: { readonly path: readonly string[]; readonly fault: Fault }[]
  readonly variables: Set<string>
  readonly concealed: Map<string, string>
  readonly redactor: Redactor
}

/** Puts variables into all texts of a tree (unless there are none to put) and gathers what is wrong in it. */
function findAll(root: TreeNode, options: Pick<DocumentOptions, 'variables' | 'given'>): Found {
  const found: Found = {
    faults: [],
    warnings: [],
    variables: new Set(),
    concealed: new Map(),
    redactor: new Redactor(),
  }
  const path: string[] = []
  const walk = (node: TreeNode): void => {
    substituteIn(node, options, found, path)
    for (const fault of node.faults ?? []) found.faults.push({ path: [...path], fault })
    if (typeof node.value !== 'object' || node.value === null) return
    for (const [name, child] of node.value.entries()) {
      path.push(String(name))
      walk(child)
      path.pop()
    }
  }
  walk(root)
  return found
}

function substituteIn(
  node: TreeNode,
  { variables, given = {} }: Pick<DocumentOptions, 'variables' | 'given'>,
  found: Found,
  path: readonly string[],
): void {
  const { value, place } = node
  if (variables === undefined || typeof value !== 'string' || !value.includes('${')) return
  const put = substitute(value, variables, (file) => readSecret(file, place.file))
  for (const name of put.names) found.variables.add(name)
  node.value = put.text
  node.written = value
  node.sources = [
    ...put.used.map((name) => given[name] ?? `environment ${name}`),
    ...[...put.secrets.keys()].map((written) => `secret ${written.slice(2, -1)}`),
    ...put.names.filter((name) => !put.used.includes(name)).map((name) => `default of ${name}`),
  ]
  if (put.hasValue && put.text !== '') found.concealed.set(put.text, value)
  for (const [written, secret] of put.secrets) found.redactor.add(secret, written)
  for (const name of put.used)
    if (isSecretName(name)) found.redactor.add(variables[name] ?? '', `\${${name}}`)
  for (const message of put.warnings) found.warnings.push({ path: [...path], fault: { message, place } })
  if (put.problems.length > 0) node.faults = put.problems.map((message) => ({ message, place }))
}

function childOf({ value }: TreeNode, name: string): TreeNode | undefined {
  if (Array.isArray(value)) return /^\d{1,9}$/.test(name) ? value[Number(name)] : undefined
  return value instanceof Map ? value.get(name) : undefined
}

function idOf({ value }: TreeNode): string | undefined {
  const id = value instanceof Map ? value.get('id')?.value : undefined
  return typeof id === 'string' && STAGE_ID.test(id) ? id : undefined
}

/** Plain data. Keys are set, not assigned, so that `__proto__` is a key like any other. */
function toValue({ value }: TreeNode): unknown {
  if (Array.isArray(value)) return value.map(toValue)
  if (!(value instanceof Map)) return value
  const object = {}
  for (const [key, node] of value)
    Object.defineProperty(object, key, {
      value: toValue(node),
      writable: true,
      enumerable: true,
      configurable: true,
    })
  return object
}

function keyOf({ key }: Fault): string[] {
  return key === undefined ? [] : [key]
}

function problemOf({ place, message }: Fault, path: string): Problem {
  return { ...place, path, message }
}
