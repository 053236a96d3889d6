import { version } from '../../base/index.ts'

/** How we name ourselves to clients, as JSON source. */
export const SERVER_INFO = JSON.stringify({ name: 'mcplexer', title: 'mcplexer', version })
