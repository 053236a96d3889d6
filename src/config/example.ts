import text from '../../config.example.yaml' with { type: 'text' }

/** What `mcplexer init` writes. */
export const exampleConfig: string = text
