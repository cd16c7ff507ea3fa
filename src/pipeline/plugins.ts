import { existsSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { operatorsIn } from './define-operator.ts'
import type { Layers } from './layers.ts'
import type { Registry } from './operator.ts'
import { formatPath } from './path.ts'
import type { Problem } from './problem.ts'
import { besideOf, readSecret } from './secrets.ts'
import { substitute, type Variables } from './substitute.ts'
import type { TreeNode } from './tree.ts'

export interface PluginOptions {
  readonly variables?: Variables | undefined
  /** Loads a module; by default `import`. */
  readonly importModule?: ((url: string) => Promise<object>) | undefined
}

export interface LoadedPlugins {
  /** The operators that there were and those of the plugins. */
  readonly registry: Registry
  readonly problems: readonly Problem[]
}

interface Plugin {
  /** As the file writes it. */
  readonly path: string
  /** From where the program runs. */
  readonly file: string
  readonly report: (message: string) => void
}

/** When each module was last changed as it was loaded: one that has changed since is loaded anew. */
const loadedAt = new Map<string, number>()

/**
 * Loads the operators of the modules that files list under `plugins`, paths beginning at the folder of the file that
 * lists them. Loading a module is executing it: whoever can write a pipeline file can run code.
 */
export async function loadPlugins(
  layers: Layers,
  registry: Registry,
  { variables = {}, importModule = importOf }: PluginOptions = {},
): Promise<LoadedPlugins> {
  const problems: Problem[] = []
  const known = new Map(registry)
  const owners = new Map<string, string>()
  const seen = new Set<string>()
  for (const plugin of pluginsOf(layers, variables, problems)) {
    if (seen.has(plugin.file)) continue
    seen.add(plugin.file)
    const loaded = await load(plugin, importModule)
    if (typeof loaded === 'string') {
      plugin.report(`${plugin.path}: ${loaded}`)
      continue
    }
    const operators = operatorsIn(loaded)
    if (operators.length === 0)
      plugin.report(
        `${plugin.path}: exports no operator: expected one that defineOperator or defineSource made`,
      )
    for (const operator of operators) {
      const { name } = operator
      const owner = owners.get(name) ?? (known.has(name) ? 'Millrace itself' : undefined)
      if (owner !== undefined)
        plugin.report(`${plugin.path}: the name ${name} is taken already, by an operator of ${owner}`)
      else {
        known.set(name, operator)
        owners.set(name, plugin.path)
      }
    }
  }
  return { registry: known, problems }
}

/** What is said where plugins cannot be loaded: text that is decoded at once. */
export function refusePlugins(layers: Layers): readonly Problem[] {
  const problems: Problem[] = []
  for (const { report } of pluginsOf(layers, {}, problems))
    report('plugins are loaded with the file: this text is only decoded')
  return problems
}

function pluginsOf({ layers }: Layers, variables: Variables, problems: Problem[]): Plugin[] {
  return layers.flatMap(({ root }) => {
    const node = root.value instanceof Map ? root.value.get('plugins') : undefined
    // What is no list of texts is told when the whole is decoded.
    if (node === undefined || !Array.isArray(node.value)) return []
    return node.value.flatMap((entry, index) => pluginOf(entry, index, variables, problems))
  })
}

function pluginOf(
  { value, place, faults }: TreeNode,
  index: number,
  variables: Variables,
  problems: Problem[],
): Plugin[] {
  if (typeof value !== 'string' || faults !== undefined) return []
  const report = (message: string): void =>
    void problems.push({ ...place, path: formatPath(['plugins', String(index)]), message })
  const put = substitute(value, variables, (secret) => readSecret(secret, place.file))
  if (put.problems.length > 0) return [] // told when the whole is decoded
  return [{ path: put.text, file: besideOf(place.file, put.text), report }]
}

/** The exports of a module, or why there are none. */
async function load(
  { file }: Plugin,
  importModule: (url: string) => Promise<object>,
): Promise<object | string> {
  if (!existsSync(file)) return 'no such file'
  if (statSync(file).isDirectory()) return 'a directory, not a file'
  if (/\.m?ts$/.test(extname(file)) && process.features.typescript === false)
    return `Node.js ${process.version} does not read TypeScript: 24 does`
  const changedAt = statSync(file).mtimeMs
  const first = loadedAt.get(file) ?? changedAt
  loadedAt.set(file, first)
  const url = pathToFileURL(file)
  if (first !== changedAt) url.searchParams.set('changed', String(changedAt))
  try {
    return await importModule(url.href)
  } catch (error) {
    return `cannot be loaded: ${reasonOf(error)}`
  }
}

function importOf(url: string): Promise<object> {
  return import(url) as Promise<object>
}

/** The first line of what went wrong, with the kind of error where it says something. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [line] = error.message.split('\n', 1)
  return error.name === 'Error' ? line! : `${error.name}: ${line}`
}
