import { Controller, Get, Header } from '@nestjs/common';
import { openApiDocument } from './openapi.js';

/** Of the HTTP interface, not of the program. */
const VERSION = '1.0.0';

@Controller()
export class OpenApiController {
  readonly #document = openApiDocument(VERSION);

  /** The OpenAPI 3.1 document of the collector, the alerter and the API. */
  @Get('openapi.json')
  @Header('cache-control', 'no-cache')
  document(): object {
    return this.#document;
  }
}
