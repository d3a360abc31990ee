export { Access, isLoopback, TAURI_ORIGINS, type AccessOptions, type RequestHeaders } from './access.js';
export {
  ApiKeys,
  createKey,
  createSecret,
  parseKeys,
  SCOPES,
  type ApiKey,
  type KeyEntry,
  type KeySecret,
  type Scope,
} from './api-keys.js';
export { corsHeaders, preflightHeaders } from './cors.js';
export { answerClientError, sendProblem } from './fastify-answers.js';
export { httpUrl, localUrl } from './http-url.js';
export { jsonOrNothing, parseJson } from './json-body.js';
export { KeysFile, type KeysFileOptions } from './keys-file.js';
export { HttpProblem, problemBody, PROBLEMS, toHttpProblem, type ProblemCode } from './problems.js';
export { TokenBucket } from './token-bucket.js';
