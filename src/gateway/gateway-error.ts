import { McplexerError } from '../base/index.ts'

export class GatewayError extends McplexerError {}
