import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Definition } from '../pipeline/definition.ts'
import type { Pipeline } from '../pipeline/runtime.ts'
import { servedOf } from '../server/served.ts'
import { startServer, type RunningServer } from '../server/server.ts'
import { parseCondition } from '../telemetry/alert-rule.ts'
import type { Alert, AlertRule } from '../telemetry/alerts.ts'
import { History } from '../telemetry/history.ts'
import { messageOf, Webhook } from '../telemetry/webhook.ts'

/** What the command line says; it goes over what the file says. */
export interface ServeOptions {
  /** The port; true where it is left open, undefined where the file says whether anything is to be served. */
  readonly serve?: number | true
  readonly host?: string
  readonly keys?: string
  readonly history?: string
  readonly audit?: string
  readonly alert?: readonly string[]
}

/**
 * Serves a pipeline that is about to run, if the file or the command line asks for that, and says where.
 * @throws Error that says in words why it cannot
 */
export async function serve(
  pipeline: Pipeline,
  definition: Definition,
  given: ServeOptions,
): Promise<RunningServer | undefined> {
  const { server: said, name, redact } = definition
  if (given.serve === undefined && said === undefined) {
    if (definition.alerts.length + (given.alert ?? []).length === 0) return undefined
    throw new Error('alerts are looked after by the server: add "server:" to the file, or --serve')
  }
  const alerting = new Alerting(name, redact, definition.alerts)
  const rules = [...alerting.rules, ...(given.alert ?? []).map(ruleOf)]
  const historyFile = given.history ?? said?.history
  const history = historyFile === undefined ? undefined : await History.open({ file: historyFile })
  const audit = given.audit ?? said?.audit
  try {
    const server = await startServer(servedOf(pipeline), {
      port: typeof given.serve === 'number' ? given.serve : said?.port,
      host: given.host ?? said?.host,
      keysFile: given.keys ?? said?.keys,
      tls: said?.tls,
      origins: said?.origins,
      requestsPerSecond: said?.requestsPerSecond,
      rules,
      history,
      tell: (alert) => alerting.tell(alert),
      version: versionOf(),
      dashboardDir: dashboardDir(),
      audit: audit === undefined ? undefined : (line) => appendFileSync(audit, `${line}\n`, { mode: 0o600 }),
    })
    process.stderr.write(`millrace: dashboard and API at ${server.url}\n`)
    return {
      ...server,
      close: async () => {
        alerting.close()
        await server.close()
      },
    }
  } catch (error) {
    history?.close()
    throw error
  }
}

/** Rules of the file, and who is told of each. */
class Alerting {
  readonly rules: readonly AlertRule[]
  private readonly pipeline: string
  private readonly targets: ReadonlyMap<string, { readonly isLogged: boolean; readonly hooks: Webhook[] }>

  constructor(pipeline: string, redact: (text: string) => string, alerts: Definition['alerts']) {
    this.pipeline = pipeline
    const names = alerts.map(({ name, when }) => name ?? when.text)
    const twice = names.find((name, at) => names.indexOf(name) !== at)
    if (twice !== undefined)
      throw new Error(`alerts: two are called ${JSON.stringify(twice)}: give them names`)
    this.rules = alerts.map(({ when }, at) => ({
      name: names[at]!,
      when: when.text,
      condition: when.condition,
    }))
    const onFailure = (message: string): void => void process.stderr.write(`millrace: ${redact(message)}\n`)
    this.targets = new Map(
      alerts.map(({ to = [{ log: {} }] }, at) => [
        names[at]!,
        {
          isLogged: to.some(({ log }) => log !== undefined),
          hooks: to.flatMap(({ webhook }) =>
            webhook === undefined ? [] : [new Webhook({ ...webhook, onFailure })],
          ),
        },
      ]),
    )
  }

  tell(alert: Alert): void {
    const { isLogged = true, hooks = [] } = this.targets.get(alert.name) ?? {}
    if (isLogged) log(alert)
    for (const hook of hooks) hook.tell(messageOf(this.pipeline, alert))
  }

  close(): void {
    for (const { hooks } of this.targets.values()) for (const hook of hooks) hook.close()
  }
}

function ruleOf(when: string): AlertRule {
  const condition = parseCondition(when)
  if (!('gauge' in condition)) throw new Error(`--alert:1:${condition.at + 1} ${condition.message}`)
  return { name: when, when, condition }
}

function log({ name, state, value }: Alert): void {
  process.stderr.write(`millrace: alert ${state}: ${name}${value === undefined ? '' : ` (now ${value})`}\n`)
}

/** Where the page is, if it has been built: the same place in a checkout and in a package. */
function dashboardDir(): string | undefined {
  const path = fileURLToPath(new URL('../../dashboard/dist', import.meta.url))
  return existsSync(path) ? path : undefined
}

function versionOf(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
