import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { createCache, type Cache, type CacheKey, type CacheOptions } from '#libs/cache';
import { requireFunction, requireIterable, requireObject } from '../validate/arguments.js';
import { cacheToken } from './cache-token.js';

/** Options of a cache of any keys and values: what it holds is said where it is injected. */
export type AnyCacheOptions = CacheOptions<never, never>;

export interface CacheModuleOptions {
  readonly caches: readonly AnyCacheOptions[];
}

export interface CacheModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'>, Pick<FactoryProvider, 'inject'> {
  /** Names of the caches, which have to be known before they are made. */
  readonly names: readonly string[];
  /** Gives a list of the options of each cache. */
  readonly useFactory: (...injected: never[]) => readonly AnyCacheOptions[] | Promise<readonly AnyCacheOptions[]>;
}

type AnyCache = Cache<CacheKey, unknown>;

const CACHES = Symbol('caches');

/**
 * Makes caches that any provider of the app injects by name. They are open when the app is, and are closed after
 * everything that uses them has shut down: call `app.enableShutdownHooks()`, or close the app yourself.
 */
@Module({})
export class CacheModule implements OnModuleInit, OnApplicationShutdown {
  readonly #log = new Logger(CacheModule.name);

  constructor(@Inject(CACHES) private readonly caches: ReadonlyMap<string, AnyCache>) {}

  /** @throws CacheOptionsError; TypeError for two caches of one name */
  static forRoot(options: CacheModuleOptions): DynamicModule {
    requireObject(options, 'CacheModule.forRoot', "an object such as { caches: [{ name: 'covers', tiers: […] }] }");
    const { caches } = options;
    requireIterable(caches, 'CacheModule.forRoot: caches', 'a list of the options of each cache');
    const names = caches.map(({ name }) => name);
    return moduleOf(names, { provide: CACHES, useFactory: () => cachesOf(names, caches) });
  }

  /** The same, with options that others have a say in, such as a configuration or telemetry. */
  static forRootAsync(options: CacheModuleAsyncOptions): DynamicModule {
    requireObject(
      options,
      'CacheModule.forRootAsync',
      "an object such as { names: ['covers'], useFactory: () => […] }",
    );
    const { names, imports = [], inject = [], useFactory } = options;
    requireIterable(names, 'CacheModule.forRootAsync: names', 'a list of the names of its caches');
    requireFunction(
      useFactory,
      'CacheModule.forRootAsync: useFactory',
      'a function that gives the options of each cache',
    );
    const factory: FactoryProvider = {
      provide: CACHES,
      inject,
      useFactory: async (...injected: never[]) => {
        const options = await useFactory(...injected);
        requireIterable(options, 'What useFactory of CacheModule gave', 'a list of the options of each cache');
        return cachesOf(names, options);
      },
    };
    return { ...moduleOf(names, factory), imports };
  }

  async onModuleInit(): Promise<void> {
    for (const [name, cache] of this.caches)
      await cache.ready().catch((error: unknown) => {
        // It goes on with its other tiers.
        const code = (error as { readonly code?: unknown } | undefined)?.code;
        this.#log.warn('A tier of a cache could not be opened.', { cache: name, code });
      });
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(Array.from(this.caches.values(), (cache) => cache.close()));
  }
}

function moduleOf(names: readonly string[], caches: FactoryProvider): DynamicModule {
  const providers: Provider[] = names.map((name) => ({
    provide: cacheToken(name),
    inject: [CACHES],
    useFactory: (made: ReadonlyMap<string, AnyCache>) => made.get(name),
  }));
  return { module: CacheModule, global: true, providers: [caches, ...providers], exports: names.map(cacheToken) };
}

function cachesOf(names: readonly string[], options: readonly AnyCacheOptions[]): Map<string, AnyCache> {
  const given = options.map(({ name }) => name);
  if (new Set(given).size < given.length)
    throw new TypeError(`Two caches of CacheModule have one name: ${given.join(', ')}. Name each once.`);
  if ([...names].sort().join() !== [...given].sort().join())
    throw new TypeError(
      `CacheModule was to make the caches ${names.join(', ')}, and was given options of ${given.join(', ')}. Give names and options of the same.`,
    );
  return new Map(
    options.map((one) => [one.name, createCache(one as unknown as CacheOptions<CacheKey, unknown>)] as const),
  );
}
