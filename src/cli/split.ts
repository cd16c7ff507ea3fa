import { spawn, type ChildProcess } from 'node:child_process'
import * as E from 'fp-ts/lib/Either.js'
import { decodeDefinition, type Definition } from '../pipeline/definition.ts'
import { pipelineError, type PipelineError } from '../pipeline/problem.ts'
import { ExitCode } from './exit-code.ts'

/** Where stages run that do not say, and whose input does not either. */
export const MAIN_PROCESS = 'main'

type Plain = Record<string, unknown>

/** The process of each stage: its own, else that of the stage before it. */
function processesOf({ stages }: Definition): Map<string, string> {
  const processes = new Map<string, string>()
  for (const { id, inputs, settings } of stages) {
    const own =
      settings.placement !== undefined && 'process' in settings.placement
        ? settings.placement.process
        : undefined
    const input = inputs[0]?.split('.')[0]
    processes.set(id, own ?? (input === undefined ? undefined : processes.get(input)) ?? MAIN_PROCESS)
  }
  return processes
}

/** The processes that a pipeline is cut into, in the order of the file. */
export function processNames(definition: Definition): string[] {
  return [...new Set(processesOf(definition).values())]
}

/**
 * The part of a pipeline that one process runs. Where records went from a stage of another process to one of this, or the
 * other way, a JetStream stream of its own stands in between: `{pipeline}-{stage}`. Each part reads its streams from
 * their beginning and leaves out what it has written before, so that any of them may be killed and started again.
 */
export function partOf(
  definition: Definition,
  process: string,
  servers: string,
): E.Either<PipelineError, Definition> {
  const processes = processesOf(definition)
  if (![...processes.values()].includes(process)) {
    const message = `no stage is placed in process ${process}: there are ${processNames(definition).join(', ')}`
    return E.left(pipelineError([{ file: '--process', line: 1, column: 1, path: '', message }]))
  }
  const whole = definition.document.valueAt([]) as Plain
  const written = new Map((whole['stages'] as Plain[]).map((stage) => [stage['id'] as string, stage]))
  const stages: Plain[] = []
  const sources = new Map<string, Plain>()
  const link = (id: string): Plain => ({
    servers,
    stream: `${definition.name}-${id.replaceAll('.', '-')}`,
    whenAbsent: 'wait',
  })
  const subject = (id: string): string => `millrace.split.${definition.name}.${id.replaceAll('.', '-')}`
  const byId = new Map(definition.stages.map((stage) => [stage.id, stage]))
  const cut = new Set<string>()
  for (const { id, inputs } of definition.stages) {
    const isHere = processes.get(id) === process
    for (const input of inputs) {
      const from = input.split('.')[0]!
      if (processes.get(from) === processes.get(id)) continue
      const isCommand = byId.get(from)!.operator.produces === 'command'
      if (isHere && !sources.has(input))
        sources.set(input, {
          id: `from-${input.replaceAll('.', '-')}`,
          operator: isCommand ? 'ingest' : 'receive',
          from: { jetstream: { ...link(input), subjects: [subject(input)] } },
        })
      if (processes.get(from) === process) cut.add(input)
    }
    if (!isHere) continue
    const { placement: _, ...stage } = written.get(id)!
    const own = inputs.map((input) =>
      processes.get(input.split('.')[0]!) === process ? input : `from-${input.replaceAll('.', '-')}`,
    )
    stages.push(inputs.length === 0 ? stage : { ...stage, inputs: own })
  }
  for (const input of cut) {
    const isCommand = byId.get(input.split('.')[0]!)!.operator.produces === 'command'
    const to = {
      jetstream: { ...link(input), subject: subject(input), ...(isCommand ? {} : { resume: true }) },
    }
    stages.push({
      id: `to-${input.replaceAll('.', '-')}`,
      operator: isCommand ? 'send' : 'publish',
      inputs: input,
      to,
    })
  }
  const { edges = [], ...rest } = whole as Plain & { edges?: Plain[] }
  const kept = edges.filter(({ from, to }) =>
    [from, to].every((end) => processes.get(String(end).split('.')[0]!) === process),
  )
  const part = {
    ...rest,
    stages: [...sources.values(), ...stages],
    ...(kept.length > 0 ? { edges: kept } : {}),
  }
  return decodeDefinition(
    `${definition.file} (process ${process})`,
    JSON.stringify(part),
    definition.registry,
  )
}

const RESTART_MS = 200

/**
 * Starts a process for each part and keeps it running: one that is killed, or ends with an error, is started again. The
 * first interrupt stops all of them. Returns the exit code.
 */
export async function spawnParts(names: readonly string[], args: readonly string[]): Promise<number> {
  let isStopping = false
  const children = new Map<string, ChildProcess>()
  const run = (name: string): Promise<void> =>
    new Promise((resolve) => {
      const command = [...process.execArgv, process.argv[1]!, ...args, '--process', name]
      const child = spawn(process.execPath, command, { stdio: 'inherit' })
      children.set(name, child)
      process.stderr.write(`millrace: process ${name} has started, pid ${child.pid}\n`)
      child.on('exit', (code, signal) => {
        const isDone = isStopping || code === ExitCode.good || code === ExitCode.configuration
        if (isDone) return resolve()
        process.stderr.write(`millrace: process ${name} ended with ${signal ?? code}: it is started again\n`)
        setTimeout(() => resolve(isStopping ? undefined : run(name)), RESTART_MS)
      })
    })
  const stop = (): void => {
    isStopping = true
    for (const child of children.values()) child.kill('SIGTERM')
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  await Promise.all(names.map(run))
  process.off('SIGINT', stop)
  process.off('SIGTERM', stop)
  return ExitCode.good
}
