import { McplexerError } from '../base/index.ts'

export class AuthError extends McplexerError {}
