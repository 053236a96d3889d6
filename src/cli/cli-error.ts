import { McplexerError } from '../base/index.ts'

export class CliError extends McplexerError {}
