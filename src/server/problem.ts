/** A fault told to a client as RFC 9457 says: `application/problem+json`. */
export interface ProblemDocument {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly detail: string
  /** Where in the request, for each thing that is wrong with it. */
  readonly errors?: readonly { readonly path: string; readonly message: string }[]
}

/** Thrown by a handler to answer with a problem document. */
export class HttpProblem extends Error {
  readonly document: ProblemDocument

  constructor(status: number, title: string, detail: string, errors?: ProblemDocument['errors']) {
    super(detail)
    this.name = 'HttpProblem'
    this.document = {
      type: 'about:blank',
      title,
      status,
      detail,
      ...(errors === undefined ? {} : { errors }),
    }
  }
}

export const PROBLEM_TYPE = 'application/problem+json'

export function notFound(what: string): HttpProblem {
  return new HttpProblem(404, 'Not found', what)
}

export function unavailable(what: string): HttpProblem {
  return new HttpProblem(503, 'Not available', what)
}
