import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Pipeline } from '../pipeline/runtime.ts'
import { servedOf } from '../server/served.ts'
import { startServer, type RunningServer } from '../server/server.ts'
import { parseCondition } from '../telemetry/alert-rule.ts'
import type { Alert, AlertRule } from '../telemetry/alerts.ts'
import { History } from '../telemetry/history.ts'

export interface ServeOptions {
  /** Undefined where nothing is to be served. */
  readonly port?: number
}

interface Given {
  readonly serve?: number | undefined
  readonly host?: string | undefined
  readonly keys?: string | undefined
  readonly history?: string | undefined
  readonly audit?: string | undefined
  readonly alert?: readonly string[] | undefined
}

/**
 * Serves a pipeline that is about to run, if that is asked for, and says where.
 * @throws Error that says in words why it cannot
 */
export async function serve(pipeline: Pipeline, given: Given): Promise<RunningServer | undefined> {
  if (given.serve === undefined) return undefined
  const rules = (given.alert ?? []).map(ruleOf)
  const history = given.history === undefined ? undefined : await History.open({ file: given.history })
  const { audit } = given
  const server = await startServer(servedOf(pipeline), {
    port: given.serve,
    host: given.host,
    keysFile: given.keys,
    rules,
    history,
    tell,
    version: versionOf(),
    dashboardDir: dashboardDir(),
    audit: audit === undefined ? undefined : (line) => appendFileSync(audit, `${line}\n`, { mode: 0o600 }),
  })
  process.stderr.write(`millrace: dashboard and API at ${server.url}\n`)
  return server
}

function ruleOf(when: string): AlertRule {
  const condition = parseCondition(when)
  if (!('gauge' in condition)) throw new Error(`--alert:1:${condition.at + 1} ${condition.message}`)
  return { name: when, when, condition }
}

function tell({ name, state, value }: Alert): void {
  process.stderr.write(`millrace: alert ${state}: ${name}${value === undefined ? '' : ` (now ${value})`}\n`)
}

/** Beside the sources in a checkout, beside the built code in a package. */
function dashboardDir(): string | undefined {
  return ['../../dashboard/dist', '../dashboard']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path))
}

function versionOf(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
