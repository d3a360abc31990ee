import { Compressor } from '../ports.js';

/** gzip by the browser's own CompressionStream, which works off the event loop. */
export class StreamGzip extends Compressor {
  readonly encoding = 'gzip';

  compress(bytes: Uint8Array): Promise<Uint8Array> {
    return through(bytes, new CompressionStream('gzip'));
  }

  decompress(bytes: Uint8Array): Promise<Uint8Array> {
    return through(bytes, new DecompressionStream('gzip'));
  }
}

async function through(bytes: Uint8Array, stream: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  const source = new Blob([bytes as BlobPart]).stream() as ReadableStream<Uint8Array<ArrayBuffer>>;
  return new Uint8Array(await new Response(source.pipeThrough(stream)).arrayBuffer());
}
