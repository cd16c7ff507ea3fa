import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { root } from './cli.ts'

export interface Diagnostic {
  readonly range: { readonly start: Position; readonly end: Position }
  readonly message: string
}

export interface Position {
  readonly line: number
  readonly character: number
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
}

/** As an editor would set it: nothing is fetched. */
const SETTINGS = {
  yaml: {
    validate: true,
    completion: true,
    hover: true,
    schemaStore: { enable: false },
    format: { enable: false },
  },
}

/** The YAML language server, spoken to over its standard input and output as an editor does. */
export class LanguageServer {
  private readonly child: ChildProcess
  private buffer = Buffer.alloc(0)
  private nextId = 1
  private readonly answers = new Map<number, (result: unknown) => void>()
  private readonly diagnostics = new Map<string, (found: Diagnostic[]) => void>()

  constructor() {
    const program = join(root, 'node_modules/yaml-language-server/bin/yaml-language-server')
    this.child = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] })
    this.child.stdout!.on('data', (chunk: Buffer) => this.read(chunk))
  }

  async begin(): Promise<void> {
    const capabilities = {
      workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } },
      textDocument: { completion: { completionItem: { snippetSupport: false } }, publishDiagnostics: {} },
    }
    await this.ask('initialize', { processId: process.pid, rootUri: null, capabilities })
    this.send({ method: 'initialized', params: {} })
    this.send({ method: 'workspace/didChangeConfiguration', params: { settings: SETTINGS } })
  }

  /** Opens a text and resolves with what the server finds wrong with it. */
  open(uri: string, text: string): Promise<Diagnostic[]> {
    const found = new Promise<Diagnostic[]>((resolve) => this.diagnostics.set(uri, resolve))
    const textDocument = { uri, languageId: 'yaml', version: 1, text }
    this.send({ method: 'textDocument/didOpen', params: { textDocument } })
    return found
  }

  /** What the server would put in at a position, by its labels. */
  async complete(uri: string, position: Position): Promise<string[]> {
    const result = await this.ask('textDocument/completion', { textDocument: { uri }, position })
    const items = Array.isArray(result) ? result : (result as { items: unknown[] }).items
    return (items as { label: string }[]).map(({ label }) => label)
  }

  async hover(uri: string, position: Position): Promise<string> {
    const result = await this.ask('textDocument/hover', { textDocument: { uri }, position })
    return JSON.stringify(result)
  }

  /** Ends it whatever it does, for a test that failed on the way. */
  kill(): void {
    this.child.kill('SIGKILL')
  }

  async close(): Promise<void> {
    const over = new Promise((resolve) => this.child.once('exit', resolve))
    await this.ask('shutdown', null)
    this.send({ method: 'exit' })
    await over
  }

  private ask(method: string, params: unknown): Promise<unknown> {
    const id = this.nextId++
    return new Promise((resolve) => {
      this.answers.set(id, resolve)
      this.send({ id, method, params })
    })
  }

  private send(message: Message): void {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }))
    this.child.stdin!.write(`Content-Length: ${body.length}\r\n\r\n`)
    this.child.stdin!.write(body)
  }

  private read(chunk: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, chunk])
    for (;;) {
      const end = this.buffer.indexOf('\r\n\r\n')
      if (end === -1) return
      const length = Number(/Content-Length: (\d+)/.exec(this.buffer.toString('latin1', 0, end))![1])
      if (this.buffer.length < end + 4 + length) return
      const body = this.buffer.toString('utf8', end + 4, end + 4 + length)
      this.buffer = this.buffer.subarray(end + 4 + length)
      this.take(JSON.parse(body) as Message)
    }
  }

  private take({ id, method, params, result }: Message): void {
    if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as { uri: string; diagnostics: Diagnostic[] }
      this.diagnostics.get(uri)?.(diagnostics)
    } else if (method !== undefined && id !== undefined) this.send({ id, result: answerTo(method, params) })
    else if (id !== undefined) {
      this.answers.get(id)?.(result)
      this.answers.delete(id)
    }
  }
}

/** What an editor answers: its settings when asked for them. */
function answerTo(method: string, params: unknown): unknown {
  if (method !== 'workspace/configuration') return null
  const { items } = params as { items: { section?: string }[] }
  return items.map(({ section }) => (section === 'yaml' ? SETTINGS.yaml : {}))
}
