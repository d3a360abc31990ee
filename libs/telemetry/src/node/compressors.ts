import { promisify } from 'node:util';
import { constants, gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import { Compressor } from '../ports.js';

const zip = promisify(gzip);
const unzip = promisify(gunzip);
const zstd = promisify(zstdCompress);
const unzstd = promisify(zstdDecompress);

/** zstd at level 3, on the thread pool. The default: smaller than gzip at a third of the time. */
export class ZstdCompressor extends Compressor {
  readonly encoding = 'zstd';

  compress(bytes: Uint8Array): Promise<Uint8Array> {
    return zstd(bytes, {
      params: { [constants.ZSTD_c_compressionLevel]: 3 },
      pledgedSrcSize: bytes.length,
    } as Parameters<typeof zstd>[1]);
  }

  decompress(bytes: Uint8Array): Promise<Uint8Array> {
    return unzstd(bytes);
  }
}

/** gzip at level 6, on the thread pool: for collectors behind something that knows no zstd. */
export class GzipCompressor extends Compressor {
  readonly encoding = 'gzip';

  compress(bytes: Uint8Array): Promise<Uint8Array> {
    return zip(bytes);
  }

  decompress(bytes: Uint8Array): Promise<Uint8Array> {
    return unzip(bytes);
  }
}
