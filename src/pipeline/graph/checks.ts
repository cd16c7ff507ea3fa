import type { RecordKind } from '../operator.ts'
import type { Reader } from '../reader.ts'
import { conditionProblem } from './condition.ts'
import { LOSSY } from './edge-settings.ts'
import type { Connection } from './connections.ts'
import type { SwitchOptions } from './routing.ts'
import { branchesOf, nameOf, traitsOf, type StageDraft } from './stage-draft.ts'
import type { Wiring } from './wiring.ts'

/** Checks what the links alone do not show, and reports all that is wrong or doubtful with a graph. */
export function checkGraph(wiring: Wiring, reader: Reader): void {
  new Checks(wiring, reader).run()
}

class Checks {
  private readonly wiring: Wiring
  private readonly reader: Reader

  constructor(wiring: Wiring, reader: Reader) {
    this.wiring = wiring
    this.reader = reader
  }

  run(): void {
    this.checkKinds()
    this.checkConsumers()
    for (const [index, stage] of this.wiring.stages.entries()) {
      if (stage.operator?.role === 'switch') this.checkBranches(stage, this.wiring.takes[index])
      this.checkSettings(stage, index)
      this.checkId(stage)
    }
  }

  private checkKinds(): void {
    const { stages, links, takes, gives } = this.wiring
    for (const [index, stage] of stages.entries())
      for (const [place, { from }] of links[index]!.entries()) {
        const [made, taken] = [gives[from], takes[index]]
        if (made === undefined || taken === undefined || made === taken) continue
        const what = `${nameOf(stages[from]!)} makes ${made}s`
        if (stage.operator?.role === undefined)
          this.reportInput(stage, place, `${what}, ${nameOf(stage)} takes ${taken}s`)
        else {
          const first = links[index]!.find((link) => gives[link.from] === taken)!
          this.reportInput(
            stage,
            place,
            `${nameOf(stages[first.from]!)} makes ${taken}s, ${what}: ${nameOf(stage)} takes one kind`,
          )
        }
      }
  }

  /** Commands are handled once: each way out goes to one stage, and to one at least. Events may go to any number. */
  private checkConsumers(): void {
    const { stages, links, gives, isComplete } = this.wiring
    const takers = new Map<string, Taker[]>()
    for (const [index, inputs] of links.entries())
      for (const [place, { from, branch }] of inputs.entries()) {
        const key = `${from}.${branch ?? ''}`
        takers.set(key, [...(takers.get(key) ?? []), { stage: stages[index]!, place }])
      }
    for (const [index, stage] of stages.entries()) {
      const ways = stage.operator?.role === 'switch' ? branchesOf(stage) : ['']
      for (const way of ways) {
        const [first, ...others] = (takers.get(`${index}.${way}`) ?? []).filter(({ stage }) => changes(stage))
        const all = takers.get(`${index}.${way}`) ?? []
        const name = way === '' ? nameOf(stage) : `${nameOf(stage)}.${way}`
        if (gives[index] === 'command') {
          if (all.length === 0 && isComplete)
            this.reader.report(
              [...stage.path, ...(way === '' ? ['operator'] : ['branches', way])],
              `${name} makes commands, and no stage takes them`,
              way === '' ? 'value' : 'key',
            )
          for (const other of others)
            this.reportInput(
              other.stage,
              other.place,
              `${name} feeds ${nameOf(first!.stage)} already: commands go to one stage`,
            )
        } else if (gives[index] === 'event' && all.length === 0 && isComplete) this.warnUnused(stage, way)
      }
    }
  }

  private warnUnused(stage: StageDraft, way: string): void {
    if (way !== '')
      return this.reader.warn([...stage.path, 'branches', way], 'no stage takes what goes this way', 'key')
    const isSink = traitsOf(stage).readsOnly === true && stage.operator?.role === undefined
    if (!isSink) this.reader.warn([...stage.path, 'operator'], `no stage takes what ${nameOf(stage)} makes`)
  }

  private checkBranches(stage: StageDraft, kind: RecordKind | undefined): void {
    if (stage.options === undefined || kind === undefined) return
    const { branches } = stage.options as SwitchOptions
    const path = [...stage.path, 'branches']
    let catchesAll: string | undefined
    for (const [name, { when }] of Object.entries(branches)) {
      if (catchesAll !== undefined)
        this.reader.warn(
          [...path, name],
          `nothing comes this way: ${catchesAll} takes all that is left`,
          'key',
        )
      if (when === undefined) catchesAll ??= name
      const problem = when === undefined ? undefined : conditionProblem(when, kind)
      if (problem !== undefined) this.reader.report([...path, name, 'when', ...problem.path], problem.message)
    }
    if (catchesAll === undefined && kind === 'command')
      this.reader.report(
        path,
        'a command that meets no condition would be lost: expected a last branch without when, such as rest: {}',
      )
  }

  private checkSettings(stage: StageDraft, index: number): void {
    const { settings, operator, path } = stage
    if (settings === undefined || operator === undefined) return
    const isSource = operator.consumes === undefined
    const traits = traitsOf(stage)
    const has = (key: string): boolean => stage.keys.has(key)
    const fault = (key: string, message: string): void => this.reader.report([...path, key], message)
    if (isSource)
      for (const key of ['boundary', 'partition', 'onError', 'breaker', 'timeout'] as const)
        if (has(key) && owns(stage, key)) fault(key, `${operator.name} is a source and has no ${key}`)
    if (settings.partition !== undefined && operator.role !== undefined)
      fault('partition', `a ${operator.role} is not spread over workers`)
    if (has('timeout') && owns(stage, 'timeout') && !isSource && traits.isAsync !== true)
      fault('timeout', `${operator.name} does not wait, so it cannot be interrupted: watch it with a budget`)
    if (settings.onError === 'reject' && this.wiring.takes[index] === 'event')
      fault('onError', `events cannot be refused: expected bypass or stop`)
    if (settings.onError === 'bypass' && this.wiring.takes[index] !== this.wiring.gives[index])
      fault(
        'onError',
        `what passes ${nameOf(stage)} by is of another kind than what it makes: expected reject or stop`,
      )
  }

  private checkId(stage: StageDraft): void {
    if (!stage.hasId && traitsOf(stage).isStateful === true)
      this.reader.warn(
        stage.path,
        `${stage.operator!.name} keeps state: give it an id, so that it is found again when the file changes`,
      )
  }

  private reportInput(stage: StageDraft, place: number, message: string): void {
    const at = [...stage.path, stage.hasInputs ? 'inputs' : 'operator']
    const isLong = (stage.inputs?.length ?? 0) > 1
    this.reader.report(isLong ? [...at, String(place)] : at, message)
  }
}

/** A stage that takes, and which of its inputs that is. */
interface Taker {
  readonly stage: StageDraft
  readonly place: number
}

/** Whether a taker does something with records, rather than only look at them. */
function changes(stage: StageDraft): boolean {
  return traitsOf(stage).readsOnly !== true || stage.operator?.role !== undefined
}

/** Whether a key is the pipeline's, and not one of the operator's own. */
function owns({ operator }: StageDraft, key: string): boolean {
  const codec = operator?.options as { readonly keys?: readonly string[] } | undefined
  return codec?.keys?.includes(key) !== true
}

/** Policies that lose what must not be lost, and those that have nobody to tell. */
export function checkPolicies(connections: readonly Connection[], reader: Reader): void {
  for (const { from, to, kind, losesOrders, settings } of connections) {
    if (!settings.isNamed) continue
    const { policy, path, allowLoss } = settings
    const at = [...path, 'whenFull']
    if (kind === 'event' && policy === 'reject')
      reader.report(
        at,
        'events have no sender who could be told: expected block, or a policy that loses records',
      )
    if (!LOSSY.has(policy) || !losesOrders || (allowLoss && kind === 'event')) continue
    reader.report(
      at,
      kind === 'command'
        ? `${policy} would lose commands between ${from} and ${to}: expected block, reject, error or spill`
        : `${policy} would lose fills and order events between ${from} and ${to}: put a switch with when: { kind: ... } before it, or say allowLoss: true`,
    )
  }
}
