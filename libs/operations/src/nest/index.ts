export { openHttpDoor, type HttpDoor, type HttpDoorSettings } from './http-door.js';
export { NestLogger } from './nest-logger.js';
export { OperationsModule, type OperationsOptions } from './operations.module.js';
export { createProgramHost, type ProgramHost, type ProgramHostOptions } from './program-host.js';
export { tryPort } from './try-port.js';
export { ReadGuard } from './read.guard.js';
export { ProblemFilter } from './problem.filter.js';
export { guardHost, type HostGuardOptions } from '../http/host-guard.js';
export { httpAdapter, type HttpServerLimits } from '../http/nest-adapter.js';
