import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { createReadStream } from 'node:fs'
import { isExactNumber } from './exact-number.ts'
import { applyOverride } from './overrides.ts'
import { formatPath, STAGE_ID } from './path.ts'
import { pipelineError, type PipelineError, type Problem } from './problem.ts'
import { substitute, type Variables } from './substitute.ts'
import { parseTree, type Fault, type Place, type TreeNode } from './tree.ts'

export interface DocumentOptions {
  /** What `${NAME}` stands for. */
  readonly variables?: Variables | undefined
  /** `path=value` texts that are put in before variables are. */
  readonly overrides?: readonly string[] | undefined
}

/** Which part of an entry: the key itself or what it is set to. */
export type Part = 'key' | 'value'

/** A pipeline file is a page or two; this bounds what one that is something else can cost. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024

/** The values of a YAML or JSON file, each with its place. Paths are keys from the top, lists by index. */
export class Document {
  readonly file: string
  /** What is wrong with single values and keys; all else can still be read, and checked. */
  readonly problems: readonly Problem[]
  /** Names of all variables that the file mentions. */
  readonly variables: ReadonlySet<string>
  private readonly root: TreeNode
  /** Texts that came from variables, with what the file says there: their values may be secrets. */
  private readonly concealed: ReadonlyMap<string, string>

  constructor(file: string, root: TreeNode, found: Found, problems: readonly Problem[]) {
    this.file = file
    this.root = root
    this.variables = found.variables
    this.concealed = found.concealed
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
    return problemOf({ place: this.position(path, of), message }, this.pathText(path))
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

/** Parses YAML or JSON. What is not one well-formed document is on the left; see `problems` for what is on the right. */
export function parseDocument(
  file: string,
  text: string,
  { variables = {}, overrides = [] }: DocumentOptions = {},
): E.Either<PipelineError, Document> {
  const { root, syntax } = parseTree(file, text)
  if (syntax.length > 0) {
    const broken = new Document(file, root, findAll(root, undefined), [])
    return E.left(pipelineError([...syntax.map((fault) => problemOf(fault, '')), ...broken.problems]))
  }
  const refused = overrides
    .flatMap((override) => applyOverride(root, override, idOf))
    .map((fault) => problemOf(fault, formatPath(fault.path)))
  return E.right(new Document(file, root, findAll(root, variables), refused))
}

/** The text of a file, whatever kind of file it is, if it is UTF-8 and of a size that someone may have written. */
export function readText(file: string): TE.TaskEither<PipelineError, string> {
  const refuse = (message: string): E.Either<PipelineError, never> =>
    E.left(pipelineError([{ file, line: 1, column: 1, path: '', message }]))
  return async () => {
    let bytes: Uint8Array
    try {
      const chunks: Uint8Array[] = []
      for await (const chunk of createReadStream(file, { end: MAX_FILE_BYTES }))
        chunks.push(chunk as Uint8Array)
      bytes = Buffer.concat(chunks)
    } catch (error) {
      return refuse(reasonOf(error))
    }
    if (bytes.length > MAX_FILE_BYTES)
      return refuse(`larger than the ${MAX_FILE_BYTES >> 20} MiB that a pipeline file may be`)
    try {
      return E.right(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    } catch {
      return refuse('not UTF-8 text')
    }
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'no such file'
    case 'EISDIR':
      return 'a directory, not a file'
    case 'EACCES':
    case 'EPERM':
      return 'may not be read: permission denied'
    default:
      return `cannot be read: ${message}`
  }
}

interface Found {
  readonly faults: { readonly path: readonly string[]; readonly fault: Fault }[]
  readonly variables: Set<string>
  readonly concealed: Map<string, string>
}

/** Puts variables into all texts of a tree (unless there are none to put) and gathers what is wrong in it. */
function findAll(root: TreeNode, variables: Variables | undefined): Found {
  const found: Found = { faults: [], variables: new Set(), concealed: new Map() }
  const path: string[] = []
  const walk = (node: TreeNode): void => {
    if (variables !== undefined) substituteIn(node, variables, found)
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

function substituteIn(node: TreeNode, variables: Variables, found: Found): void {
  const { value, place } = node
  if (typeof value !== 'string' || !value.includes('${')) return
  const { text, names, hasValue, problems } = substitute(value, variables)
  for (const name of names) found.variables.add(name)
  node.value = text
  node.written = value
  if (hasValue && text !== '') found.concealed.set(text, value)
  if (problems.length > 0) node.faults = problems.map((message) => ({ message, place }))
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
