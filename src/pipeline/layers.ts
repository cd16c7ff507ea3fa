import * as E from 'fp-ts/lib/Either.js'
import { realpathSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { readTextFile } from './files.ts'
import { formatPath } from './path.ts'
import type { Problem } from './problem.ts'
import { PROFILE_OPTION, profileFiles } from './profiles.ts'
import { readSecret } from './secrets.ts'
import { substitute, type Variables } from './substitute.ts'
import { parseTree, type Fault, type Place, type TreeNode } from './tree.ts'

/** One file that a pipeline is put together from. */
export interface Layer {
  readonly file: string
  /** What its values are said to come from: `file`, `include` or `profile NAME`. */
  readonly label: string
  readonly root: TreeNode
}

export interface Layers {
  /** The pipeline file itself, as it was named. */
  readonly file: string
  /** What counts least first. */
  readonly layers: readonly Layer[]
  /** What is wrong with single `include` entries. */
  readonly problems: readonly Problem[]
  /** Names of the variables in `include` entries. */
  readonly variables: ReadonlySet<string>
}

/** Files of which one at least is no document of YAML. */
export interface Unreadable {
  readonly problems: readonly Problem[]
  /** What could be made of the files at fault. */
  readonly broken: readonly Layer[]
}

export interface LayerOptions {
  readonly variables?: Variables | undefined
  /** The profile to lay over the file. */
  readonly profile?: string | undefined
}

/** More files than any pipeline is spread over; it bounds what includes that multiply can cost. */
const MAX_LAYERS = 64

/**
 * Reads all files that a pipeline is put together from: what it includes, itself, and its profile with what that
 * includes. A text that is not one document of YAML is on the left.
 * @param text that of the pipeline file
 */
export function readLayers(
  file: string,
  text: string,
  options: LayerOptions = {},
): E.Either<Unreadable, Layers> {
  const reading = new Reading(options.variables ?? {})
  reading.read(file, text, 'file', [])
  if (options.profile !== undefined) reading.readProfile(file, options.profile)
  const { syntax, broken, problems } = reading
  if (syntax.length > 0) return E.left({ problems: [...syntax, ...problems], broken })
  return E.right({ file, layers: reading.layers, problems: reading.problems, variables: reading.names })
}

class Reading {
  readonly layers: Layer[] = []
  readonly syntax: Problem[] = []
  readonly broken: Layer[] = []
  readonly problems: Problem[] = []
  readonly names = new Set<string>()
  private readonly variables: Variables

  constructor(variables: Variables) {
    this.variables = variables
  }

  /** @param chain the files that include this one, the first of them first */
  read(file: string, text: string, label: string, chain: readonly string[]): void {
    const { root, syntax } = parseTree(file, text)
    for (const fault of syntax) this.syntax.push(problemOf(fault, []))
    if (syntax.length > 0) this.broken.push({ file, label, root })
    if (label !== 'file' && !(root.value instanceof Map)) return this.refuse(root)
    const inner = label === 'file' ? 'include' : label
    for (const entry of this.includesOf(root)) this.include(entry, inner, [...chain, file])
    this.layers.push({ file, label, root })
  }

  readProfile(file: string, name: string): void {
    const files = profileFiles(file, name)
    if (typeof files === 'string')
      this.syntax.push({ file: PROFILE_OPTION, line: 1, column: 1, path: '', message: files })
    else
      for (const path of files) {
        const text = readTextFile(path)
        const place = { file: PROFILE_OPTION, line: 1, column: 1 }
        if (E.isLeft(text)) this.syntax.push({ ...place, path: '', message: `${path}: ${text.left}` })
        else this.read(path, text.right.text, `profile ${name}`, [])
      }
  }

  private include({ file, place, path }: Include, label: string, chain: readonly string[]): void {
    const report = (message: string): void => void this.problems.push(problemOf({ place, message }, path))
    const at = chain.findIndex((above) => identity(above) === identity(file))
    if (at >= 0)
      return report(`the files include one another in a ring: ${[...chain.slice(at), file].join(' -> ')}`)
    if (this.layers.length + chain.length > MAX_LAYERS) return report(`more than ${MAX_LAYERS} files`)
    const text = readTextFile(file)
    if (E.isLeft(text)) return report(`${file}: ${text.left}`)
    this.read(file, text.right.text, label, chain)
  }

  /** A file with nothing in it changes nothing. */
  private refuse({ value, place }: TreeNode): void {
    if (value !== null) this.problems.push(problemOf({ place, message: 'expected a map' }, []))
  }

  /** Takes `include` out of a tree, with its variables put in. */
  private includesOf({ value }: TreeNode): Include[] {
    if (!(value instanceof Map)) return []
    const node = value.get('include')
    if (node === undefined) return []
    value.delete('include')
    for (const fault of faultsIn(node)) this.problems.push(problemOf(fault, ['include']))
    const isList = Array.isArray(node.value)
    const entries = isList ? (node.value as TreeNode[]) : [node]
    return entries.flatMap((entry, index) => {
      const path = isList ? ['include', String(index)] : ['include']
      const text = this.textOf(entry, path)
      if (text === undefined) return []
      const { place } = entry
      return { place, path, file: isAbsolute(text) ? text : join(dirname(place.file), text) }
    })
  }

  private textOf({ value, place, faults }: TreeNode, path: readonly string[]): string | undefined {
    if (faults !== undefined) return undefined
    if (typeof value !== 'string' || value === '') {
      const message = 'expected the path of a file to include, or a list of them'
      this.problems.push(problemOf({ place, message }, path))
      return undefined
    }
    const read = substitute(value, this.variables, (secret) => readSecret(secret, place.file))
    for (const name of read.names) this.names.add(name)
    for (const message of read.problems) this.problems.push(problemOf({ place, message }, path))
    return read.problems.length > 0 ? undefined : read.text
  }
}

interface Include {
  readonly file: string
  readonly place: Place
  readonly path: readonly string[]
}

/** One name for one file, by whichever way it is reached. */
function identity(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}

function faultsIn(node: TreeNode): Fault[] {
  const { value, faults = [] } = node
  if (typeof value !== 'object' || value === null) return faults
  return [...faults, ...[...value.values()].flatMap(faultsIn)]
}

function problemOf({ place, message, key }: Fault, path: readonly string[]): Problem {
  return { ...place, path: formatPath(key === undefined ? path : [...path, key]), message }
}
