import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { throwError, type Observable } from 'rxjs';

/**
 * Hands a handler's error on as it is. Nest's own filter would log it and pass on "Internal server error" instead; with
 * `@UseFilters(KeepErrorFilter)` the log's `onError` gets the error itself, with code and cause.
 */
@Catch()
export class KeepErrorFilter implements RpcExceptionFilter<unknown> {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}
