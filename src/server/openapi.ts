import { codecSchema } from '../pipeline/json-schema.ts'
import { shapeOf } from '../pipeline/codec-shape.ts'
import type * as t from 'io-ts'
import { PROBLEM_TYPE } from './problem.ts'
import type { Route } from './route.ts'

/** The OpenAPI 3.1 document of routes: made of the codecs that requests are held to. */
export function openApi(routes: readonly Route[], version: string, isKeyed: boolean): object {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const methods = (paths[route.path] ??= {})
    methods[route.method.toLowerCase()] = operationOf(route)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Millrace',
      version,
      description: 'Orders, books, trades and the state of a running pipeline. WebSocket: see docs/api.md.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      ...(isKeyed ? { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } } : {}),
    },
    ...(isKeyed ? { security: [{ key: [] }] } : {}),
  }
}

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { const: 'about:blank' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
} as const

function operationOf(route: Route): object {
  const parameters = [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query')]
  const problem = {
    description: 'What is wrong',
    content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: [route.tag],
    description: `Needs the role \`${route.role}\`.`,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: codecSchema(route.body) } },
          },
        }),
    responses: {
      200: { description: route.answer, content: { 'application/json': { schema: route.schema } } },
      default: problem,
    },
  }
}

function operationId({ method, path }: Route): string {
  const words = path.split(/[/{}.-]+/).filter((word) => word !== '' && word !== 'api')
  const camel = words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')
  return `${method.toLowerCase()}${camel}`
}

function parametersOf(codec: t.Mixed | undefined, where: 'path' | 'query'): object[] {
  if (codec === undefined) return []
  const shape = shapeOf(codec)
  if (shape.kind !== 'options') return []
  const list = (props: Readonly<Record<string, t.Mixed>>, required: boolean): object[] =>
    Object.entries(props).map(([name, inner]) => ({
      name,
      in: where,
      required: where === 'path' || required,
      schema: codecSchema(inner),
    }))
  return [...list(shape.required, true), ...list(shape.optional, false)]
}
