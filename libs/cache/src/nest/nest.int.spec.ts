import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Delete,
  Get,
  Injectable,
  Module,
  NotFoundException,
  Param,
  Query,
  type DynamicModule,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { CacheClosedError, memory, type Cache } from '#libs/cache';
import { createOrigin, expectNoStampede } from '#libs/cache/testing';
import { FakeFarTier } from '../testing/index.js';
import { Cached, CacheModule, cacheToken, callKey, Evicts, InjectCache, InvalidatesTag } from './index.js';

const origin = createOrigin<string>({
  values: (key) => (key === 'nothing' ? undefined : `cover of ${key}`),
  latency: 20,
});
const alone = { signal: new AbortController().signal, previous: undefined };

@Injectable()
class Covers {
  /** State of the instance: it is in no key. */
  asked = 0;

  @Cached({ cache: 'covers', tags: (id: string) => [`book:${id}`] })
  async find(id: string, width?: number): Promise<string> {
    this.asked++;
    if (id === 'gone') throw new NotFoundException('There is no such book.');
    return `${await origin.load(id, alone)} ${width ?? 'full'}`;
  }

  @Cached({ cache: 'titles', ttl: '1m', key: (book: { readonly id: string }) => ['title', book.id] })
  async title(book: { readonly id: string; readonly note: Date }): Promise<string> {
    this.asked++;
    return `title of ${book.id}`;
  }

  @InvalidatesTag('covers', (id: string) => `book:${id}`)
  async change(id: string): Promise<string> {
    if (id === 'locked') throw new Error('It is locked.');
    return `${id} changed`;
  }

  @Evicts('titles', (id: string) => ['title', id])
  async rename(id: string): Promise<void> {
    this.asked += id.length * 0;
  }
}

@Controller('covers')
class CoversController {
  constructor(
    private readonly covers: Covers,
    @InjectCache('covers') private readonly cache: Cache<string, string>,
  ) {}

  @Get('stats')
  stats(): object {
    const { gets, loads, loadErrors } = this.cache.stats();
    return { gets, loads, loadErrors };
  }

  /** A route that is cached itself keeps its parameters' metadata. */
  @Get('direct/:id')
  @Cached({ cache: 'titles' })
  async direct(@Param('id') id: string): Promise<{ readonly id: string; readonly asked: number }> {
    return { id, asked: ++this.covers.asked };
  }

  @Get(':id')
  get(@Param('id') id: string, @Query('width') width?: string): Promise<string> {
    return this.covers.find(id, width === undefined ? undefined : Number(width));
  }

  @Delete(':id')
  change(@Param('id') id: string): Promise<string> {
    return this.covers.change(id);
  }
}

const far = new FakeFarTier();

@Module({ providers: [Covers], controllers: [CoversController] })
class LibraryModule {}

/** Anew for each app: a tier belongs to one cache. */
const library = (): DynamicModule => ({
  module: LibraryModule,
  imports: [
    CacheModule.forRoot({ caches: [{ name: 'covers', tiers: [memory({ maxEntries: 100 }), far], ttl: '1h' }] }),
    CacheModule.forRootAsync({
      names: ['titles'],
      useFactory: async () => [{ name: 'titles', tiers: [memory({ maxEntries: 100 })] }],
    }),
  ],
});

describe('Caches in a Nest app', () => {
  let app: NestFastifyApplication;
  let url: string;
  const ask = async (path: string, method = 'GET') => {
    const response = await fetch(`${url}/covers/${path}`, { method });
    return [response.status, await response.text()] as const;
  };

  beforeEach(async () => {
    far.store.entries.clear();
    app = await NestFactory.create<NestFastifyApplication>(library(), new FastifyAdapter(), {
      logger: false,
      abortOnError: false,
    });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterEach(() => app.close());

  it('run a cached method once for a hundred requests at a time, by its arguments', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask('walden')));
    expect(new Set(answers.map(([, text]) => text))).toEqual(new Set(['cover of walden full']));
    expect(await ask('walden?width=320')).toEqual([200, 'cover of walden 320']);
    expect(app.get(Covers).asked).toBe(2);
    expectNoStampede(origin);
    expect(JSON.parse((await ask('stats'))[1])).toEqual({ gets: 101, loads: 2, loadErrors: 0 });
  });

  it('let errors pass, and keep none', async () => {
    expect((await ask('gone'))[0]).toBe(404);
    expect((await ask('gone'))[0]).toBe(404);
    expect(app.get(Covers).asked).toBe(2);
  });

  it('invalidate by tag after the method has done its work, and not when it failed', async () => {
    await ask('walden');
    await ask('locked');
    expect(await ask('walden', 'DELETE')).toEqual([200, 'walden changed']);
    expect((await ask('locked', 'DELETE'))[0]).toBe(500);
    await ask('walden');
    await ask('locked');
    expect(app.get(Covers).asked).toBe(3);
  });

  it('take a key of its own, and evict by it', async () => {
    const covers = app.get(Covers);
    await covers.title({ id: 'a', note: new Date(0) });
    await covers.title({ id: 'a', note: new Date(1) });
    expect(covers.asked).toBe(1);
    await covers.rename('a');
    await covers.title({ id: 'a', note: new Date(0) });
    expect(covers.asked).toBe(2);
  });

  it('leave the routes of a controller as they are', async () => {
    expect(await ask('direct/7')).toEqual([200, '{"id":"7","asked":1}']);
    expect(await ask('direct/7')).toEqual([200, '{"id":"7","asked":1}']);
    expect(await ask('direct/8')).toEqual([200, '{"id":"8","asked":2}']);
  });

  it('name their keys as callKey does, so that they can be deleted', async () => {
    await ask('walden');
    const cache = app.get<Cache<ReturnType<typeof callKey>, string>>(cacheToken('covers'));
    expect(await cache.delete(callKey('Covers', 'find', ['walden', undefined]))).toBe(true);
    expect(() => callKey('Covers', 'find', [undefined, 1])).toThrow('Covers.find was called with undefined before');
  });

  it('are closed with the app', async () => {
    const cache = app.get<Cache<string, string>>(cacheToken('covers'));
    await app.close();
    await expect(cache.get('a')).rejects.toBeInstanceOf(CacheClosedError);
  });
});

describe('A cache module', () => {
  it('refuses two caches of one name, options of other names than were said, and instances that Nest did not make', async () => {
    const one = { name: 'covers', tiers: [memory({ maxEntries: 1 })] } as const;
    const start = (imported: ReturnType<typeof CacheModule.forRoot>) => {
      @Module({ imports: [imported] })
      class Here {}
      return NestFactory.createApplicationContext(Here, { logger: false, abortOnError: false });
    };
    await expect(start(CacheModule.forRoot({ caches: [one, one] }))).rejects.toThrow('have one name: covers, covers');
    await expect(start(CacheModule.forRootAsync({ names: ['titles'], useFactory: () => [one] }))).rejects.toThrow(
      'was to make the caches titles, and was given options of covers',
    );
    await expect(async () => new Covers().find('a')).rejects.toThrow('Covers was not made by Nest');
  });

  it('tells what to give when it is given nothing', () => {
    const { forRoot, forRootAsync } = CacheModule as unknown as Record<string, (options?: unknown) => unknown>;
    expect(() => forRoot!()).toThrow('CacheModule.forRoot: is left out. Give an object such as { caches');
    expect(() => forRoot!({})).toThrow('CacheModule.forRoot: caches: is left out. Give a list');
    expect(() => forRootAsync!()).toThrow('CacheModule.forRootAsync: is left out. Give an object such as { names');
    expect(() => forRootAsync!({ names: 'covers' })).toThrow('names: is a string. Give a list');
    expect(() => forRootAsync!({ names: ['covers'] })).toThrow('useFactory: is left out. Give a function');
  });

  it('refuses two classes whose calls would have the same keys, unless one is given keys', async () => {
    const covers = (options: { readonly key?: (id: string) => string[] }) => {
      @Injectable()
      class CoverService {
        @Cached<[string]>({ cache: 'c', ...options })
        async find(id: string): Promise<string> {
          return `${id} ${options.key === undefined ? 'of one' : 'of the other'}`;
        }
      }
      return CoverService;
    };
    const start = (...providers: readonly ReturnType<typeof covers>[]) => {
      const caches = [{ name: 'c', tiers: [memory({ maxEntries: 10 })] }] as const;
      @Module({ imports: [CacheModule.forRoot({ caches })], providers: [...providers] })
      class Here {}
      return NestFactory.createApplicationContext(Here, { logger: false, abortOnError: false });
    };
    const one = covers({});
    await expect(start(one, covers({}))).rejects.toThrow(
      'Two classes named CoverService have a method find that is answered from cache c, and their calls would have the same keys. Name one otherwise, or give its @Cached a key.',
    );
    // In another app it is another cache.
    const other = covers({ key: (id) => ['other', id] });
    for (let run = 0; run < 2; run++) {
      const app = await start(one, other);
      expect(await app.get(one).find('a')).toBe('a of one');
      expect(await app.get(other).find('a')).toBe('a of the other');
      await app.close();
    }
  });
});
