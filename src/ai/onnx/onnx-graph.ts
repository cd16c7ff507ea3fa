import { Message } from './protobuf.ts'

/** Element types of onnx.proto. */
export const ElementType = { float: 1, double: 11 } as const

type Attribute =
  | number
  | string
  | { readonly floats: Iterable<number> }
  | { readonly ints: Iterable<number> }
  | { readonly strings: readonly string[] }

/** A graph as it is put together: nodes in order, and the constants they use. Field numbers are those of onnx.proto. */
export class OnnxGraph {
  private readonly nodes: Message[]
  private readonly constants: Message[]

  constructor() {
    this.nodes = []
    this.constants = []
  }

  /** A constant of doubles. Returns its name. */
  doubles(name: string, shape: readonly number[], values: readonly number[]): string {
    const bytes = new Uint8Array(values.length * 8)
    const view = new DataView(bytes.buffer)
    values.forEach((value, i) => view.setFloat64(i * 8, value, true))
    return this.constant(name, shape, ElementType.double, bytes)
  }

  /** A constant of 64-bit whole numbers. Returns its name. */
  integers(name: string, values: readonly number[]): string {
    const bytes = new Uint8Array(values.length * 8)
    const view = new DataView(bytes.buffer)
    values.forEach((value, i) => view.setBigInt64(i * 8, BigInt(value), true))
    return this.constant(name, [values.length], 7, bytes)
  }

  /** A node with one output. Returns the output's name. */
  node(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): string {
    const node = new Message()
    for (const input of inputs) node.text(1, input)
    node.text(2, output).text(3, output).text(4, operator)
    for (const [name, value] of Object.entries(attributes)) node.message(5, attribute(name, value))
    if (domain !== '') node.text(7, domain)
    this.nodes.push(node)
    return output
  }

  /**
   * The whole as the bytes of a model file. Inputs and outputs are matrices of floats with any number of rows.
   * @param properties what the file says about itself
   */
  model(
    name: string,
    input: { readonly name: string; readonly columns: number },
    output: { readonly name: string; readonly columns: number },
    properties: Readonly<Record<string, string>>,
  ): Uint8Array {
    const graph = new Message()
    for (const node of this.nodes) graph.message(1, node)
    graph.text(2, name)
    for (const constant of this.constants) graph.message(5, constant)
    graph.message(11, matrix(input)).message(12, matrix(output))
    const model = new Message().integer(1, IR_VERSION).text(2, 'millrace').message(7, graph)
    model.message(8, new Message().text(1, '').integer(2, OPSET))
    model.message(8, new Message().text(1, ML_DOMAIN).integer(2, ML_OPSET))
    for (const [key, value] of Object.entries(properties))
      model.message(14, new Message().text(1, key).text(2, value))
    return model.finish()
  }

  private constant(name: string, shape: readonly number[], type: number, bytes: Uint8Array): string {
    const tensor = new Message()
    for (const size of shape) tensor.integer(1, size)
    this.constants.push(tensor.integer(2, type).text(8, name).bytes(9, bytes))
    return name
  }
}

export const ML_DOMAIN = 'ai.onnx.ml'
const IR_VERSION = 7
const OPSET = 13
const ML_OPSET = 1

function attribute(name: string, value: Attribute): Message {
  const message = new Message().text(1, name)
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2)
  if (typeof value === 'string') return message.text(4, value).integer(20, 3)
  if ('floats' in value) {
    for (const each of value.floats) message.float(7, each)
    return message.integer(20, 6)
  }
  if ('ints' in value) {
    for (const each of value.ints) message.integer(8, each)
    return message.integer(20, 7)
  }
  for (const each of value.strings) message.text(9, each)
  return message.integer(20, 8)
}

function matrix({ name, columns }: { readonly name: string; readonly columns: number }): Message {
  const shape = new Message()
    .message(1, new Message().text(2, 'rows'))
    .message(1, new Message().integer(1, columns))
  const tensor = new Message().integer(1, ElementType.float).message(2, shape)
  return new Message().text(1, name).message(2, new Message().message(1, tensor))
}
